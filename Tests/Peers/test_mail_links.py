"""Recordings by a link: signed, for a time, for one message, and nothing is learnt without one."""

import io
import json
import re
import stat
import time
import wave

import numpy as np
import pytest

from lab.mail import messages
from lab.waiting import until

BASE = "https://voicemail.a.test/vm"


def linking(node, mail=None, link=None, **more):
    return node(mail or {"maildir": "mail"}, change={"voicemail": {
        "spool": "spool", "reserve": "1M", "link": {"base-url": BASE, "listen": "127.0.0.1:8081", **(link or {})}, **more}})


def listening(one):
    one.start()
    until(lambda: one.namespace.listens("tcp", 8081) or not one.process.is_running, 20, "the links' port")


class Answer:
    def __init__(self, octets):
        head, _, self.body = octets.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.fields = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:]}


def fetch(one, path, *words):
    """What curl gets of the listener, as the proxy would."""
    out = one.namespace.run(
        ["curl", "-s", "-i", "--path-as-is", "--max-time", "10", *words, f"http://127.0.0.1:8081{path}"], text=False)
    return Answer(out.stdout)


def link_in(mail):
    text = mail.get_body(("plain",)).get_content()
    return re.search(r"https://\S+", text).group()


def path_of(link):
    assert link.startswith(BASE + "/recording/"), link
    return link.removeprefix(BASE)


def one_linked(node, attachment="link", seconds="2", **options):
    one = linking(node, **options)
    listening(one)
    [identifier] = one.submit("--attachment", attachment, "--seconds", seconds)
    one.wait_state(identifier, "done", 20)
    [mail] = messages(one.directory / "mail/alice")
    return one, identifier, mail


@pytest.mark.parametrize("attachment", ["attach", "link", "both", "neither"])
def test_a_mail_has_what_its_reader_likes(node, attachment):
    _, _, mail = one_linked(node, attachment)
    assert len(list(mail.iter_attachments())) == (attachment in ("attach", "both"))
    for kind in ("plain", "html"):
        assert ("/recording/" in mail.get_body((kind,)).get_content()) == (attachment in ("link", "both"))


def test_a_link_gives_the_recording_whole_and_in_parts(node):
    one, identifier, mail = one_linked(node)
    path = path_of(link_in(mail))
    assert identifier in path
    answer = fetch(one, path)
    assert answer.status == 200 and len(answer.body) == int(answer.fields["content-length"])
    assert answer.fields["content-type"] == "audio/wav"
    assert answer.fields["content-disposition"] == f'inline; filename="voicemail-{identifier}.wav"'
    assert answer.fields["cache-control"] == "no-store"
    assert answer.fields["x-content-type-options"] == "nosniff"
    assert answer.fields["referrer-policy"] == "no-referrer"
    with wave.open(io.BytesIO(answer.body)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getnframes()) == (8000, 1, 2, 16000)
        sound = np.frombuffer(file.readframes(16000), "<i2") / 32768
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) / 2 == 440
    assert abs(20 * np.log10(np.sqrt(np.mean(sound ** 2))) + 23) < 1
    size = len(answer.body)
    for field, first, last in [("0-43", 0, 43), ("1-1", 1, 1), ("43-46", 43, 46), ("45-", 45, size - 1), ("-7", size - 7, size - 1),
                               (f"{size - 3}-{size + 99}", size - 3, size - 1)]:
        part = fetch(one, path, "-H", f"Range: bytes={field}")
        assert part.status == 206 and part.body == answer.body[first:last + 1], field
        assert part.fields["content-range"] == f"bytes {first}-{last}/{size}"
    none = fetch(one, path, "-H", f"Range: bytes={size}-")
    assert none.status == 416 and none.fields["content-range"] == f"bytes */{size}"
    for odd in ("bytes=5-2", "bytes=a-b", "bytes=0-1,5-9", "words=0-1", "bytes=-", "bytes=99999999999999999999-"):
        assert fetch(one, path, "-H", f"Range: {odd}").status == 200, odd
    head = fetch(one, path, "--head")
    assert head.status == 200 and not head.body and int(head.fields["content-length"]) == size
    assert fetch(one, path, "-X", "POST", "-d", "x").status == 405
    # What a proxy puts before the path does not matter.
    assert fetch(one, "/vm" + path).status == 200
    steps = [event["step"] for event in one.json("trace", identifier)]
    assert "fetched" in steps


def test_without_a_link_nothing_is_learnt(node):
    one, identifier, mail = one_linked(node)
    path = path_of(link_in(mail))
    _, mark, name, expires, signature = path.split("/")
    other = one.submit("--attachment", "link")[0]
    one.wait_state(other, "done")
    wrong = [
        "/", "/recording", f"/recording/{name}", f"/recording/{name}/{expires}/", f"/recording/{name}/{expires}/{signature[:-1]}",
        f"/recording/{name}/{expires}/{'A' * len(signature)}", f"/recording/{name}/{int(expires) + 1}/{signature}",
        f"/recording/{name}/{expires}0/{signature}", f"/recording/{name}/0{expires}/{signature}",
        f"/recording/{other}/{expires}/{signature}", f"/recording/nobody-1-1/{expires}/{signature}",
        f"/recording/../../{name}/{expires}/{signature}", f"/recording/..%2f{name}/{expires}/{signature}",
        f"/recording/{name}/{expires}/{signature}/..", f"/recording/..//{signature}", "/recording/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd", f"/{mark}/{name}/{expires}/{signature}%00", f"/recording/{name}/{'9' * 400}/{signature}"]
    answers = {(answer.status, answer.body, tuple(sorted(set(answer.fields) - {"date"})))
               for answer in (fetch(one, path) for path in wrong)}
    assert len(answers) == 1 and next(iter(answers))[0] == 404, answers
    missing = fetch(one, path.replace(signature, signature[::-1]))
    # Revoked and deleted: the same words.
    assert one.command("revoke", identifier).returncode == 0
    revoked = fetch(one, path)
    assert (revoked.status, revoked.body) == (404, missing.body)
    assert one.state(identifier) == "done"
    [second] = [m for m in messages(one.directory / "mail/alice") if other in m["message-id"]]
    assert fetch(one, path_of(link_in(second))).status == 200
    assert one.command("delete", other).returncode == 0
    deleted = fetch(one, path_of(link_in(second)))
    assert (deleted.status, deleted.body) == (404, missing.body)
    assert "revoked" in [event["step"] for event in one.json("trace", identifier)]


def test_the_key_is_made_once_and_the_same_after_a_restart(node):
    one, _, mail = one_linked(node)
    key = one.directory / "spool/link-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and len(key.read_bytes()) == 32
    before = key.read_bytes()
    one.stop()
    listening(one)
    assert key.read_bytes() == before
    path = path_of(link_in(mail))
    assert fetch(one, path).status == 200
    # Another key ends all links.
    one.stop()
    key.unlink()
    listening(one)
    assert fetch(one, path).status == 404


def test_a_link_ends_and_its_recording_stays_until_then(node):
    """keep-discarded says at once, the link says an hour: the hour counts. Then the message's past is moved."""
    one, identifier, mail = one_linked(node, link={"expiry": "1h"}, **{"keep-discarded": "0s"})
    path = path_of(link_in(mail))
    assert one.state(identifier) == "done" and fetch(one, path).status == 200
    record = one.directory / "spool/done" / identifier / "delivery.json"
    expires = json.loads(record.read_text())["linkExpires"]
    assert abs(expires / 1e9 - time.time() - 3600) < 60
    one.stop()
    listening(one)
    assert one.state(identifier) == "done"
    # An hour later, as the links' own clock would say: a link of the past is made by its key.
    import base64
    import hashlib
    import hmac

    def signed(seconds):
        said = f"intermezzo link 1\n{identifier}\n{seconds}".encode()
        code = hmac.digest((one.directory / "spool/link-key").read_bytes(), said, hashlib.sha256)
        return f"/recording/{identifier}/{seconds}/{base64.urlsafe_b64encode(code).decode().rstrip('=')}"

    assert fetch(one, signed(int(time.time()) + 60)).status == 200
    assert fetch(one, signed(int(time.time()) - 60)).status == 404
    value = json.loads(record.read_text())
    value["linkExpires"] = int((time.time() - 60) * 1e9)
    record.write_text(json.dumps(value))
    one.stop()
    listening(one)
    until(lambda: one.state(identifier) is None, 15, "the message is removed")


def test_what_no_relay_takes_is_a_link(node, server):
    relay = server(
        lambda step, argument, _: "552 5.3.4 too big" if step == "MAIL" and int(argument.split("SIZE=")[1].split()[0]) > 9000
        else None, capabilities=["SIZE 9000"])
    one = linking(node, mail={"relays": [{"url": "smtp://127.0.0.1:2500", "tls": "never", "timeout": "5s"}]})
    listening(one)
    [identifier] = one.submit("--to", "alice@a.test", "--seconds", "60", "--attachment", "attach")
    one.wait_state(identifier, "done", 30)
    [(_, octets)] = relay.mails
    assert len(octets) <= 9000
    import email
    import email.policy
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    assert not list(mail.iter_attachments())
    assert "too large for this mail" in mail.get_body(("plain",)).get_content()
    assert fetch(one, path_of(link_in(mail))).status == 200


def test_who_asks_too_often_waits(node):
    one, _, mail = one_linked(node)
    path = path_of(link_in(mail))
    config = one.directory / "urls"
    config.write_text("".join(f'url = "http://127.0.0.1:8081/recording/{n}"\noutput = "/dev/null"\n' for n in range(150)))
    out = one.namespace.run(["curl", "-s", "-w", "%{http_code}\n", "-K", config])
    codes = out.stdout.split()
    assert codes[:10] == ["404"] * 10 and "429" in codes, codes
    # Another client behind the same proxy does not.
    assert fetch(one, path, "-H", "X-Forwarded-For: 198.51.100.7").status == 200
