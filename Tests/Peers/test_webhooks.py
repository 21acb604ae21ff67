"""A program is told of each message: signed, once more where it was away, and it can tell a forgery."""

import base64
import hashlib
import hmac
import os
import time

import pytest

from lab.mail import messages
from lab.waiting import until
from lab.webhook import Receiver


@pytest.fixture
def receiver(network):
    """`receiver(codes=[503])` makes one that answers so, and then with 200."""
    made = []

    def make(**options):
        made.append(Receiver(network, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


# As docs/voicemail.md has it.
def verify(key, fields, body, now=None):
    """Raises unless the request is ours and new."""
    said = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode() + body
    code = base64.b64encode(hmac.digest(key, said, hashlib.sha256)).decode()
    if not any(hmac.compare_digest(f"v1,{code}", one) for one in fields["webhook-signature"].split()):
        raise ValueError("not signed with our key")
    if abs((now or time.time()) - int(fields["webhook-timestamp"])) > 300:
        raise ValueError("too old: perhaps played again")


def test_it_is_told_and_told_again(node, receiver):
    hook = receiver(codes=[503])
    one = node({"maildir": "mail"})
    one.start()
    [identifier] = one.submit("--webhook", hook.url)
    one.wait_state(identifier, "done", 20)
    assert len(hook.heard) == 2 and hook.heard[0][0] == hook.heard[1][0]
    body = hook.bodies[0]
    assert body["event"] == "message" and body["id"] == identifier
    assert body["user"] == "alice" and body["seconds"] == 0.5
    for _, fields in hook.heard:
        assert fields["content-type"] == "application/json"
        assert fields["webhook-id"] == fields["idempotency-key"] == identifier
        assert "webhook-signature" not in fields
    # The 503 kept the mail from nobody, and it was not delivered again.
    assert len(messages(one.directory / "mail/alice")) == 1


@pytest.mark.parametrize("form", ["octets", "line", "whsec"])
def test_its_signature_holds_for_what_was_said_then(node, receiver, tmp_path, form):
    key = os.urandom(32) if form != "line" else b"a line of text that is the secret"
    file = tmp_path / "key"
    file.write_bytes({"octets": key, "line": key + b"\n", "whsec": b"whsec_" + base64.b64encode(key) + b"\n"}[form])
    file.chmod(0o600)
    hook = receiver(codes=[500])
    # More than a second: timestamps hold whole ones, and the wait is spread.
    one = node({"maildir": "mail", "webhook-key-file": str(file), "retry": {"first": "3s", "factor": 1, "maximum": "3s"}})
    one.start()
    [identifier] = one.submit("--webhook", hook.url)
    one.wait_state(identifier, "done", 20)
    assert len(hook.heard) == 2
    for body, fields in hook.heard:
        verify(key, fields, body)
        with pytest.raises(ValueError, match="our key"):
            verify(key, fields, body.replace(b"alice", b"mally"))
        with pytest.raises(ValueError, match="our key"):
            verify(key, {**fields, "webhook-timestamp": str(int(fields["webhook-timestamp"]) + 1)}, body)
        with pytest.raises(ValueError, match="our key"):
            verify(os.urandom(32), fields, body)
        with pytest.raises(ValueError, match="too old"):
            verify(key, fields, body, now=time.time() + 3600)
    # The second attempt says when it was made, not when the first was.
    first, second = (int(fields["webhook-timestamp"]) for _, fields in hook.heard)
    assert second > first


def test_a_key_that_is_gone_sends_nothing_unsigned(node, receiver, tmp_path):
    file = tmp_path / "key"
    key = os.urandom(32)
    file.write_bytes(key)
    hook = receiver(codes=[503])
    one = node({"maildir": "mail", "webhook-key-file": str(file), "retry": {"first": "3s", "factor": 1, "maximum": "3s"}})
    one.start()
    [identifier] = one.submit("--webhook", hook.url)
    until(lambda: hook.heard, 15, "the first attempt")
    file.unlink()
    # The commands read the configuration, and would miss the key: what they show is in this file.
    record = one.directory / "spool/queue" / identifier / "delivery.json"
    until(lambda: "can't be read" in record.read_text(), 15, "a failure that names the key")
    assert len(hook.heard) == 1
    file.write_bytes(key)
    one.wait_state(identifier, "done", 20)
    verify(key, hook.heard[1][1], hook.heard[1][0])


@pytest.mark.parametrize("code, state", [(410, "failed"), (422, "failed"), (404, "queue"), (429, "queue")])
def test_what_a_refusal_comes_to(node, receiver, code, state):
    """What says that the request itself is wrong is final; whatever else may pass is tried again."""
    hook = receiver(codes=[code] * 2)
    one = node({"maildir": "mail", "retry": {"first": "1h", "maximum": "1h"}})
    one.start()
    [identifier] = one.submit("--webhook", hook.url)
    until(lambda: hook.heard, 15, "the webhook")
    one.wait_state(identifier, state, 10)
    until(lambda: one.recipient(identifier, hook.url).get("failure"), 10, "its failure on disk")
    assert str(code) in one.recipient(identifier, hook.url)["failure"]["reply"]
    assert len(hook.heard) == 1
