"""Making test audio, and judging what was heard."""

import ctypes
import json
import re
import subprocess
import wave

import numpy as np
from scipy import signal

# MARK: making


def write_wav(path, samples, rate):
    """Writes float samples (one column per channel) as 16 bit."""
    samples = np.asarray(samples)
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2").tobytes())


def read_wav(path):
    """Samples as floats (one column per channel when there are several) and the rate."""
    out = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-acodec", "pcm_f32le", "-"], capture_output=True, check=True).stdout
    info = json.loads(
        subprocess.run(
            ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)], capture_output=True, check=True).stdout)["streams"][0]
    samples = np.frombuffer(out, "<f4").astype(float)
    if info["channels"] > 1:
        samples = samples.reshape(-1, info["channels"])
    return samples, int(info["sample_rate"])


def tone(frequency, seconds, rate=48000, level=0.2):
    return level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


def seamless_noise(seconds, rate=48000, low=350, high=3000, level=0.1, seed=1):
    """Noise between two frequencies whose end joins its beginning without a seam, so that a loop has no click of its own.

    Every stretch of it is unlike every other, so that alignment is without doubt."""
    n = int(round(seconds * rate))
    random = np.random.default_rng(seed)
    spectrum = np.zeros(n // 2 + 1, complex)
    frequencies = np.fft.rfftfreq(n, 1 / rate)
    band = (frequencies >= low) & (frequencies <= high)
    spectrum[band] = np.exp(2j * np.pi * random.random(band.sum()))
    samples = np.fft.irfft(spectrum, n)
    return level * samples / np.sqrt(np.mean(samples**2))


# MARK: decoding


def decode_ulaw(octets):
    u = ~np.frombuffer(octets, np.uint8).astype(np.int32) & 0xFF
    magnitude = (((u & 0x0F) << 3) + 0x84 << ((u & 0x70) >> 4)) - 0x84
    return np.where(u & 0x80, -magnitude, magnitude) / 32768.0


def decode_alaw(octets):
    a = np.frombuffer(octets, np.uint8).astype(np.int32) ^ 0x55
    segment = (a & 0x70) >> 4
    value = (a & 0x0F) << 4
    value = np.where(segment == 0, value + 8, (value + 0x108) << np.maximum(segment - 1, 0))
    return np.where(a & 0x80, value, -value) / 32768.0


def decode_g722(octets):
    out = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "g722", "-i", "-", "-f", "s16le", "-"], input=octets, capture_output=True, check=True).stdout
    return np.frombuffer(out, "<i2") / 32768.0


def decode_l16(octets):
    return np.frombuffer(octets, ">i2") / 32768.0


class Opus:
    """libopus as the reference decoder."""

    library = None

    def __init__(self, channels=1, rate=48000):
        if Opus.library is None:
            Opus.library = ctypes.CDLL("libopus.so.0")
            Opus.library.opus_decoder_create.restype = ctypes.c_void_p
        error = ctypes.c_int()
        self.channels = channels
        self.decoder = Opus.library.opus_decoder_create(rate, channels, ctypes.byref(error))

    def decode(self, packet):
        out = (ctypes.c_int16 * (5760 * self.channels))()
        n = Opus.library.opus_decode(ctypes.c_void_p(self.decoder), packet, len(packet), out, 5760, 0)
        assert n > 0, f"libopus: {n}"
        return np.frombuffer(out, np.int16)[: n * self.channels] / 32768.0


def decode_opus(packets, channels=1):
    decoder = Opus(channels)
    samples = np.concatenate([decoder.decode(packet) for packet in packets])
    return samples.reshape(-1, channels) if channels > 1 else samples


DECODERS = {"PCMU": (decode_ulaw, 8000), "PCMA": (decode_alaw, 8000), "G722": (decode_g722, 16000)}


def decode(stream, codec, rate=None, channels=1):
    """Samples and rate of an RTP stream."""
    if codec == "opus":
        return decode_opus([p.payload for p in stream.packets], channels), 48000
    if codec == "L16":
        return decode_l16(stream.payload), rate
    function, rate = DECODERS[codec]
    return function(stream.payload), rate


# MARK: judging


def resample(samples, source, target):
    if source == target:
        return np.asarray(samples, float)
    g = np.gcd(int(source), int(target))
    return signal.resample_poly(samples, target // g, source // g, window=("kaiser", 14.0))


def dominant(samples, rate):
    """The strongest frequency in Hz."""
    samples = np.asarray(samples) - np.mean(samples)
    spectrum = np.abs(np.fft.rfft(samples * np.blackman(len(samples))))
    k = int(np.argmax(spectrum[1:])) + 1
    if 0 < k < len(spectrum) - 1:
        a, b, c = np.log(spectrum[k - 1: k + 2] + 1e-12)
        shift = 0.5 * (a - c) / (a - 2 * b + c)
    else:
        shift = 0.0
    return (k + shift) * rate / len(samples)


class Match:
    """How a piece that was heard lies in a reference that repeats."""

    def __init__(self, position, gain, snr, correlation):
        self.position = position  # seconds into the reference of the first sample heard
        self.gain = gain
        self.snr = snr  # dB
        self.correlation = correlation

    def __repr__(self):
        return f"at {self.position:.4f} s, gain {20 * np.log10(abs(self.gain) + 1e-12):.2f} dB, SNR {self.snr:.1f} dB, r {self.correlation:.4f}"


def match(heard, reference, rate, looped=True):
    """Finds `heard` in `reference` (both at `rate`), with a fraction of a sample, and compares them after one gain."""
    heard = np.asarray(heard, float)
    reference = np.asarray(reference, float)
    if looped:
        times = int(np.ceil(len(heard) / len(reference))) + 1
        line = np.tile(reference, times)
    else:
        line = reference
    assert len(line) >= len(heard), "reference too short"
    dots = signal.fftconvolve(line, heard[::-1], "valid")
    energy = np.convolve(line**2, np.ones(1), "same").cumsum()
    energy = np.concatenate([[0], energy])
    norms = np.sqrt(np.maximum(energy[len(heard):] - energy[: len(energy) - len(heard)], 1e-12) * np.sum(heard**2))
    score = np.abs(dots) / np.maximum(norms, 1e-12)
    if looped:
        score = score[: len(reference)]
    k = int(np.argmax(score))
    piece = line[k: k + len(heard)]
    # The rest of a sample: the slope of the phase between the two, then a shift by it.
    a, b = np.fft.rfft(heard), np.fft.rfft(piece)
    cross = a * np.conj(b)
    w = 2 * np.pi * np.fft.rfftfreq(len(heard))
    weight = np.abs(cross)
    weight[weight < weight.max() * 1e-3] = 0
    delay = -np.sum(weight * w * np.angle(cross)) / max(np.sum(weight * w * w), 1e-12)
    shifted = np.fft.irfft(b * np.exp(-1j * w * delay), len(heard))
    # The ends of a shift by Fourier are not to be trusted.
    edge = 32
    h, s = heard[edge:-edge], shifted[edge:-edge]
    gain = float(np.dot(h, s) / max(np.dot(s, s), 1e-20))
    noise = h - gain * s
    snr = 10 * np.log10(max(np.dot(h, h), 1e-20) / max(np.dot(noise, noise), 1e-20))
    position = (k - delay) / rate
    if looped:
        position %= len(reference) / rate
    return Match(position, gain, snr, float(score[k]))


def loudness(samples, rate):
    """Integrated loudness in LUFS by ffmpeg's ebur128."""
    samples = np.asarray(samples, "<f4")
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    text = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-f", "f32le", "-ar", str(rate), "-ac", str(channels), "-i", "-", "-filter_complex", "ebur128", "-f", "null", "-"],
        input=samples.tobytes(), capture_output=True, check=True).stderr.decode()
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", text)[-1])


def level(samples):
    """RMS in dB of full scale."""
    return 10 * np.log10(max(float(np.mean(np.asarray(samples) ** 2)), 1e-12))


def silences(samples, rate, threshold=-60, window=0.005):
    """Stretches in seconds (start, end) below the threshold in dB."""
    n = int(window * rate)
    frames = np.asarray(samples)[: len(samples) // n * n].reshape(-1, n)
    quiet = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12) < threshold
    found, start = [], None
    for i, q in enumerate([*quiet, False]):
        if q and start is None:
            start = i
        elif not q and start is not None:
            found.append((start * window, i * window))
            start = None
    return found
