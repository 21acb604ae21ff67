import json
import os
import pathlib
import re
import socket
import struct
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "Tests", "Peers"))

import report
from daemon import binary
from lab.mail import OpenSMTPD
from network import enter_namespace
from processes import Process

COUNT = int(os.environ.get("COUNT", 100_000))
USERS = 1000
# How long the rate is measured; the queue is not emptied.
SECONDS = 40
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
log: {{level: warning}}
"""


def fill(spool):
    """Messages as a call leaves them, all with the sound of one file."""
    samples = RECORDING_SECONDS * 8000
    sound = b".snd" + struct.pack(">5I", 24, 2 * samples, 3, 8000, 1) + os.urandom(2 * samples)
    original = spool / "audio.au"
    original.write_bytes(sound)
    queue = spool / "queue"
    queue.mkdir()
    now = time.time_ns()
    for index in range(COUNT):
        user = f"user{index % USERS}"
        name = f"6b000000-bench-{index:08d}"
        (queue / name).mkdir()
        # A file system has a limit of links to one file.
        if index % 10_000 == 0 and index:
            original.unlink()
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


class Counter:
    """An SMTP or LMTP server that takes all and keeps nothing."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        client.sendall(b"220 x\r\n")
        lines = client.makefile("rb", 1 << 20)
        recipients = 0
        while line := lines.readline():
            word = line[:4].upper()
            if word == b"DATA":
                client.sendall(b"354 go\r\n")
                while lines.readline() != b".\r\n":
                    pass
                client.sendall(b"250 ok\r\n")
            elif word == b"QUIT":
                client.sendall(b"221 bye\r\n")
                return
            else:
                client.sendall(b"250 ok\r\n")


def metrics():
    with urllib.request.urlopen("http://127.0.0.1:8080/metrics", timeout=5) as answer:
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                for line in answer.read().decode().splitlines() if not line.startswith("#")}


def measure(directory, port):
    configuration = directory / "intermezzo.yaml"
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port))
    begin = time.monotonic()
    with Process([binary(), "serve", "--config", str(configuration)], directory / "log") as process:
        def serves():
            try:
                return metrics() is not None
            except OSError:
                return False

        process.wait_until(serves, 60)
        serving = time.monotonic() - begin
        first = read = None
        while read is None:
            now = metrics()
            if first is None and now["intermezzo_mail_accepted_total"] > 0:
                first = time.monotonic() - begin
            if now["intermezzo_mail_queue"] + now["intermezzo_mail_accepted_total"] >= COUNT:
                read = time.monotonic() - begin
            process.check()
        resident = process.resident_bytes()
        accepted, start = metrics()["intermezzo_mail_accepted_total"], time.monotonic()
        cpu = process.cpu_seconds()
        time.sleep(SECONDS)
        done, end = metrics()["intermezzo_mail_accepted_total"], time.monotonic()
        cpu = process.cpu_seconds() - cpu
        rate = (done - accepted) / (end - start)
        return {
            "servingSeconds": serving, "firstDeliverySeconds": first, "allReadSeconds": read,
            "residentBytes": resident, "mailsPerSecond": rate,
            "cpuMillisecondsPerMail": 1000 * cpu / max(1, done - accepted)}


enter_namespace()
with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
    directory = pathlib.Path(name)
    directory.chmod(0o755)
    (directory / "media").mkdir()
    (directory / "spool").mkdir()
    fill(directory / "spool")
    Counter(2500)
    Counter(2424)
    conf = directory / "smtpd.conf"
    conf.write_text('listen on 127.0.0.1 port 2526\n'
                    'action "deliver" relay host "lmtp://127.0.0.1:2424"\n'
                    'match from any for domain "a.test" action "deliver"\n')
    results = {"nobody": measure(directory, 2599), "counter": measure(directory, 2500)}
    with Process([str(OpenSMTPD.install()), "-d", "-f", str(conf)], directory / "smtpd.log") as smtpd:
        def listens():
            try:
                socket.create_connection(("127.0.0.1", 2526), 1).close()
                return True
            except OSError:
                return False

        smtpd.wait_until(listens, 30)
        # What was delivered before is no longer in the queue.
        COUNT -= COUNT - len(os.listdir(directory / "spool" / "queue"))
        results["opensmtpd"] = measure(directory, 2526)

report.write("mailer", {"messages": COUNT, "load": report.load(), **results})
report.table(
    [("relay", "s"), ("serves s", ".2f"), ("first mail s", ".2f"), ("all read s", ".2f"),
     ("RSS MiB", ".1f"), ("mails/s", ".1f"), ("CPU ms/mail", ".2f")],
    [[relay, r["servingSeconds"], r["firstDeliverySeconds"], r["allReadSeconds"],
      r["residentBytes"] / 2**20, r["mailsPerSecond"], r["cpuMillisecondsPerMail"]]
     for relay, r in results.items()])
