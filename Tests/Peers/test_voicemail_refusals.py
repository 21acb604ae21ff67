"""Who gets no message, and what callers hear of it."""

import json

import pytest

from lab import audio, voice
from lab.deposit import EVENTS, TEXT, after_the_tone, leave, mailbox, trace, was_heard
from lab.waiting import until

# Nobody listens there: messages stay in the queue.
NOWHERE = {"relays": [{"url": "smtp://127.0.0.1:9"}], "maildir": None}


def early(call, seconds=20):
    """The final response of a call that hears early media; its answer is in `call.progress`."""
    call.phone.send(call.text("INVITE", call.offer("0")))
    while True:
        response = call.phone.wait_response((call.cseq, "INVITE"), seconds, final=False, call_id=call.call_id)
        if response.status == 183:
            call.progress = response
        if response.status >= 200:
            call.ack_failure(response)
            return response


def test_nobody_has_this_mailbox(office, calling):
    appliance = office()
    for dialled in ("vm-nobody", "nobody", "voicemail"):
        assert calling(appliance, dialled).invite().status == 404


def test_a_mailbox_that_is_elsewhere(office, calling):
    appliance = office()
    response = calling(appliance, "vm-moved").invite()
    assert response.status == 302
    assert "vm-moved@192.0.2.77:5070" in response["contact"]


@pytest.mark.parametrize("status", [480, 486])
def test_a_mailbox_that_is_off(office, calling, status):
    appliance = office({"voicemail": {"full-response": status}})
    call = calling(appliance, "vm-closed")
    assert early(call).status == status
    assert call.progress.rtp
    was_heard(call, "mailbox-disabled")
    until(lambda: "turned-away" in [event["step"] for event in trace(appliance, "--user", "closed")], 5, "the trace says so")
    (_, rule, refusal) = trace(appliance, "--user", "closed")
    assert rule["text"] == "vm-USER, direct"
    assert refusal["text"] == "disabled"


@pytest.mark.parametrize("status", [480, 486])
def test_a_mailbox_that_is_full(office, calling, status):
    appliance = office({"voicemail": {"mailbox-messages": 1, "full-response": status}, "mail": NOWHERE})
    call, speaker = leave(calling, appliance)
    speaker.say(voice.speech(TEXT))
    call.bye()
    until(lambda: "is in the queue" in appliance.process.log(), 10, "the message is queued")
    call = calling(appliance, "vm-alice")
    assert early(call).status == status
    was_heard(call, "mailbox-full")
    # Another's is not.
    leave(calling, appliance, "vm-201")


def test_a_disk_below_its_reserve(office, calling):
    appliance = office({"voicemail": {"reserve": "1000000G"}})
    call = calling(appliance, "vm-alice")
    assert early(call).status == 480
    was_heard(call, "out-of-order")
    assert "the spool's disk is below voicemail.reserve" in json.dumps(appliance.status()["alarms"])
    assert appliance.metrics()["intermezzo_spool_below_reserve"] == 1


def test_without_an_offer_the_call_is_answered_told_and_ended(office, calling):
    """There is nowhere to send early media to."""
    appliance = office()
    call = calling(appliance, "vm-closed")
    response = call.invite("", answer=call.offer("0"))
    assert response.status == 200
    bye = call.phone.wait_request("BYE", 20)
    assert "cause=480" in bye["reason"]
    call.to_tag = None
    was_heard(call, "mailbox-disabled")


def test_where_early_media_would_be_cut_short_the_call_is_answered(office, calling):
    """An address out of the allowed networks gets media when its ACK has shown that it is there."""
    appliance = office({"rtp": {"allowed-networks": ["10.0.0.0/8"]}})
    call = calling(appliance, "vm-closed")
    assert call.invite(call.offer("0")).status == 200
    assert "cause=480" in call.phone.wait_request("BYE", 20)["reason"]
    call.to_tag = None
    was_heard(call, "mailbox-disabled")


def test_an_asserted_identity_is_believed_from_trusted_networks_only(office, calling):
    appliance = office({"sip": {"trusted-networks": ["192.0.2.31/32"]}})
    asserted = ['P-Asserted-Identity: "Ana Olsen" <sip:+15550142@carrier.example.net>']
    for host, number in ((31, "+15550142"), (32, "+15550199")):
        call = calling(appliance, "vm-alice", host=host, user="+15550199")
        response = call.invite(call.offer("0 101", EVENTS), headers=asserted)
        after_the_tone(call, response).say(voice.speech(TEXT))
        call.bye()
        until(lambda: trace(appliance, "--caller", number), 5, f"a message of {number}")
    believed, other = sorted(mailbox(appliance).wait(2), key=lambda message: "Ana" not in message["from"])
    assert "Ana Olsen" in believed["from"]
    # Three letters would be found in the base64 of the sound now and then.
    assert "Ana Olsen" not in other.as_string()


def test_a_stranger_may_say_whose_mailbox_but_not_who_calls(office, calling):
    """Diversion gives nobody more than to dial the mailbox would (docs/voicemail.md)."""
    appliance = office()
    call, speaker = leave(calling, appliance, "voicemail", headers=["Diversion: <sip:201@pbx.example.com>;reason=no-answer"])
    speaker.say(voice.speech(TEXT))
    call.bye()
    (message,) = mailbox(appliance, "201").wait()
    assert "15550199" in message["from"]


def test_the_trace_tells_every_step(office, calling):
    appliance = office()
    call, speaker = leave(calling, appliance, parameters=";cause=408")
    speaker.say(audio.tone(425, 2, 8000))
    speaker.press("#")
    speaker.wait_tone()
    speaker.say(voice.speech(TEXT))
    speaker.press("#")
    speaker.be_silent(0.5)
    speaker.press("3")
    speaker.be_silent(0.5)
    call.bye()
    mailbox(appliance).wait()
    until(lambda: "done" in [event["step"] for event in trace(appliance, "--user", "alice")], 10, "the mail is traced")
    events = trace(appliance, "--user", "alice")
    steps = [event["step"] for event in events]
    assert steps == [
        "invited", "mailbox", "greeting", "answered", "key", "recording", "key", "judged", "recording", "key", "judged", "key", "ended",
        "queued", "accepted", "done"], steps
    text = [event.get("text") for event in events]
    assert call.call_id in text[0] and "called alice" in text[0]
    assert events[0]["caller"] == "+15550199"
    assert text[1] == "vm-USER, no-answer"
    assert text[2] == "spoken, en"
    assert text[4] == "skips the greeting"
    assert "PCMU" in text[5]
    assert text[6] == "ends the recording"
    assert text[7].startswith("tone near 4")
    assert text[10].startswith("speech, ")
    assert text[11] == "marks the message urgent"
    assert text[12].startswith("key, ")
    assert len({event["id"] for event in events}) == 1
