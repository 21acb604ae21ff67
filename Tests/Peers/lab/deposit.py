"""An office with mailboxes, and callers who leave messages there."""

import json
import time

import numpy as np

from . import audio, voice
from .appliance import ROOT, merged
from .maildir import Maildir

TEXT = "Hello Alice, this is Bob from the workshop. The spare part is here, please call me back."
EVENTS = ("a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15")


def start_office(launch, library, change=None, **options):
    """An appliance with users: alice (her mail in a Maildir), 201, one whose mailbox is off, and one who moved."""
    appliance = launch(library.directory, start=False, **options)
    base = {
        "voicemail": {
            "spool": "var/spool", "prompts": str(ROOT / "Media/prompts"), "greetings": str(appliance.directory / "greetings"),
            "reserve": "20M"},
        "mail": {"maildir": "var/mail"},
        "directory": {"sqlite": "var/users.sqlite"},
    }
    appliance.configuration = merged(appliance.configuration, merged(base, change or {}))
    appliance.write()
    for words in [
        ["alice", "--email", "alice@example.com", "--display-name", "Alice Arnold", "--did", "+1-555-0100"],
        ["201", "--email", "desk@example.com"],
        ["closed", "--email", "closed@example.com", "--voicemail", "off"],
        ["moved", "--mailbox-server", "sip:192.0.2.77:5070"],
    ]:
        out = appliance.command("users", "add", *words, "--config", appliance.file)
        assert out.returncode == 0, out.stderr
    appliance.start()
    return appliance


def mailbox(appliance, user="alice"):
    return Maildir(appliance.directory / "var/mail" / user)


def leave(calling, appliance, dialled="vm-alice", user="+15550199", headers=(), skip=True, parameters="", caller=None):
    """Calls a mailbox; returns the call and its voice when the tone was heard."""
    call = calling(appliance, dialled, user=user, caller=caller)
    call.uri = call.target = call.uri + parameters
    response = call.invite(call.offer("0 101", EVENTS), headers=headers)
    assert response.status == 200, response
    return call, after_the_tone(call, response, skip)


def after_the_tone(call, response, skip=True):
    """The voice of a caller who has that answer, when the tone was heard."""
    speaker = voice.Voice(call.receiver, response.rtp)
    speaker.be_silent(0.3)
    if skip:
        speaker.press("#")
    speaker.wait_tone()
    return speaker


def trace(appliance, *words):
    """The events of `intermezzo mail trace`."""
    out = appliance.command("mail", "trace", *words, "--json", "--config", appliance.file)
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)


def listen_for(call, speaker, method, seconds=15):
    """A request of the appliance, with silence spoken until it comes; None when it doesn't."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        speaker.be_silent(0.2)
        try:
            return call.phone.wait_request(method, 0.01)
        except (TimeoutError, AssertionError):
            continue
    return None


def prompt(phrase, language="en"):
    """A phrase as a caller hears it, without the silence at its ends."""
    samples, rate = audio.read_wav(ROOT / f"Media/prompts/{language}/{phrase}.opus")
    samples = audio.resample(samples, rate, 8000)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0]:loud[-1]]


def was_heard(call, phrase):
    """Asserts that a whole phrase was heard, in PCMU."""
    found = audio.match(prompt(phrase), audio.decode_ulaw(call.receiver.stream.payload), 8000, looped=False)
    assert found.correlation > 0.95, found
