"""`intermezzo users` beside a running appliance, and phones that hear what it changed."""

import csv
import fcntl
import io
import json
import os
import signal
import stat
import subprocess
import time

import pytest

from lab import audio
from lab.appliance import binary
from lab.waiting import until

CLASSES = {"music": {"classes": {"default": {}, "a440": {}, "a1000": {}}}}


def users(appliance, *words, code=0, **options):
    """`intermezzo users ...`; returns what it printed, or where it is to fail what it complained of."""
    out = appliance.command("users", *words, "--config", appliance.file, **options)
    assert out.returncode == code, (out.returncode, out.stdout, out.stderr)
    return out.stderr if code else out.stdout


def heard(call):
    """The tone of the call's first second, or None for the noise of the default class."""
    call.invite(call.offer("0"))
    samples = audio.decode_ulaw(call.receiver.wait(50).payload)
    found = audio.dominant(samples, 8000)
    return next((f for f in (440, 1000) if abs(found - f) < 3), None)


def test_users_have_their_own_class(launch, library, calling):
    """What a command has changed the next call hears, by whichever name the user is called."""
    appliance = launch(library.directory, CLASSES)
    assert heard(calling(appliance, user="alice")) is None
    users(appliance, "add", "alice", "--password-file", "-", "--email", "alice@example.com", "--music", "a1000",
          "--did", "+1 (555) 0100", "--alias", "a.liddell", input="secret\n")
    for name in ("alice", "ALICE", "a.liddell", "+15550100", "0015550100", "+1-555-0100"):
        assert heard(calling(appliance, user=name)) == 1000, name
    assert heard(calling(appliance, "moh-a440", user="alice")) == 440
    assert heard(calling(appliance, user="bob")) is None
    out = appliance.command(
        "explain", "sip:moh@" + appliance.address, "--from", "sip:+15550100@" + appliance.address, "--config",
        appliance.file)
    assert out.returncode == 0, out.stderr
    assert "class a1000: the user's profile" in out.stdout

    users(appliance, "set", "alice", "--music", "a440")
    assert heard(calling(appliance, user="alice")) == 440
    users(appliance, "set", "alice", "--music", "")
    assert heard(calling(appliance, user="alice")) is None
    users(appliance, "set", "alice", "--music", "a440")
    users(appliance, "remove", "alice")
    assert heard(calling(appliance, user="alice")) is None
    counted = appliance.metrics()
    assert counted['intermezzo_directory_questions_total{by="store"}'] > 0


def test_what_the_commands_print(launch, library, tmp_path):
    appliance = launch(library.directory, start=False)
    appliance.write()
    assert "No such file" in users(appliance, "list", code=1)
    password = tmp_path / "password"
    password.write_text("secret\n")
    users(appliance, "add", "alice", "--password-file", password, "--email", "alice@example.com", "--language", "de",
          "--time-zone", "Europe/Berlin", "--mailbox-server", "vm.example.com", "--display-name", "Alice Müller")
    made = users(appliance, "add", "bob", "--generate-password").strip()
    assert len(made) == 24
    file = appliance.directory / "var/users.sqlite"
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert b"secret" not in file.read_bytes() and made.encode() not in file.read_bytes()

    shown = json.loads(users(appliance, "show", "Alice", "--json"))
    assert shown["display-name"] == "Alice Müller" and shown["email"] == ["alice@example.com"]
    assert shown["password"] == ["MD5", "SHA-256"] and shown["realm"] == appliance.address
    assert "ha1" not in json.dumps(shown)
    assert [user["user"] for user in json.loads(users(appliance, "list", "--json"))] == ["alice", "bob"]
    assert "Alice Müller" in users(appliance, "list")

    assert "there already" in users(appliance, "add", "ALICE", code=65)
    assert "no mail address" in users(appliance, "set", "alice", "--email", "here", code=65)
    assert "no user 'carol'" in users(appliance, "remove", "bob", "carol", code=65)
    assert "nobody" in users(appliance, "show", "carol", code=65)
    users(appliance, "add", "--nonsense", code=64)
    users(appliance, "set", "alice", "--no-password")
    assert json.loads(users(appliance, "show", "alice", "--json"))["password"] == []
    appliance.file.write_text("musik: {}\n")
    assert "music" in users(appliance, "list", code=78)


def test_import_takes_all_or_nothing(launch, library, tmp_path, calling):
    appliance = launch(library.directory, CLASSES)
    file = tmp_path / "users.csv"
    file.write_text(
        "user,music,email,did,password,display-name\n"
        "alice,a1000,alice@example.com,+15550100,one,\"Alice \"\"A\"\" Müller, Sales\"\n"
        "bob,a440,bob@example.com,+15550101,two,\n", encoding="utf-8")
    assert users(appliance, "import", file, "--dry-run").startswith("2 added")
    assert users(appliance, "list", "--json").strip() == "[\n\n]"
    assert users(appliance, "import", file).startswith("2 added, 0 changed")
    assert heard(calling(appliance, user="bob")) == 440

    # What is exported is taken back as it is: into an empty directory, and over itself.
    exported = users(appliance, "export")
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert [row["user"] for row in rows] == ["alice", "bob"]
    assert rows[0]["display-name"] == 'Alice "A" Müller, Sales'
    assert "password" not in rows[0] and len(rows[0]["ha1-sha256"]) == 64
    counts = json.loads(users(appliance, "import", "-", "--replace", "--json", input=exported))
    assert counts == {"added": 0, "changed": 0, "removed": 0, "unchanged": 2}
    users(appliance, "remove", "alice", "bob")
    users(appliance, "import", "-", input=exported)
    assert users(appliance, "export") == exported

    # Every fault, each by its line; nothing is changed.
    file.write_text(
        "user,music,email\n"
        "carol,jazz,carol@example.com\n"
        "alice,,\n"
        "\"d\nave\",,\n"
        "erin,,nobody\n"
        "frank,jazz\n"
        "+15550101,,\n"
        "grace,\"a\"b,\n"
        "CAROL,,\n")
    complaints = users(appliance, "import", file, code=65).splitlines()
    assert [line.split(": ")[0] for line in complaints] == [f"{file}:{n}" for n in (3, 4, 6, 7, 8, 9, 10)]
    assert all("; " in line for line in complaints)
    assert users(appliance, "export") == exported

    # --update changes the columns that there are; --replace removes who isn't named.
    file.write_text("user,music\nbob,a1000\nheidi,\n")
    assert users(appliance, "import", file, "--update").startswith("1 added, 1 changed")
    assert heard(calling(appliance, user="bob")) == 1000
    assert json.loads(users(appliance, "show", "bob", "--json"))["email"] == ["bob@example.com"]
    assert users(appliance, "import", file, "--replace").startswith("0 added, 1 changed, 1 unchanged, 1 removed")
    bob = json.loads(users(appliance, "show", "bob", "--json"))
    assert bob["email"] == [] and bob["password"] == ["MD5", "SHA-256"]
    users(appliance, "import", file, "--update", "--replace", code=64)


def table(directory, name, count, start=0):
    file = directory / f"{name}.csv"
    file.write_text("user,music,did\n" + "".join(
        f"{name}{n},a1000,+1555{start + n:07}\n" for n in range(count)))
    return file


def test_two_processes_write_at_once(launch, library, tmp_path):
    """Two imports and single commands between them, on a file that none of them finds made: all arrive."""
    appliance = launch(library.directory, start=False)
    appliance.write()
    words = [
        ["import", table(tmp_path, "left", 3000)], ["import", table(tmp_path, "right", 3000, 5000)],
        *[["add", f"single{n}"] for n in range(4)],
    ]
    running = [
        subprocess.Popen(
            [binary(), "users", *map(str, word), "--config", appliance.file], cwd=appliance.directory,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for word in words]
    for process in running:
        out, complaints = process.communicate(timeout=60)
        assert process.returncode == 0, complaints
    assert len(json.loads(users(appliance, "list", "--json"))) == 6004


def test_an_import_that_is_killed_leaves_the_old_state(launch, library, tmp_path, calling):
    appliance = launch(library.directory, CLASSES)
    users(appliance, "add", "alice", "--music", "a440")
    before = users(appliance, "export")
    file = table(tmp_path, "user", 30_000)
    log = appliance.directory / "var/users.sqlite-wal"
    for grown in (0, 1 << 16, 1 << 20):
        process = subprocess.Popen(
            [binary(), "users", "import", file, "--replace", "--config", appliance.file], cwd=appliance.directory,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        size = log.stat().st_size
        # In the middle: the transaction's pages are being written to the log.
        until(lambda: log.stat().st_size > size + grown, 30, "the log's growth", every=0.001)
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it was over before it could be killed"
        assert users(appliance, "export") == before
        assert heard(calling(appliance, user="alice")) == 440
    # And what was killed can be done again.
    assert users(appliance, "import", file, "--replace").startswith("30000 added")
    assert heard(calling(appliance, user="user17")) == 1000


class Lock:
    """Holds every lock of SQLite's write-ahead log, so that nobody can read: a store that hangs."""

    def __init__(self, appliance):
        self.file = open(appliance.directory / "var/users.sqlite-shm", "r+b")

    def take(self):
        # https://www.sqlite.org/walformat.html#wal_locks: eight locks from octet 120 on.
        until(self.attempt, 5, "the locks of the log", every=0.002)

    def attempt(self):
        try:
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 8, 120)
            return True
        except OSError:
            return False

    def free(self):
        fcntl.lockf(self.file, fcntl.LOCK_UN, 8, 120)


def test_a_store_that_hangs_holds_no_call_up(launch, library, calling):
    appliance = launch(library.directory, {**CLASSES, "directory": {"timeout": "1s"}})
    for name in ("alice", "bob"):
        users(appliance, "add", name, "--music", "a1000")
    assert heard(calling(appliance, user="alice")) == 1000
    lock = Lock(appliance)
    lock.take()
    # A caller who gives up before it is known who calls is no call.
    gone = calling(appliance, user="bob")
    gone.phone.send(gone.text("INVITE", gone.offer("0")))
    gone.cancel()
    final = gone.phone.wait_response((1, "INVITE"), 5)
    assert final.status == 487
    gone.ack_failure(final)
    # Who is remembered is known; who isn't hears what the next rule says, after the limit at most.
    start = time.monotonic()
    assert heard(calling(appliance, user="alice")) == 1000
    assert heard(calling(appliance, user="bob")) is None
    assert time.monotonic() - start < 5
    status = appliance.status()
    assert status["calls"] == 3
    assert any("directory" in alarm for alarm in status["alarms"])
    lock.free()
    until(lambda: heard(calling(appliance, user="bob")) == 1000, 10, "bob's class")
    assert not any("directory" in alarm for alarm in appliance.status()["alarms"])
