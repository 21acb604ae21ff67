"""The service manager's side of systemd's protocols: notification, watchdog, journal, the end."""

import json
import os
import re
import shutil
import signal
import socket
import struct
import tempfile
import threading
import time

import pytest

from lab.waiting import until


@pytest.fixture
def short():
    """A directory whose path leaves room for a socket's name (107 octets)."""
    path = tempfile.mkdtemp(prefix="imz-")
    yield path
    shutil.rmtree(path)


def listening(path):
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(path)
    receiver.settimeout(10)
    return receiver


def assignments(receiver):
    return dict(line.split("=", 1) for line in receiver.recv(4096).decode().splitlines())


def wait_for(receiver, key):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        told = assignments(receiver)
        if key in told:
            return told
    raise AssertionError(f"{key} was not told")


def test_the_service_manager_is_told(launch, library, short, calling):
    receiver = listening(f"{short}/notify")
    appliance = launch(
        library.directory, environment={"NOTIFY_SOCKET": f"{short}/notify", "WATCHDOG_USEC": "400000"})
    assert assignments(receiver)["READY"] == "1"
    assert appliance.namespace.listens("udp", appliance.port), "it is ready when phones can call"

    moments = []
    for _ in range(6):
        wait_for(receiver, "WATCHDOG")
        moments.append(time.monotonic())
    gaps = [b - a for a, b in zip(moments, moments[1:])]
    assert max(gaps) < 0.4, gaps
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    end = time.monotonic() + 5
    while wait_for(receiver, "STATUS")["STATUS"] != "1 calls":
        assert time.monotonic() < end

    before = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
    appliance.reload()
    told = wait_for(receiver, "RELOADING")
    assert told["RELOADING"] == "1"
    assert before <= int(told["MONOTONIC_USEC"]) <= time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
    assert wait_for(receiver, "READY")["READY"] == "1"

    appliance.process.signal(signal.SIGTERM)
    assert wait_for(receiver, "STOPPING")["STOPPING"] == "1"
    assert call.phone.wait_request("BYE", 8)
    call.to_tag = None
    assert appliance.process.wait(15) == 0
    receiver.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(launch, library, calling, number):
    appliance = launch(library.directory, {"sip": {"drain": "60s"}})
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.phone.auto_answer = set()
    call.to_tag = None
    start = appliance.process.log_size()
    appliance.process.signal(signal.SIGTERM)
    call.phone.wait_request("BYE", 8)
    appliance.process.wait_log("ends on", 5, start)
    assert appliance.process.is_running
    began = time.monotonic()
    appliance.process.signal(number)
    assert appliance.process.wait(5) == -number
    assert time.monotonic() - began < 2


def fields(octets):
    """A datagram of the journal's native protocol."""
    found = {}
    while octets:
        name, octets = re.split(rb"[=\n]", octets, maxsplit=1)[0], octets
        rest = octets[len(name):]
        if rest.startswith(b"="):
            value, _, octets = rest[1:].partition(b"\n")
        else:
            (length,) = struct.unpack("<Q", rest[1:9])
            value, octets = rest[9:9 + length], rest[9 + length + 1:]
        found[name.decode()] = value.decode()
    return found


def read_entries(receiver, entries):
    """Reads at once, as a journal does: only some ten datagrams may wait."""
    receiver.settimeout(None)
    while octets := receiver.recv(65536):
        entries.append(fields(octets))


def test_the_journal_gets_fields(launch, library, calling, short):
    """In a mount namespace of its own (`ip netns exec` makes one), where /run/systemd is the test's."""
    os.mkdir(f"{short}/journal")
    receiver = listening(f"{short}/journal/socket")
    entries = []
    reader = threading.Thread(target=read_entries, args=(receiver, entries))
    reader.start()
    appliance = launch(
        library.directory, {"log": {"format": "journald"}},
        wrapper=["sh", "-c", f'mount --bind {short} /run/systemd && exec "$@"', "sh"])
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))

    def played():
        return [e for e in entries if e.get("CALL_ID") == call.call_id and e["MESSAGE"].startswith("plays class default")]

    (entry,) = until(played, 10, "the entry of the call")
    assert entry["PRIORITY"] == "6" and entry["SYSLOG_IDENTIFIER"] == "intermezzo"
    assert all("MESSAGE" in entry and "PRIORITY" in entry for entry in entries)
    call.bye()
    # Without a journal, standard error takes the lines.
    receiver.shutdown(socket.SHUT_RDWR)
    reader.join()
    receiver.close()
    os.unlink(f"{short}/journal/socket")
    start = appliance.process.log_size()
    second = calling(appliance, "moh-default")
    second.invite(second.offer("0"))
    line = appliance.process.wait_log(rf".*call-id={re.escape(second.call_id)}", 5, start).group()
    assert line.startswith("<6>"), line


def test_json_lines_are_json(appliance, calling):
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.bye()
    call.to_tag = None
    for line in appliance.process.log().splitlines():
        if line.startswith("{"):
            assert {"time", "level", "message"} <= json.loads(line).keys()
