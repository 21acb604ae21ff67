"""What phones in the field did to other systems' recorders (docs/cases.md)."""

import random
import time

import pytest

from lab import audio, voice
from lab.deposit import EVENTS, TEXT, after_the_tone, leave, mailbox, trace
from lab.maildir import recording
from lab.waiting import until


def seconds(message, directory):
    """How long the recording of a mail is."""
    heard, rate = audio.read_wav(recording(message, directory))
    return len(heard) / rate


HOLDS = {
    "sendonly": ([*EVENTS, "a=sendonly"], "recvonly"),
    "inactive": ([*EVENTS, "a=inactive"], "inactive"),
    "null address": (["c=IN IP4 0.0.0.0", *EVENTS], "recvonly"),
}


@pytest.mark.parametrize("name", HOLDS)
def test_a_hold_suspends_what_would_end_the_recording(office, calling, tmp_path, name):
    """G01, G03: three times the limit of silence passes without a packet; the message has no trace of it."""
    lines, direction = HOLDS[name]
    appliance = office({"voicemail": {"max-silence": "2s"}})
    call, speaker = leave(calling, appliance)
    said = voice.speech(TEXT)
    speaker.say(said)
    version = call.answer.sdp_version
    held = call.invite(call.offer("0 101", lines))
    assert held.status == 200 and held.rtp[1] != 0
    assert held.direction == direction
    assert held.sdp_version == version + 1
    quiet = time.time() + 0.1
    with pytest.raises(TimeoutError):
        call.phone.wait_request("BYE", 6)
    assert len(call.receiver.since(quiet)) == 0
    resumed = call.invite(call.offer("0 101", EVENTS))
    assert resumed.direction == "sendrecv"
    speaker.timestamp += 6 * voice.RATE
    start = time.time()
    speaker.say(said)
    assert len(call.receiver.since(start)) > 50
    assert call.bye().status == 200
    call.to_tag = None
    (message,) = mailbox(appliance).wait()
    spoken = 2 * len(said) / voice.RATE
    assert spoken - 1.5 < seconds(message, tmp_path) < spoken + 1


@pytest.mark.parametrize("resumes", [True, False])
def test_silence_sent_while_it_holds_ends_no_recording(office, calling, tmp_path, resumes):
    """But the longest message is the longest, held or not."""
    appliance = office({"voicemail": {"max-silence": "2s", "max-length": "8s"}})
    call, speaker = leave(calling, appliance)
    speaker.say(voice.speech(TEXT, seconds=3))
    assert call.invite(call.offer("0 101", [*EVENTS, "a=sendonly"])).status == 200
    speaker.be_silent(3)
    if resumes:
        assert call.invite(call.offer("0 101", EVENTS)).status == 200
    speaker.say(voice.speech(TEXT, seconds=4))
    assert call.phone.requests.empty()
    assert call.bye().status == 200
    call.to_tag = None
    (message,) = mailbox(appliance).wait()
    assert seconds(message, tmp_path) == pytest.approx(8, abs=0.1)
    assert told(appliance, "ended")[0].startswith("maximum-length")


OPUS_SILENCE = b"\xf8\xff\xfe"


class OpusKeys:
    """A phone that speaks Opus, in silence, and has events of 8000 Hz beside it, in the clock of its audio or of theirs."""

    def __init__(self, receiver, destination, growth):
        self.receiver, self.destination, self.growth = receiver, destination, growth
        self.payload_type, self.events = 127, 101
        self.sequence, self.timestamp = 65_530, 0xFFFF_F000

    def send(self, payload_type, payload, timestamp, marker=False):
        self.receiver.send(self.destination, payload_type, payload, self.sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, 0x7777, marker)
        self.sequence += 1
        time.sleep(0.02)  # the pace of a phone

    def be_silent(self, packets):
        for _ in range(packets):
            self.send(self.payload_type, OPUS_SILENCE, self.timestamp)
            self.timestamp += 960

    def press(self, key):
        start = self.timestamp
        for n in range(1, 9):
            end, duration = (0x80 if n > 5 else 0), min(n, 6) * self.growth
            self.send(self.events, bytes(["0123456789*#".index(key), end | 10, duration >> 8, duration & 255]), start, n == 1)
            self.timestamp += 960 if n <= 6 else 0
        self.be_silent(5)


@pytest.mark.parametrize("growth", [160, 960])
def test_keys_beside_opus_are_heard_once(office, calling, growth):
    """G06, G07: Opus as 127 and then as 113, events as 101 of 8000 Hz whatever their lengths count."""
    appliance = office()
    call = calling(appliance, "vm-alice")
    events = ["a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15"]
    response = call.invite(call.offer("127 9 0 101", ["a=rtpmap:127 opus/48000/2", *events]))
    assert response.formats[0] == 127 and 101 in response.formats
    phone = OpusKeys(call.receiver, response.rtp, growth)
    phone.be_silent(20)
    phone.press("#")
    until(lambda: phone.be_silent(10) or told(appliance, "recording"), 10, "the recording")
    assert set(call.receiver.stream.payload_types) == {127}
    response = call.invite(call.offer("113 9 0 101", ["a=rtpmap:113 opus/48000/2", *events]))
    changed = time.time() + 0.02
    assert response.formats[0] == 113 and 101 in response.formats
    phone.payload_type = 113
    phone.be_silent(60)
    phone.press("#")
    phone.be_silent(10)
    assert call.receiver.since(changed).payload_types == [113]
    # It was silence, so that one may say something again; and leave it.
    until(lambda: phone.be_silent(10) or len(told(appliance, "recording")) == 2, 20, "the second recording")
    assert told(appliance, "key") == ["skips the greeting", "ends the recording"]
    call.bye()


def told(appliance, step):
    """What the trace says of that step of alice's message, each time."""
    return [event.get("text", "") for event in trace(appliance, "--user", "alice") if event["step"] == step]


IDENTITIES = ["P-Asserted-Identity: <tel:+1-555-0142>", 'P-Asserted-Identity: "Ana O." <sip:+15550142@carrier.example.net>']


@pytest.mark.parametrize("caller, headers, name", [
    ("<tel:0142;phone-context=+1-555;ext=7>", IDENTITIES, "Ana O."), ("<tel:0142;phone-context=+1-555;ext=7>", [], "+15550142"),
    ("tel:+1(555)0142 ", [], "+15550142")])
def test_a_caller_who_is_a_telephone_number(office, calling, caller, headers, name):
    """G21: never refused with 416, and named without separators."""
    appliance = office({"sip": {"trusted-networks": ["192.0.2.0/24"]}})
    call, speaker = leave(calling, appliance, caller=caller, headers=headers)
    speaker.say(voice.speech(TEXT))
    assert call.bye().status == 200
    call.to_tag = None
    (message,) = mailbox(appliance).wait()
    assert "+15550142" in message.get_body(("plain",)).get_content()
    assert message["from"].addresses[0].display_name == name


def test_a_cancel_that_crosses_the_answer_costs_no_message(office, calling):
    """G25, first."""
    appliance = office()
    call = calling(appliance, "vm-alice")
    response = call.transact("INVITE", call.offer("0 101", EVENTS))
    assert response.status == 200
    call.cancel()
    assert call.phone.wait_response((1, "CANCEL")).status in (200, 481)
    call.ack()
    after_the_tone(call, response).say(voice.speech(TEXT))
    assert call.bye().status == 200
    call.to_tag = None
    assert {m.status for m in call.phone.log if m.is_response and m.cseq == (1, "INVITE")} <= {100, 180, 183, 200}
    mailbox(appliance).wait()


@pytest.mark.slow
def test_what_was_said_without_an_ack_is_mailed(office, calling, tmp_path):
    """G27, first, over TCP: the 200 is repeated there too, BYE comes after 32 s, and the message is kept."""
    appliance = office({"voicemail": {"max-silence": "60s"}})
    call = calling(appliance, "vm-alice", transport="tcp")
    response = call.transact("INVITE", call.offer("0 101", EVENTS))
    assert response.status == 200
    said = voice.speech(TEXT + " " + TEXT)
    after_the_tone(call, response).say(said)
    bye = call.phone.wait_request("BYE", 40)
    call.to_tag = None
    answers = [m.time for m in call.phone.log if m.is_response and m.status == 200 and m.cseq == (1, "INVITE")]
    assert len(answers) == 11
    assert [b - a for a, b in zip(answers, answers[1:])][:4] == pytest.approx([0.5, 1, 2, 4], abs=0.3)
    assert bye.time - answers[0] == pytest.approx(32, abs=1.5)
    (message,) = mailbox(appliance).wait()
    assert len(said) / voice.RATE - 1 < seconds(message, tmp_path) < len(said) / voice.RATE + 1


def test_a_phone_that_lost_its_power_leaves_what_it_said(office, calling, tmp_path):
    """G38 d: three seconds of speech, then no packet and no BYE; the silence at the end is cut off."""
    appliance = office({"voicemail": {"max-silence": "4s"}})
    call, speaker = leave(calling, appliance)
    speaker.say(voice.speech(TEXT, seconds=3))
    call.phone.wait_request("BYE", 15)
    call.to_tag = None
    (message,) = mailbox(appliance).wait()
    assert 2 < seconds(message, tmp_path) < 3.6


def test_a_phone_that_sends_nothing_leaves_no_mail(office, calling):
    """G38 c: no packet after the tone; the call is ended when the limit of silence has passed."""
    appliance = office({"voicemail": {"max-silence": "3s"}})
    call, _ = leave(calling, appliance)
    call.phone.wait_request("BYE", 15)
    call.to_tag = None
    appliance.process.wait_log("no mail to alice", 10)
    assert not mailbox(appliance).files


def test_a_caller_who_never_hangs_up_leaves_one_message_of_the_longest(office, calling, tmp_path):
    """G38 e: and what is on disk does not grow beyond it."""
    appliance = office({"voicemail": {"max-length": "6s"}})
    call, speaker = leave(calling, appliance)
    line = voice.speech(TEXT + " " + TEXT)
    sizes = []
    end = time.monotonic() + 60
    while time.monotonic() < end and call.phone.requests.empty():
        start = random.randrange(len(line) - 4000)
        speaker.say(line[start:start + 4000])
        sizes += [file.stat().st_size for file in (appliance.directory / "var/spool").glob("*/*/audio.au")]
    call.phone.wait_request("BYE", 1)
    call.to_tag = None
    (message,) = mailbox(appliance).wait()
    assert seconds(message, tmp_path) == pytest.approx(6, abs=0.1)
    assert max(sizes) == 24 + 2 * 6 * voice.RATE
    assert told(appliance, "ended")[0].startswith("maximum-length")


def test_what_is_said_during_the_greeting_is_no_part_of_the_message(office, calling, tmp_path):
    """G38 f: a hum all the while, and speech from the tone on."""
    appliance = office()
    call = calling(appliance, "vm-alice")
    response = call.invite(call.offer("0 101", EVENTS))
    speaker = voice.Voice(call.receiver, response.rtp)
    speaker.be_silent = lambda seconds: speaker.say(audio.tone(1000, seconds, voice.RATE))
    begun = time.monotonic()
    assert speaker.wait_tone() - begun > 3, "a greeting"
    said = voice.speech(TEXT)
    speaker.say(said)
    assert call.bye().status == 200
    call.to_tag = None
    (message,) = mailbox(appliance).wait()
    assert seconds(message, tmp_path) < len(said) / voice.RATE + 0.6
