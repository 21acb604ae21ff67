"""The end of a track and its beginning share a packet if need be: no gap, no click."""

import numpy as np
import pytest

from lab import audio


def test_a_loop_is_its_concatenation_sample_by_sample(appliance, library, calling):
    """A file of 1.5 s (no whole number of packets), round and round: a period of 12,000 samples exactly."""
    call = calling(appliance, "moh-loop")
    call.invite(call.offer("0"))
    stream = call.receiver.wait(int(15 * 50), 25).check(160)
    octets = stream.payload
    period = 12_000
    assert octets[period:] == octets[:-period], "not the same in every round"
    # From the file's beginning, once.
    heard = audio.decode_ulaw(octets[:period])
    match = audio.match(heard[: period - 400], library.reference("loop", 8000), 8000)
    assert match.position == pytest.approx(0, abs=0.001) or match.position == pytest.approx(1.5, abs=0.001), match
    assert match.snr >= 35
    # The spacing of the packets on the wire, by the kernel's clock.
    assert stream.longest_gap() <= 0.025, f"{stream.longest_gap() * 1000:.1f} ms"


def test_the_joint_has_no_click(appliance, library, calling):
    """The source joins without a seam, so the error at the joint is no larger than elsewhere."""
    call = calling(appliance, "moh-loop")
    call.invite(call.offer("97", ["a=rtpmap:97 L16/16000"]))
    stream = call.receiver.wait(int(4 * 50), 10).check(320)
    heard = audio.decode_l16(stream.payload)
    reference = library.reference("loop", 16000)
    match = audio.match(heard[:20000], reference, 16000)
    line = np.roll(np.tile(reference, 4), -int(round(match.position * 16000)))[: len(heard)] * match.gain
    error = heard - line
    joint = (-int(round(match.position * 16000))) % 24000
    around = error[max(joint - 160, 0): joint + 160] if joint > 160 else error[24000 + joint - 160: 24000 + joint + 160]
    assert np.max(np.abs(around)) < 8 * np.sqrt(np.mean(error**2)) + 2 / 32768
    assert not audio.silences(heard, 16000)


def test_tracks_follow_each_other_without_a_gap(launch, calling, tmp_path):
    """Three tones of lengths that are no whole packets: every change is heard within a packet, and nothing is silent."""
    media = tmp_path / "media"
    (media / "default").mkdir(parents=True)
    lengths = [(500, 0.7031), (800, 0.911), (1300, 0.5557)]
    for i, (frequency, seconds) in enumerate(lengths):
        audio.write_wav(media / "default" / f"{i}.wav", audio.tone(frequency, seconds, 44100), 44100)
    appliance = launch(media, {"music": {"classes": {"default": {"order": "alphabetical", "start": "beginning"}}}})
    call = calling(appliance, "moh")
    call.invite(call.offer("0"))
    stream = call.receiver.wait(int(5 * 50), 12).check(160)
    heard = audio.decode_ulaw(stream.payload)
    assert not audio.silences(heard, 8000, threshold=-45, window=0.01)
    at = 0.0
    for frequency, seconds in lengths * 2:
        middle = heard[int((at + 0.1) * 8000): int((at + seconds - 0.1) * 8000)]
        assert audio.dominant(middle, 8000) == pytest.approx(frequency, abs=3)
        at += seconds
