"""voicemail.transcribe: the words of a message in its mail, by a command that may fail, hang or print without end."""

import json
import re
import sys
import time

import numpy as np
import pytest

from lab import audio, voice
from lab.mail import messages
from lab.waiting import until
from lab.webhook import Receiver

# Says what it was given, of which the test looks at each.
WITNESS = r"""
import json, os, sys, wave
file = wave.open(sys.stdin.buffer)
sys.stdin.buffer.seek(0)
seekable = len(sys.stdin.buffer.read())
print(json.dumps({
    "rate": file.getframerate(), "channels": file.getnchannels(), "bits": 8 * file.getsampwidth(),
    "frames": file.getnframes(), "octets": seekable, "language": os.environ.get("INTERMEZZO_LANGUAGE"),
    "descriptors": sorted(int(n) for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")),
    "niceness": os.getpriority(os.PRIO_PROCESS, 0), "group": os.getpgrp() != os.getpgid(os.getppid()) or os.getpgrp(),
    "ignored": [line.split()[1] for line in open("/proc/self/status") if line.startswith("SigIgn")][0]}))
"""


def script(directory, text, name="recogniser"):
    path = directory / f"{name}.py"
    path.write_text(text)
    return f"{sys.executable} {path}"


def transcribing(node, command, limit="10s", mail=None, **more):
    return node(mail or {"maildir": "mail"}, change={"voicemail": {
        "spool": "spool", "reserve": "1M", "transcribe": command, "transcribe-time": limit, **more}})


def body(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


def transcript_of(node, identifier):
    return json.loads((node.directory / "spool/done" / identifier / "transcript.json").read_text())


def test_it_gets_a_wav_and_nothing_of_ours(node, network, tmp_path):
    hook = Receiver(network)
    one = transcribing(node, script(tmp_path, WITNESS))
    one.start()
    [identifier] = one.submit("--webhook", hook.url, "--seconds", "2")
    one.wait_state(identifier, "done", 20)
    hook.close()
    [mail] = messages(one.directory / "mail/alice")
    said = json.loads(re.search(r"\{.*\}", body(mail).replace("\n", " ")).group())
    assert (said["rate"], said["channels"], said["bits"], said["language"]) == (16000, 1, 16, "en")
    assert abs(said["frames"] - 32000) < 200 and said["octets"] == 44 + 2 * said["frames"]
    # 3 is the directory that it lists itself.
    assert said["descriptors"][:3] == [0, 1, 2] and len(said["descriptors"]) <= 4, said
    assert said["niceness"] == 10
    assert int(said["ignored"], 16) & 0x7FFF & ~(1 << 12 | 1 << 24) == 0, said
    assert "Transcript" in body(mail) and "SCHED" not in body(mail)
    assert "&#34;rate&#34;" in body(mail, "html")
    assert json.loads(hook.bodies[0]["transcript"]) == said
    steps = [event["step"] for event in one.json("trace", identifier)]
    assert steps == ["queued", "transcribed", "accepted", "accepted", "done"]


FAILURES = {
    "fails": ("import sys; print('half a'); print('no model', file=sys.stderr); sys.exit(3)", "status 3: no model"),
    "hangs": ("import time; time.sleep(600)", "longer than 2 s"),
    "hangs behind a closed output": ("import os, time; os.close(1); os.close(2); time.sleep(600)", "longer than 2 s"),
    "forks and hangs": ("import os, time\nos.fork()\ntime.sleep(600)", "longer than 2 s"),
    "prints without end": ("while True: print('word ' * 1000)", "printed more than 65536 octets"),
    "complains without end": ("import sys\nwhile True: print('oh ' * 1000, file=sys.stderr)", "longer than 2 s"),
    "dies": ("import os, signal; os.kill(os.getppid(), signal.SIGKILL); os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
}


@pytest.mark.parametrize("way", FAILURES)
def test_a_mail_goes_without(node, network, tmp_path, way):
    text, reason = FAILURES[way]
    one = transcribing(node, script(tmp_path, text), limit="2s")
    one.start()
    [identifier] = one.submit()
    one.wait_state(identifier, "done", 20)
    [mail] = messages(one.directory / "mail/alice")
    assert "ranscript" not in body(mail)
    assert reason in transcript_of(one, identifier)["failure"]
    [event] = [event for event in one.json("trace", identifier) if event["step"] == "transcribed"]
    assert reason in event["text"]
    # Nothing of it lives on.
    assert str(tmp_path / "recogniser.py") not in network.run(["ps", "axww", "-o", "args"]).stdout.replace("ps axww", "")


def test_words_are_text_whatever_they_are(node, tmp_path):
    one = transcribing(node, script(tmp_path, r"""import sys
sys.stdout.buffer.write(b"Hello <b>Alice</b>,\r\nBcc: x@example.net\x00\x1b[31m \xe2\x80\xae \xff\xfe z\xc3\xa4hlt.\n.\n")"""))
    one.start()
    [identifier] = one.submit()
    one.wait_state(identifier, "done", 20)
    [mail] = messages(one.directory / "mail/alice")
    assert mail["bcc"] is None
    assert "Hello <b>Alice</b>,\nBcc: x@example.net[31m �� zählt.\n." in body(mail).replace("\r\n", "\n")
    assert "<b>Alice" not in body(mail, "html") and "&#60;b&#62;Alice" in body(mail, "html")


def test_who_waits_for_no_words_waits_for_nobody(node, server, tmp_path):
    """Ten messages that hang at the recogniser, two at a time; one that was there before goes out meanwhile."""
    relay = server()
    plain = {"url": "smtp://127.0.0.1:2500", "tls": "never", "timeout": "5s", "max-connections": 1}
    command = script(tmp_path, "import time; time.sleep(600)")
    one = transcribing(node, command, limit="4s", mail={"relays": [plain]}, **{"transcribe-at-once": 2})
    # One that was tried before is not transcribed now: it needs nobody's time.
    [old] = one.submit("--to", "old@a.test")
    record = {"version": 1, "queued": int(time.time() * 1e9), "recipients": [
        {"target": {"kind": "mail", "address": "old@a.test"}, "state": "waiting", "attempts": 1, "next": 0}]}
    (one.directory / "spool/queue" / old / "delivery.json").write_text(json.dumps(record))
    many = one.submit("--to", "many@a.test", count=10)
    one.start()
    one.wait_state(old, "done", 10)
    assert [recipients for recipients, _ in relay.mails] == [["old@a.test"]]
    # All wait for their bound, and none for the sum of the bounds.
    for identifier in many:
        one.wait_state(identifier, "done", 20)
    reasons = [transcript_of(one, identifier)["failure"] for identifier in many]
    assert sum("longer than 4 s" in reason for reason in reasons) >= 2
    assert sum("too many messages" in reason for reason in reasons) >= 6


def test_a_node_that_stops_asks_again(node, tmp_path):
    one = transcribing(node, f"touch {tmp_path}/begun; sleep 600", limit="60s")
    process = one.start()
    [identifier] = one.submit()
    until(lambda: (tmp_path / "begun").exists(), 15, "the command")
    one.stop()
    assert process.popen.returncode == 0
    assert one.state(identifier) == "queue" and not (one.directory / "mail").exists()
    one.configuration["voicemail"]["transcribe"] = "echo at last"
    one.write()
    one.start()
    one.wait_state(identifier, "done", 20)
    [mail] = messages(one.directory / "mail/alice")
    assert "at last" in body(mail)


def test_a_call_is_transcribed(office, calling, tmp_path):
    """Digits by what their tones are: a recogniser for those who hear as computers do."""
    command = script(tmp_path, r"""
import sys, wave
import numpy as np
file = wave.open(sys.stdin.buffer)
sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
rate = file.getframerate()
words = {400: "four", 700: "seven", 1000: "ten"}
heard = []
for start in range(0, len(sound) - rate // 4, rate // 8):
    block = sound[start:start + rate // 4]
    if np.sqrt(np.mean(block ** 2)) < 0.01:
        continue
    spectrum = np.abs(np.fft.rfft(block * np.hanning(len(block))))
    tone = np.argmax(spectrum) * rate / len(block)
    word = words.get(min(words, key=lambda one: abs(one - tone)))
    if not heard or heard[-1] != word:
        heard.append(word)
print("heard", *heard)
""")
    appliance = office({"voicemail": {"transcribe": command}})
    call = calling(appliance, "vm-alice", user="+15550199")
    response = call.invite(call.offer("0 101", ("a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15")))
    speaker = voice.Voice(call.receiver, response.rtp)
    speaker.be_silent(0.3)
    speaker.press("#")
    speaker.wait_tone()
    speaker.say(voice.speech("Hello Alice, this is Bob from the workshop. Please call me back."))
    call.bye()
    call.to_tag = None
    mails = until(lambda: messages(appliance.directory / "var/mail/alice"), 20, "the mail")
    assert re.search("heard (four|seven|ten)", body(mails[0]))
