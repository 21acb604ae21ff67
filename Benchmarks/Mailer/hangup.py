"""From BYE to the relay's 250 with an idle queue: callers who leave a message and hang up, one after another."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

import relays

import report
from daemon import REPOSITORY, binary
from lab import voice
from lab.rtp import Receiver
from lab.sip import Call, Phone
from network import enter_namespace
from processes import Process

CALLS = int(os.environ.get("CALLS", "200"))
# Of the beginnings of two calls, in seconds.
APART = 0.4
SPOKEN = 3

CONFIGURATION = """\
domain: a.test
node: {{name: bench, address: 127.0.0.1}}
sip: {{listen: ["udp:127.0.0.1:5060"]}}
rtp: {{threads: 1}}
media: {{directory: {directory}/media, cache: {directory}/cache}}
voicemail: {{spool: {directory}/spool, reserve: 10M, prompts: {prompts}, format: {format}}}
directory: {{sqlite: {directory}/users.sqlite}}
mail: {{from: vm@a.test, relays: [{{url: "smtp://127.0.0.1:{port}", tls: never}}]}}
admin: {{listen: "127.0.0.1:8080"}}
log: {{level: warning}}
"""


class Here:
    """The network that this process is in, for the tests' phones."""

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0):
        return socket.socket(family, kind, protocol)


def leave(number, said, hung_up, failures):
    """One caller; notes when BYE was sent."""
    address = f"127.0.1.{number % 250 + 1}"
    phone = Phone(Here(), address, server=("127.0.0.1", 5060))
    receiver = Receiver(Here(), address)
    try:
        call = Call(phone, f"sip:vm-user{number}@127.0.0.1:5060", receiver, user="+15550199")
        response = call.invite(call.offer("0 101", ("a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15")))
        if response.status != 200:
            raise AssertionError(f"{response}")
        speaker = voice.Voice(receiver, response.rtp)
        speaker.be_silent(0.3)
        speaker.press("#")
        speaker.wait_tone()
        speaker.say(said)
        hung_up[f"user{number}"] = time.time()
        call.bye()
    except (AssertionError, TimeoutError, OSError) as error:
        failures.append(f"{number}: {error!r}")
    finally:
        phone.close()
        receiver.close()


def accepted(spool):
    """When a relay took the mail of each user, by the trace."""
    found = {}
    for file in (spool / "trace").glob("*.jsonl"):
        for line in file.read_text().splitlines():
            event = json.loads(line)
            if event["step"] == "accepted":
                found[event["user"]] = event["at"] / 1e9
    return found


def measure(directory, port, calls, form):
    (directory / "media").mkdir(parents=True)
    configuration = directory / "intermezzo.yaml"
    configuration.write_text(CONFIGURATION.format(
        directory=directory, port=port, format=form, prompts=pathlib.Path(REPOSITORY) / "Media/prompts"))
    users = directory / "users.csv"
    users.write_text("user,email\n" + "".join(f"user{n},user{n}@a.test\n" for n in range(calls)))
    subprocess.run([binary(), "users", "import", str(users), "--config", str(configuration)], check=True, capture_output=True)
    said = voice.speech("Hello, this is Bob from the workshop. The spare part is here, please call me back.", seconds=SPOKEN)
    hung_up, failures = {}, []
    with Process([binary(), "serve", "--config", str(configuration)], directory / "log") as process:
        process.wait_until(lambda: relays.listens(8080))
        start = time.monotonic()
        callers = []
        for number in range(calls):
            time.sleep(max(0, start + number * APART - time.monotonic()))
            callers.append(threading.Thread(target=leave, args=(number, said, hung_up, failures)))
            callers[-1].start()
        for caller in callers:
            caller.join()
        process.wait_until(lambda: len(accepted(directory / "spool")) >= len(hung_up), 20)
        taken = accepted(directory / "spool")
    if failures:
        sys.exit(f"{len(failures)} calls failed: {failures[:5]}")
    return [taken[user] - at for user, at in hung_up.items()]


def main():
    enter_namespace()
    relays.Counter(relays.COUNTER)
    rows, results = [], {}
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        directory = pathlib.Path(name)
        directory.chmod(0o755)
        with relays.opensmtpd(directory):
            for title, port in [("counter", relays.COUNTER), ("opensmtpd", relays.OPENSMTPD)]:
                times = measure(directory / title, port, CALLS // 2, "wav")
                results[title] = sorted(times)
                rows.append([title, len(times), *(1000 * report.quantile(times, q) for q in (0.5, 0.99)), 1000 * max(times),
                             report.load()])
    report.write("mailer-hangup", results)
    report.table([("relay", "s"), ("messages", "d"), ("p50 ms", ".0f"), ("p99 ms", ".0f"), ("longest ms", ".0f"), ("load", ".1f")],
                 rows)


main()
