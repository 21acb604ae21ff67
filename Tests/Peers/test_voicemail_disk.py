"""What is on disk when the power fails, the process is killed, or the disk is full: cases G38 and G39."""

import json
import os
import re
import signal
import struct
import time

import pytest

from lab import audio, voice
from lab.deposit import TEXT, leave, mailbox
from lab.maildir import recording
from lab.waiting import until


def kill(appliance, call):
    appliance.process.signal(signal.SIGKILL)
    appliance.process.wait(5)
    call.to_tag = None


def recordings(appliance):
    """The messages that are being left, as (directory, name of the file)."""
    return sorted((appliance.directory / "var/spool/recording").glob("*/audio.au"))


def assert_said(message, said, tmp_path, seconds):
    """The mail holds what was said from its second second on, and is so long at least."""
    heard, rate = audio.read_wav(recording(message, tmp_path))
    assert len(heard) / rate > seconds
    inner = audio.decode_ulaw(voice.encode_ulaw(said))[8000:int((seconds - 1) * 8000)]
    found = audio.match(inner, heard, rate, looped=False)
    assert found.correlation > 0.98, found


def test_kill_in_the_middle_loses_the_last_second_at_most(office, calling, tmp_path):
    appliance = office()
    said = voice.speech(TEXT + " " + TEXT, seconds=10)
    call, speaker = leave(calling, appliance)
    speaker.say(said)
    kill(appliance, call)
    assert not mailbox(appliance).files
    appliance.start()
    (message,) = mailbox(appliance).wait()
    assert_said(message, said, tmp_path, 8.5)
    assert "The recording was cut off." in message.get_body(("plain",)).get_content()
    # Once, also after another restart.
    appliance.stop()
    appliance.start()
    assert len(mailbox(appliance).messages) == 1


@pytest.mark.parametrize("torn", ["cut", "zeros", "rubbish"])
def test_a_torn_last_write_costs_no_more_than_itself(office, calling, tmp_path, torn):
    """What a power cut leaves of the last write that was not synced: less, holes, or other octets."""
    appliance = office()
    said = voice.speech(TEXT + " " + TEXT, seconds=8)
    call, speaker = leave(calling, appliance)
    speaker.say(said)
    kill(appliance, call)
    (file,) = recordings(appliance)
    octets = file.read_bytes()
    rest = {"cut": b"", "zeros": bytes(12001), "rubbish": os.urandom(12001)}[torn]
    file.write_bytes(octets[:-12001] + rest)
    appliance.start()
    (message,) = mailbox(appliance).wait()
    assert_said(message, said, tmp_path, 5.7)


def test_broken_pieces_in_the_spool_are_set_aside(office):
    """G39 d: the start succeeds, nothing is mailed, the log names each."""
    appliance = office()
    appliance.stop()
    spool = appliance.directory / "var/spool/recording"
    (spool / "20-octets").write_bytes(bytes(20))
    (spool / "empty").write_bytes(b"")
    orphan = spool / "65000000-host1-orphan"
    orphan.mkdir()
    header = b".snd" + struct.pack(">5I", 24, 0xFFFFFFFF, 3, 8000, 1)
    (orphan / "audio.au").write_bytes(header + bytes(16000))
    shell = spool / "65000000-host1-shell"
    shell.mkdir()
    appliance.start()
    log = appliance.process.log()
    for name in ("20-octets", "empty", "65000000-host1-orphan"):
        assert re.search(f"{name} in the spool is set aside in failed/", log), log[-2000:]
        assert (appliance.directory / "var/spool/failed" / name).exists()
    assert "65000000-host1-shell in the spool was empty and is removed" in log
    assert not list(spool.iterdir())
    assert not mailbox(appliance).files
    # And not again at the next start.
    appliance.stop()
    appliance.start()
    assert "set aside" not in appliance.process.log()[len(log):]


def test_a_full_disk_keeps_what_fits(office, calling, tmp_path):
    """G39 c: what fits is kept and mailed, the caller hears that it ended, and other calls live on.

    The disk is a file system in the daemon's own mount namespace."""
    script = 'mkdir -p small && mount -t tmpfs -o size=400k tmpfs small && exec "$@"'
    appliance = office({"voicemail": {"spool": "small/spool", "reserve": "0"}}, wrapper=["sh", "-c", script, "sh"])
    music = calling(appliance, "moh-default")
    music.invite(music.offer("0"))
    call, speaker = leave(calling, appliance)
    long = voice.speech(TEXT, seconds=40)
    for start in range(0, len(long), 8000):
        if "cut off" in appliance.process.log():
            break
        speaker.say(long[start:start + 8000])
    assert "No space left" in appliance.process.log()
    ended = time.time()
    speaker.be_silent(3)
    told = audio.decode_ulaw(call.receiver.stream.between(ended).payload)
    assert audio.level(told) > -45, "the caller hears that it ended"
    call.bye()
    (message,) = mailbox(appliance).wait()
    heard, rate = audio.read_wav(recording(message, tmp_path))
    assert len(heard) / rate > 10
    found = audio.match(audio.decode_ulaw(voice.encode_ulaw(long))[8000:64000], heard, rate, looped=False)
    assert found.correlation > 0.98, found
    assert appliance.process.is_running
    start = time.time()
    until(lambda: len(music.receiver.stream.between(start)) > 10, 5, "music goes on")
    assert appliance.metrics()["intermezzo_voicemail_failures_total"] >= 1


@pytest.mark.parametrize("point", ["finish.audio-synced", "finish.described", "move.renamed"])
def test_killed_between_the_bye_and_the_queue(office, calling, point):
    """G39 b: mailed once, under the Message-ID that it would have had."""
    appliance = office(environment={"INTERMEZZO_FAULT": point})
    call, speaker = leave(calling, appliance)
    speaker.say(voice.speech(TEXT))
    (envelope,) = (appliance.directory / "var/spool/recording").glob("*/envelope.json")
    message_id = json.loads(envelope.read_text())["messageID"]
    call.phone.send(call.text("BYE"))
    call.to_tag = None
    assert appliance.process.wait(10) in (-signal.SIGKILL, 137)
    appliance.environment = None
    appliance.start()
    (message,) = mailbox(appliance).wait()
    assert message["message-id"] == message_id
    appliance.stop()
    appliance.start()
    assert len(mailbox(appliance).messages) == 1
