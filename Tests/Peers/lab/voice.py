"""A caller who speaks: speech by espeak-ng, sent as RTP in step with time, and keys."""

import subprocess
import time

import numpy as np

from . import audio

RATE = 8000


def speech(text, seconds=None, level=-20.0, voice="en", rate=RATE):
    """Spoken text as floats at a level in dBFS, cut or padded to a length."""
    raw = subprocess.run(
        ["sh", "-c", f'espeak-ng -v {voice} --stdout "$1" | sox -q -t wav - -r {rate} -c 1 -b 16 -e signed -t raw -', "sh", text],
        capture_output=True, check=True).stdout
    samples = np.frombuffer(raw, "<i2").astype(float) / 32768
    loud = samples[np.abs(samples) > 0.003]
    samples = samples * 10 ** (level / 20) / np.sqrt(np.mean(loud**2))
    if seconds:
        samples = np.resize(samples, int(seconds * rate))
    return np.clip(samples, -0.99, 0.99)


def encode_ulaw(samples):
    """ITU-T G.711 µ-law of floats."""
    value = np.clip(np.round(samples * 32768), -32768, 32767).astype(int)
    sign = np.where(value < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(value) + 132, 32767)
    exponent = np.floor(np.log2(magnitude)).astype(int) - 7
    mantissa = (magnitude >> (exponent + 3)) & 15
    return (~(sign | exponent << 4 | mantissa) & 0xFF).astype(np.uint8).tobytes()


class Voice:
    """The microphone and the keys of a phone in a call: one RTP stream in step with time."""

    def __init__(self, receiver, destination, payload_type=0, events=101):
        self.receiver = receiver
        self.destination = destination
        self.payload_type = payload_type
        self.events = events
        self.sequence = 100
        self.timestamp = 8000
        self.due = time.monotonic()

    def _step(self, seconds=0.02):
        self.due = max(self.due, time.monotonic() - 0.2) + seconds
        rest = self.due - time.monotonic()
        if rest > 0:
            time.sleep(rest)  # the pace of a phone, not a wait for luck

    def say(self, samples):
        octets = encode_ulaw(samples)
        for start in range(0, len(octets), 160):
            self.receiver.send(
                self.destination, self.payload_type, octets[start:start + 160].ljust(160, b"\xff"), self.sequence, self.timestamp,
                0x7777, self.sequence == 100)
            self.sequence += 1
            self.timestamp += 160
            self._step()

    def be_silent(self, seconds):
        self.say(np.zeros(int(seconds * RATE)))

    def press(self, key):
        code = "0123456789*#".index(key)
        start = self.timestamp
        for n in range(1, 9):
            end = 0x80 if n > 5 else 0
            duration = min(n, 6) * 160
            self.receiver.send(
                self.destination, self.events, bytes([code, end | 10, duration >> 8, duration & 255]), self.sequence, start, 0x7777,
                n == 1)
            self.sequence += 1
            if n <= 6:
                self.timestamp += 160
                self._step()

    def wait_tone(self, seconds=20, since=0.0):
        """Until the appliance's tone (440 Hz) was heard and is over, speaking silence meanwhile; returns when it ended."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self.be_silent(0.1)
            payload = self.receiver.stream.between(since).payload
            if len(payload) < 8000:
                continue
            heard = audio.decode_ulaw(payload[-8000:])
            level = np.abs(np.array([np.exp(-2j * np.pi * 440 * np.arange(800) / RATE) @ heard[i:i + 800] for i in range(0, 8000, 800)])) / 400
            total = np.sqrt(np.mean(heard.reshape(10, 800) ** 2, axis=1))
            tone = (level > 0.1) & (level > 1.2 * total)
            if tone.sum() >= 3 and not tone[-1] and total[-1] < 0.01:
                return time.monotonic()
        raise AssertionError("no tone was heard")
