"""Leaving a message by telephone, and finding it in the mail."""

import json
import re
import signal
import time

import numpy as np
import pytest

from lab import audio, voice
from lab.baresip import Baresip
from lab.deposit import EVENTS, TEXT, leave, listen_for, mailbox
from lab.maildir import recording
from lab.mailreading import python
from lab.sipp import Sipp
from lab.waiting import until

def test_a_message_comes_by_mail_as_it_was_said(office, calling, tmp_path):
    appliance = office()
    said = voice.speech(TEXT)
    call, speaker = leave(calling, appliance)
    speaker.say(said)
    speaker.be_silent(0.1)
    assert call.bye().status == 200
    call.to_tag = None
    (message,) = mailbox(appliance).wait()
    assert "alice@example.com" in message["to"]
    assert "15550199" in message["from"].addresses[0].display_name
    assert "15550199" in message.get_body(("plain",)).get_content()
    assert message["from"].addresses[0].addr_spec == "voicemail@example.com"
    assert message["auto-submitted"] == "auto-generated"
    heard, rate = audio.read_wav(recording(message, tmp_path))
    assert rate == 8000
    # What was said, cut to what is there, is in it: found by correlation, compared after one gain.
    reference = audio.decode_ulaw(voice.encode_ulaw(said))
    inner = reference[4000:-4000]
    found = audio.match(inner, heard, rate, looped=False)
    assert found.correlation > 0.98, found
    assert found.snr > 25, found
    # Pauses at the ends are cut off, speech is not.
    assert len(reference) / rate - 0.7 < len(heard) / rate < len(reference) / rate + 1.5


URI = "sip:+15550142@carrier.example.net;user=phone"
HARD = "Zoë \"Zed\" Müller-Løvenskiold, Büro <3. Stock> Tür " + "ä" * 30


@pytest.mark.parametrize("caller, name", [
    ('"' + HARD.replace('"', '\\"') + f'" <{URI}>', HARD), (f"Zed Two <{URI}>", "Zed Two"), (f'"" <{URI}>', "+15550142"),
    ("sip:+15550142@carrier.example.net", "+15550142")])
def test_the_name_of_a_caller_comes_as_it_was_written(office, calling, caller, name):
    """G35, from the SIP message to the mail; how other programs read such mails is in test_mail_composition."""
    appliance = office()
    call, speaker = leave(calling, appliance, caller=caller)
    speaker.say(voice.speech(TEXT))
    assert call.bye().status == 200
    call.to_tag = None
    (message,) = mailbox(appliance).wait()
    assert "+15550142" in message.get_body(("plain",)).get_content()
    (octets,) = [file.read_bytes() for file in mailbox(appliance).files]
    assert octets.isascii()
    read = python(octets)
    assert read["name"] == name
    assert read["subject"].startswith(f"Voicemail from {name} (")


def test_the_busy_tone_of_the_network_is_not_mailed(office, calling, tmp_path):
    appliance = office()
    said = voice.speech(TEXT)
    call, speaker = leave(calling, appliance)
    speaker.say(said)
    for _ in range(5):
        speaker.be_silent(0.5)
        speaker.say(audio.tone(425, 0.5, 8000))
    call.bye()
    (message,) = mailbox(appliance).wait()
    heard, rate = audio.read_wav(recording(message, tmp_path))
    assert len(heard) / rate < len(said) / 8000 + 1.2


def test_the_first_run_of_the_readme(office, tmp_path):
    appliance = office()
    said = voice.speech(TEXT, rate=16000)
    audio.write_wav(tmp_path / "hello.wav", said, 16000)
    out = appliance.command("call", appliance.uri("vm-alice"), "--play", tmp_path / "hello.wav", timeout=60)
    assert out.returncode == 0, out.stdout + out.stderr
    (message,) = mailbox(appliance).wait()
    heard, rate = audio.read_wav(recording(message, tmp_path))
    assert len(said) / 16000 - 1.0 < len(heard) / rate < len(said) / 16000 + 1.0
    found = audio.match(audio.resample(said, 16000, rate)[rate // 2:-rate // 2], heard, rate, looped=False)
    assert found.correlation > 0.9, found


def test_calls_that_leave_nothing_make_no_mail(office, calling):
    appliance = office()
    # In the greeting (G38 a).
    call = calling(appliance, "vm-alice")
    call.invite(call.offer("0 101", EVENTS))
    call.receiver.wait(20)
    call.bye()
    # 300 ms after the tone (b).
    call, speaker = leave(calling, appliance)
    speaker.say(voice.speech("Oh", seconds=0.3))
    call.bye()
    # Silence (c).
    call, speaker = leave(calling, appliance)
    speaker.be_silent(3)
    call.bye()
    # A busy tone.
    call, speaker = leave(calling, appliance)
    beat = audio.tone(425, 0.5, 8000)
    for _ in range(4):
        speaker.say(beat)
        speaker.be_silent(0.5)
    call.bye()
    until(lambda: len(re.findall("no mail to alice", appliance.process.log())) == 4, 10, "four reasons in the log")
    log = appliance.process.log()
    for reason in ("nothing was said", "silence", "tone"):
        assert f"no mail to alice: {reason}" in log, log[-3000:]
    assert not mailbox(appliance).files
    # They are kept, and listed with why they are not mailed.
    def discarded():
        out = appliance.command("mail", "list", "--state", "discarded", "--json", "--config", appliance.file)
        return [message["discarded"] for message in json.loads(out.stdout)]

    assert len(discarded()) == 4
    assert {"nothing was said", "silence", "tone"} <= set(discarded())
    # For some days: here for none, which a start notices.
    appliance.stop()
    assert len(discarded()) == 4
    appliance.configuration["voicemail"]["keep-discarded"] = "0s"
    appliance.start()
    until(lambda: not discarded(), 10, "what was discarded is removed")


def test_the_menu_after_hash(office, calling):
    appliance = office()
    call, speaker = leave(calling, appliance)
    speaker.say(voice.speech(TEXT))
    speaker.press("#")
    speaker.be_silent(0.5)
    speaker.press("3")
    speaker.be_silent(0.5)
    speaker.press("#")
    assert listen_for(call, speaker, "BYE"), "the appliance hangs up"
    call.to_tag = None
    (message,) = mailbox(appliance).wait()
    assert message["x-priority"].startswith("1")


def test_what_is_being_said_when_the_node_stops_is_mailed(office, calling):
    appliance = office()
    call, speaker = leave(calling, appliance)
    speaker.say(voice.speech(TEXT))
    appliance.process.signal(signal.SIGTERM)
    assert call.phone.wait_request("BYE", 8)
    call.to_tag = None
    assert appliance.process.wait(20) == 0
    if not mailbox(appliance).files:
        appliance.start()
    mailbox(appliance).wait()


G20 = (
    'Diversion: "Front desk, 2nd floor" <sip:201@pbx.example.com>;reason=no-answer;counter=1;privacy=off,'
    " <tel:+1-555-0143>;reason=unconditional",
    "Diversion: <sip:+15550144@carrier.example.net;user=phone>;reason=user-busy;counter=2",
)


@pytest.mark.parametrize("order", [1, -1])
def test_the_mailbox_is_the_one_that_is_ours(office, calling, order):
    appliance = office()
    call, speaker = leave(calling, appliance, "voicemail", headers=G20[::order])
    speaker.say(voice.speech(TEXT))
    call.bye()
    mailbox(appliance, "201").wait()
    strangers = [line.replace("201@", "299@") for line in G20]
    call = calling(appliance, "voicemail")
    assert call.invite(call.offer("0"), headers=strangers).status == 404


def test_a_number_of_the_user_reaches_the_mailbox(office, calling):
    appliance = office()
    call, speaker = leave(calling, appliance, "+15550100")
    speaker.say(voice.speech(TEXT))
    call.bye()
    mailbox(appliance).wait()


def test_fax_is_refused_and_the_recording_goes_on(office, calling, tmp_path):
    """G05."""
    appliance = office()
    call, speaker = leave(calling, appliance)
    said = voice.speech(TEXT)
    speaker.say(said)
    fax = "\r\n".join([
        "v=0", "o=- 88 3 IN IP4 203.0.113.40", "s=-", "t=0 0", "m=audio 0 RTP/AVP 8 101", "m=image 4310 udptl t38",
        "c=IN IP4 203.0.113.40", "a=T38FaxVersion:1", "a=T38MaxBitRate:9600", "a=T38FaxUdpEC:t38UDPRedundancy", ""])
    assert call.invite(fax).status == 488
    speaker.say(said)
    assert call.bye().status == 200
    (message,) = mailbox(appliance).wait()
    heard, rate = audio.read_wav(recording(message, tmp_path))
    assert len(heard) / rate > 2 * len(said) / 8000 - 1, "before and after"


def test_keys_by_info(office, calling):
    appliance = office()
    call = calling(appliance, "vm-alice")
    response = call.invite(call.offer("0"))
    speaker = voice.Voice(call.receiver, response.rtp)
    speaker.be_silent(0.2)
    call.cseq += 1
    body = "Signal=#\r\nDuration=160\r\n"
    text = call.text("INFO", cseq=call.cseq)
    text = text.replace("Content-Length: 0", f"Content-Type: application/dtmf-relay\r\nContent-Length: {len(body)}") + body
    call.phone.send(text)
    assert call.phone.wait_response((call.cseq, "INFO"), 5, call_id=call.call_id).status == 200
    start = time.monotonic()
    speaker.wait_tone(10)
    assert time.monotonic() - start < 4, "the greeting was skipped"
    call.bye()


def test_nought_leads_to_the_operator(office, calling):
    appliance = office({"voicemail": {"operator": "sip:desk@example.com"}})
    call = calling(appliance, "vm-alice")
    response = call.invite(call.offer("0 101", EVENTS))
    speaker = voice.Voice(call.receiver, response.rtp)
    speaker.be_silent(0.2)
    speaker.press("0")
    call.phone.auto_answer = {"REFER", "BYE"}
    refer = listen_for(call, speaker, "REFER")
    assert refer is not None
    assert "sip:desk@example.com" in refer["refer-to"]
    call.bye()


@pytest.mark.parametrize("codec,rate", [("pcmu", 8000), ("g722", 16000), ("opus/48000/1", 16000)])
def test_baresip_leaves_a_message(office, tmp_path, codec, rate):
    appliance = office()
    said = voice.speech(TEXT, rate=rate)
    # baresip plays its file from the answer on: nothing during the greeting, then speech.
    line = np.concatenate([np.zeros(rate * 14), said, np.zeros(rate * 20)])
    audio.write_wav(tmp_path / "said.wav", line, rate)
    phone = Baresip(
        appliance.namespace, tmp_path, appliance.namespace.address(21), codecs=codec, source=f"aufile,{tmp_path / 'said.wav'}",
        rate=rate)
    try:
        phone.dial(appliance.uri("vm-alice"))
        # The recording ends by itself when nobody speaks any more.
        (message,) = mailbox(appliance).wait(seconds=60)
    finally:
        phone.stop()
    heard, found_rate = audio.read_wav(recording(message, tmp_path))
    assert found_rate == rate
    found = audio.match(said[rate:-rate], heard, rate, looped=False)
    assert found.correlation > 0.8, found


def test_sipp_leaves_messages_at_once(office, tmp_path):
    """Ten callers at the same time, for two mailboxes."""
    appliance = office()
    said = voice.speech(TEXT)
    line = np.concatenate([np.zeros(8000 * 14), said])
    (tmp_path / "said.ulaw").write_bytes(voice.encode_ulaw(line))
    callers = [
        Sipp(
            appliance.namespace, tmp_path, appliance.namespace.address(21 + n), appliance.server, user, calls=5, rate=10,
            milliseconds=int(1000 * len(line) / 8000) + 300, play=tmp_path / "said.ulaw", name=f"sipp{n}")
        for n, user in enumerate(["vm-alice", "vm-201"])
    ]
    for caller in callers:
        assert caller.wait() == 0, caller.errors.read_text() if caller.errors.exists() else ""
    for user in ("alice", "201"):
        messages = mailbox(appliance, user).wait(5)
        assert len({message["message-id"] for message in messages}) == 5
        heard, rate = audio.read_wav(recording(messages[0], tmp_path))
        found = audio.match(audio.decode_ulaw(voice.encode_ulaw(said))[8000:-8000], heard, rate, looped=False)
        assert found.correlation > 0.98, found


def test_the_users_own_greeting(office, calling):
    appliance = office()
    greetings = appliance.directory / "greetings"
    greetings.mkdir()
    audio.write_wav(greetings / "alice.wav", audio.tone(700, 2, 16000), 16000)
    audio.write_wav(greetings / "alice-busy.wav", audio.tone(900, 2, 16000), 16000)
    for dialled, frequency in (("vm-alice", 700), ("vm-alice;cause=486", 900)):
        call = calling(appliance, dialled)
        call.uri = appliance.uri("vm-alice") + (";cause=486" if "486" in dialled else "")
        call.target = call.uri
        call.invite(call.offer("0"))
        heard = audio.decode_ulaw(call.receiver.wait(75).payload)
        assert abs(audio.dominant(heard[4000:12000], 8000) - frequency) < 5
        call.bye()
