"""Queues of 10,000 and of 100,000 messages: start-up, memory, deliveries a second, CPU of each."""

import itertools
import json
import os
import pathlib
import struct
import tempfile
import time
import urllib.request

import relays

import report
from daemon import binary
from network import enter_namespace
from processes import Process

COUNTS = [int(word) for word in os.environ.get("COUNTS", "10000 100000").split()]
USERS = 1000
# For which a rate is measured, or until the queue is empty: the same for each, so that a relay that is slower with
# what it has taken is equally slow in all.
SECONDS = 25
RECORDING_SECONDS = 10

CONFIGURATION = """\
domain: a.test
node: {{name: bench, address: 127.0.0.1}}
sip: {{listen: ["udp:127.0.0.1:5060"]}}
rtp: {{threads: 1}}
media: {{directory: {directory}/media, cache: {directory}/cache}}
voicemail: {{spool: {directory}/spool, reserve: 10M}}
mail: {{from: vm@a.test, relays: [{{url: "smtp://127.0.0.1:{port}", tls: never, max-connections: 8}}]}}
admin: {{listen: "127.0.0.1:8080"}}
log: {{level: error}}
"""


NUMBERS = itertools.count()


def fill(spool, count):
    """Brings the queue to so many messages as a call leaves them, all with the sound of one file."""
    samples = RECORDING_SECONDS * 8000
    sound = b".snd" + struct.pack(">5I", 24, 2 * samples, 3, 8000, 1) + os.urandom(2 * samples)
    original = spool / "audio.au"
    queue = spool / "queue"
    queue.mkdir(exist_ok=True)
    now = time.time_ns()
    for index in range(count - len(os.listdir(queue))):
        number = next(NUMBERS)
        user = f"user{number % USERS}"
        name = f"6b000000-bench-{number:08d}"
        (queue / name).mkdir()
        # A file system has a limit of links to one file.
        if index % 10_000 == 0:
            original.unlink(missing_ok=True)
            original.write_bytes(sound)
        os.link(original, queue / name / "audio.au")
        (queue / name / "envelope.json").write_text(json.dumps({
            "version": 1, "id": name, "messageID": f"<{name}@a.test>", "callID": "x", "node": "bench",
            "site": "main", "called": user, "reason": "no-answer", "began": now, "ended": now,
            "ending": "hung-up", "isUrgent": False, "sampleRate": 8000, "samples": samples,
            "caller": {"uri": "sip:+15550100@a.test", "number": "+15550100"},
            "addressee": {"user": user, "addresses": [f"{user}@a.test"], "language": "en",
                          "timeZone": "UTC", "format": "g711", "attachment": "attach",
                          "shortAddresses": []}}))
    # Writing them out is no part of what is measured.
    os.sync()


def metrics():
    with urllib.request.urlopen("http://127.0.0.1:8080/metrics", timeout=5) as answer:
        values = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                  for line in answer.read().decode().splitlines() if not line.startswith("#")}
    return values["intermezzo_mail_queue"], values["intermezzo_mail_accepted_total"]


def serves():
    try:
        return metrics() is not None
    except OSError:
        return False


def busy_seconds():
    """CPU time of all on this machine, with what the hypervisor gave to others."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, interrupts, soft, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + interrupts + soft + steal) / os.sysconf("SC_CLK_TCK")


class Load:
    """What the daemon, a relay and others take of the processors; this process, which counts mails, is no other."""

    def __init__(self, process, relay):
        self.process, self.relay = process, relay
        self.begin = self.taken()

    def taken(self):
        daemon = self.process.cpu_seconds()
        relay = self.relay.cpu_seconds() if self.relay else time.process_time()
        counted = daemon + relay + (time.process_time() if self.relay else 0)
        return time.monotonic(), daemon, relay, busy_seconds() - counted

    def since(self):
        """Seconds, and the CPU seconds of daemon, relay and others in them."""
        return [now - then for now, then in zip(self.taken(), self.begin)]


def measure(directory, count, port, relay=None):
    """One life of the daemon with so many messages: its start, and its deliveries for a while."""
    fill(directory / "spool", count)
    configuration = directory / "intermezzo.yaml"
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port))
    begin = time.monotonic()
    with Process([binary(), "serve", "--config", str(configuration)], directory / "log") as process:
        process.wait_until(serves, 60)
        serving = time.monotonic() - begin
        process.wait_until(lambda: sum(metrics()) >= count, 60)
        read = time.monotonic() - begin
        result = {
            "messages": count, "servingSeconds": serving, "allReadSeconds": read,
            "startMicroseconds": 1e6 * process.cpu_seconds() / count, "residentBytes": process.resident_bytes()}
        if port == relays.NOBODY:
            return result
        load, (left, before) = Load(process, relay), metrics()
        accepted, seconds = before, 0
        while seconds < SECONDS and left > 0:
            time.sleep(0.1)
            left, accepted = metrics()
            process.check()
            seconds, cpu, relay_cpu, others = load.since()
        mails = accepted - before
        if mails == 0:
            raise RuntimeError(f"nothing was delivered in {seconds:.0f} s: {(directory / 'log').read_text()[-2000:]}")
        return {**result, "mails": mails, "mailsPerSecond": mails / seconds, "cpuMillisecondsPerMail": 1000 * cpu / mails,
                "relayMillisecondsPerMail": 1000 * relay_cpu / mails, "othersProcessors": others / seconds}


def main():
    enter_namespace()
    relays.Counter(relays.COUNTER)
    results = []
    for count in COUNTS:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
            directory = pathlib.Path(name)
            directory.chmod(0o755)
            (directory / "media").mkdir()
            (directory / "spool").mkdir()
            results.append({"relay": "nobody", **measure(directory, count, relays.NOBODY)})
            results.append({"relay": "counter", **measure(directory, count, relays.COUNTER)})
            with relays.opensmtpd(directory) as relay:
                results.append({"relay": "opensmtpd", **measure(directory, count, relays.OPENSMTPD, relay)})
    report.write("mailer", {"load": report.load(), "runs": results})
    report.table(
        [("relay", "s"), ("queued", "d"), ("serves s", ".2f"), ("all read s", ".2f"), ("CPU us each", ".0f"),
         ("RSS MiB", ".1f"), ("mails/s", ".1f"), ("CPU ms/mail", ".2f"), ("relay's", ".2f"), ("others' CPUs", ".2f")],
        [[r["relay"], r["messages"], r["servingSeconds"], r["allReadSeconds"], r["startMicroseconds"],
          r["residentBytes"] / 2**20, r.get("mailsPerSecond"), r.get("cpuMillisecondsPerMail"),
          r.get("relayMillisecondsPerMail"), r.get("othersProcessors")] for r in results])


main()
