"""Calls that leave nothing worth a recording: kept, listed, and told as missed to who wants to know."""

import json

import pytest

from lab import voice
from lab.deposit import TEXT, leave, mailbox
from lab.waiting import until
from lab.webhook import Receiver


def silent_call(calling, appliance, seconds=3):
    call, speaker = leave(calling, appliance)
    speaker.be_silent(seconds)
    assert call.bye().status == 200
    call.to_tag = None


def listed(appliance, state):
    out = appliance.command("mail", "list", "--state", state, "--json", "--config", appliance.file)
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)


@pytest.mark.parametrize("way", ["configured", "user"])
def test_silence_is_told_as_a_missed_call(office, calling, way):
    appliance = office({"voicemail": {"missed-call-mail": True}} if way == "configured" else None)
    if way == "user":
        out = appliance.command("users", "set", "alice", "--missed-call-mail", "on", "--config", appliance.file)
        assert out.returncode == 0, out.stderr
    silent_call(calling, appliance)
    (message,) = mailbox(appliance).wait()
    assert message["subject"].startswith("Missed call from") and "15550199" in message["subject"]
    assert not list(message.iter_attachments())
    assert message["message-id"].startswith("<missed.")
    [kept] = until(lambda: listed(appliance, "discarded"), 10, "the kept message")
    assert kept["discarded"] == "silence"
    out = appliance.command("mail", "list", "--config", appliance.file)
    assert "discarded" in out.stdout and "silence" in out.stdout
    identifier = kept["envelope"]["id"]
    out = appliance.command("mail", "trace", identifier, "--json", "--config", appliance.file)
    steps = [event["step"] for event in json.loads(out.stdout)]
    assert steps[-4:] == ["discarded", "queued", "accepted", "done"], steps
    # Who wants the recording after all gets it, as another mail.
    out = appliance.command("mail", "retry", identifier, "--config", appliance.file)
    assert out.returncode == 0, out.stderr
    both = mailbox(appliance).wait(2)
    assert sorted(message["subject"].split(" from")[0] for message in both) == ["Missed call", "Voicemail"]


def test_who_does_not_want_to_know_is_told_nothing(office, calling):
    appliance = office({"voicemail": {"missed-call-mail": True}})
    out = appliance.command("users", "set", "alice", "--missed-call-mail", "off", "--config", appliance.file)
    assert out.returncode == 0, out.stderr
    silent_call(calling, appliance)
    until(lambda: listed(appliance, "discarded"), 10, "the kept message")
    assert not listed(appliance, "queue") and not mailbox(appliance).files


def test_a_message_is_no_missed_call(office, calling):
    appliance = office({"voicemail": {"missed-call-mail": True}})
    call, speaker = leave(calling, appliance)
    speaker.say(voice.speech(TEXT))
    call.bye()
    call.to_tag = None
    (message,) = mailbox(appliance).wait()
    assert message["subject"].startswith("Voicemail from")
    assert len(list(message.iter_attachments())) == 1


def test_a_hang_up_in_the_greeting_is_a_missed_call(office, calling):
    appliance = office({"voicemail": {"missed-call-mail": True}})
    hook = Receiver(appliance.namespace)
    try:
        out = appliance.command("users", "set", "alice", "--webhook", hook.url, "--config", appliance.file)
        assert out.returncode == 0, out.stderr
        call = calling(appliance, "vm-alice", user="+15550199")
        call.invite()
        call.receiver.wait(20)
        call.bye()
        call.to_tag = None
        (message,) = mailbox(appliance).wait()
        assert message["subject"].startswith("Missed call from")
        until(lambda: hook.heard, 10, "the webhook")
        assert hook.bodies[0]["event"] == "missed-call" and "link" not in hook.bodies[0]
    finally:
        hook.close()
