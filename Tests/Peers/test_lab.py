"""The measuring tools measured: they must tell good from bad before they judge the appliance."""

import subprocess

import numpy as np
import pytest

from lab import audio
from lab.capture import Capture
from lab.rtp import Receiver

SOX = {"PCMU": ["-t", "ul"], "PCMA": ["-t", "al"]}


@pytest.mark.parametrize("codec", ["PCMU", "PCMA", "G722"])
def test_decoders_agree_with_an_encoder_that_is_not_ours(tmp_path, codec):
    source = audio.seamless_noise(2, seed=5)
    audio.write_wav(tmp_path / "s.wav", source, 48000)
    if codec == "G722":
        rate = 16000
        octets = subprocess.run(
            ["ffmpeg", "-v", "error", "-i", tmp_path / "s.wav", "-ar", "16000", "-f", "g722", "-"], capture_output=True, check=True).stdout
        heard = audio.decode_g722(octets)
    else:
        rate = 8000
        octets = subprocess.run(["sox", tmp_path / "s.wav", "-r", "8000", *SOX[codec], "-"], capture_output=True, check=True).stdout
        heard = audio.DECODERS[codec][0](octets)
    match = audio.match(heard[1000:9000], audio.resample(source, 48000, rate), rate)
    assert match.snr > (18 if codec == "G722" else 36), match
    assert match.gain == pytest.approx(1, abs=0.01)


def test_match_finds_a_place_between_two_samples():
    reference = audio.seamless_noise(3, 8000, seed=6)
    spectrum = np.fft.rfft(reference)
    w = 2 * np.pi * np.fft.rfftfreq(len(reference))
    heard = np.fft.irfft(spectrum * np.exp(1j * w * 12_345.37), len(reference))[:8000] * 0.5
    match = audio.match(heard, reference, 8000)
    assert match.position * 8000 == pytest.approx(12_345.37, abs=0.02)
    assert match.gain == pytest.approx(0.5, rel=0.001)
    assert match.snr > 45


def test_match_is_not_fooled():
    reference = audio.seamless_noise(3, 8000, seed=6)
    assert audio.match(audio.seamless_noise(1, 8000, seed=7), reference, 8000).snr < 3
    click = np.tile(reference, 2)[20_000:28_000].copy()
    click[4000:] = np.roll(np.tile(reference, 2), -7)[24_000:28_000]
    assert audio.match(click, reference, 8000).snr < 15, "seven samples lost in the middle"


def test_loudness_of_the_standard_tone():
    """EBU Tech 3341: 1 kHz at -23 dBFS peak in both channels is -23 LUFS."""
    tone = audio.tone(1000, 5, 48000, 10 ** (-23 / 20))
    assert audio.loudness(np.stack([tone, tone], axis=1), 48000) == pytest.approx(-23, abs=0.15)


def test_receiver_and_capture_see_the_same(namespace, tmp_path):
    capture = Capture(namespace, tmp_path / "x.pcap", "udp port 40000")
    a = Receiver(namespace, namespace.address(21))
    b = Receiver(namespace, namespace.address(22), port=40000)
    for n in range(20):
        a.send((b.address, b.port), 8, bytes(160), n, n * 160)
    b.wait(20)
    capture.stop()
    seen = capture.streams(40000)[0x1234]
    assert [p.sequence for p in seen.packets] == [p.sequence for p in b.stream.packets] == list(range(20))
    assert all(abs(x.time - y.time) < 0.01 for x, y in zip(seen.packets, b.stream.packets))
    seen.check(160)
    del seen.packets[3]
    with pytest.raises(AssertionError):
        seen.check(160)
    a.close()
    b.close()
