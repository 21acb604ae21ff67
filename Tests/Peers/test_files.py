"""Files appear, change, break and go while people listen."""

import ctypes
import mmap
import os
import re
import shutil
import struct
import subprocess
import threading
import time
import wave

import numpy as np
import pytest

from lab import audio
from lab.capture import Capture
from lab.sipp import Sipp
from lab.waiting import until


def frequencies(stream, window=0.25):
    """The dominant tone of each window, rounded to 10 Hz."""
    heard = audio.decode_ulaw(stream.payload)
    n = int(window * 8000)
    return [int(round(audio.dominant(heard[i:i + n], 8000), -1)) for i in range(0, len(heard) - n, n)]


def hears(call, frequency, seconds, window=0.25):
    """Waits until the tone is heard; returns after how long."""
    start = time.time()

    def heard():
        stream = call.receiver.since(time.time() - window)
        if len(stream) < int(window * 50) - 2:
            return False
        return abs(audio.dominant(audio.decode_ulaw(stream.payload), 8000) - frequency) < 5

    until(heard, seconds, f"{frequency} Hz", every=0.1)
    return time.time() - start


def test_media_list_tells_how_far_a_file_is(launch, tmp_path):
    """Some minutes of music take some seconds: its share grows, and it is said in words and in JSON."""
    media = tmp_path / "media"
    (media / "default" / "Album").mkdir(parents=True)
    appliance = launch(media)
    (media / "default" / "Album" / "long.wav").write_bytes(subprocess.run(
        ["sox", "-n", "-r", "44100", "-c", "2", "-b", "16", "-t", "wav", "-", "synth", "400", "sine", "500"],
        capture_output=True, check=True).stdout)

    def shares():
        listed = appliance.command("media", "list", "--config", appliance.file).stdout
        if found := re.search(r"default/Album/long.wav +default +preparing (\d+) %", listed):
            seen.add(int(found[1]))
        progress = [file.get("progress") for file in appliance.status()["files"]]
        assert all(p is None or 0 <= p <= 1 for p in progress)
        return len(seen) >= 3

    seen = set()
    until(shares, 60, "three different shares", every=0.1)
    appliance.wait_media()
    assert "progress" not in appliance.status()["files"][0]


def resident(path):
    """How many pages of a file are in memory."""
    size = os.path.getsize(path)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ) as area:
        pages = (size + mmap.PAGESIZE - 1) // mmap.PAGESIZE
        flags = (ctypes.c_ubyte * pages)()
        address = np.frombuffer(area, np.uint8).ctypes.data
        assert ctypes.CDLL(None, use_errno=True).mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), flags) == 0
        return sum(flag & 1 for flag in flags)


def test_the_next_track_is_read_before_its_turn(launch, calling, tmp_path):
    """With nothing in memory, a call is begun: the track after the one that it hears is there seconds later."""
    media = tmp_path / "media"
    (media / "default").mkdir(parents=True)
    for name, frequency in [("a", 500), ("b", 800)]:
        audio.write_wav(media / "default" / f"{name}.wav", audio.tone(frequency, 60, 8000), 8000)
    appliance = launch(media, {"music": {"classes": {"default": {"order": "alphabetical", "start": "beginning"}}}})
    tracks = sorted((appliance.directory / "cache").glob("*.track"))
    assert len(tracks) == 2
    for track in tracks:
        with open(track, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    before = [resident(track) for track in tracks]
    # The header may stay; the file system may keep more, but not all.
    assert max(before) < os.path.getsize(tracks[0]) // mmap.PAGESIZE // 2
    call = calling(appliance, "moh")
    call.invite(call.offer("0"))
    hears(call, 500, 5)
    until(lambda: all(resident(track) > count for track, count in zip(tracks, before)), 2, "both tracks read")


@pytest.mark.slow
def test_changes_while_a_hundred_listen_disturb_nobody(launch, calling, tmp_path):
    """G42, G43: every kind of change within half a minute; each of a hundred calls goes on without a gap."""
    media = tmp_path / "media"
    folder = media / "default"
    folder.mkdir(parents=True)
    audio.write_wav(folder / "a.wav", audio.tone(500, 1), 48000)
    appliance = launch(media, {"music": {"classes": {"default": {"order": "alphabetical"}}}})
    n = appliance.namespace
    capture = Capture(n, tmp_path / "rtp.pcap", "udp and port 17000 and src host " + appliance.address)
    sipp = Sipp(n, tmp_path, n.address(21), appliance.server, "moh", calls=100, rate=100, milliseconds=26_000)
    call = calling(appliance, "moh")
    call.invite(call.offer("0"))
    hears(call, 500, 5)
    quiet = appliance.process.log_size()

    # Written slowly, and with a pause, by a name that counts from its first octet: heard when whole.
    audio.write_wav(tmp_path / "b.wav", audio.tone(800, 1), 48000)
    octets = (tmp_path / "b.wav").read_bytes()
    with open(folder / "b.wav", "wb", buffering=0) as file:
        for i in range(0, len(octets), len(octets) // 8 + 1):
            file.write(octets[i:i + len(octets) // 8 + 1])
            time.sleep(0.3)
        time.sleep(1.5)
        assert 800 not in frequencies(call.receiver.since(time.time() - 3)), "not before it is closed"
    hears(call, 800, 7)

    # By rename within the folder, and from another file system.
    audio.write_wav(folder / ".c.wav.part", audio.tone(1100, 1), 48000)
    os.rename(folder / ".c.wav.part", folder / "c.wav")
    audio.write_wav("/dev/shm/imz-d.wav", audio.tone(1400, 1), 48000)
    shutil.move("/dev/shm/imz-d.wav", folder / "d.wav")
    hears(call, 1100, 9)
    hears(call, 1400, 9)
    assert "error" not in appliance.process.log(quiet).lower(), "nothing is wrong so far"

    appliance.reload()
    appliance.process.wait_log("configuration applied", 10, quiet)

    # Overwritten in place with a shorter one while it plays; a broken one; one that goes.
    audio.write_wav(folder / "a.wav", audio.tone(1700, 0.5), 48000)
    (folder / "broken.wav").write_text("this is no audio")
    (folder / "empty.mp3").write_bytes(b"")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    os.symlink("/nonexistent/file.wav", folder / "dangling.wav")
    os.remove(folder / "b.wav")
    hears(call, 1700, 9)
    until(lambda: "broken.wav" in appliance.process.log(quiet), 5, "broken.wav in the log")
    time.sleep(4)
    assert 800 not in frequencies(call.receiver.since(time.time() - 3)), "a removed file stops at its next turn"
    assert "DS_Store" not in appliance.process.log() and "cover.jpg" not in appliance.process.log()

    assert sipp.wait() == 0, sipp.process.log()[-2000:]
    capture.stop()
    streams = capture.streams(17000)
    assert len(streams) == 100
    gaps = []
    for stream in streams.values():
        stream.check(160)
        times = [p.time for p in stream.packets]
        gaps += [(round(b - times[0], 3), round(b - a, 3)) for a, b in zip(times, times[1:]) if b - a > 0.060]
    # All at once is the sending thread, or the machine under it, and its ticks were late; few are a block's.
    late = {name: count for name, count in appliance.metrics().items() if "tick_lateness_seconds_bucket" in name}
    assert not gaps, (len(gaps), sorted(gaps)[:5], late)
    assert call.receiver.stream.check(160).longest_gap() <= 0.060


def test_nobody_hears_silence(launch, calling, tmp_path):
    """G43: only bad files, no file, no folder: the default class; and when that is empty, a tone."""
    media = tmp_path / "media"
    for name in ("bad", "empty", "default"):
        (media / name).mkdir(parents=True)
    (media / "bad" / "song.wav").write_text("no audio")
    (media / "bad" / "x.mp3").write_bytes(b"")
    audio.write_wav(media / "default" / "a.wav", audio.tone(600, 1), 48000)
    appliance = launch(media, {"music": {"classes": {"bad": {}, "empty": {}, "default": {}}}})
    calls = {}
    for name in ("bad", "empty"):
        calls[name] = calling(appliance, f"moh-{name}")
        assert calls[name].invite(calls[name].offer("0")).status == 200
        hears(calls[name], 600, 5)
    os.remove(media / "default" / "a.wav")
    time.sleep(4)
    for call in calls.values():
        stream = call.receiver.stream
        heard = audio.decode_ulaw(stream.between(time.time() - 1).payload)
        assert audio.level(heard) > -60, "a soft tone at least"
        stream.check(160)
        assert stream.longest_gap() <= 0.060
        assert not audio.silences(audio.decode_ulaw(stream.payload), 8000, threshold=-65, window=0.04)
    # Both classes in the health, each file with its reason in the list, and once in the log.
    _, text = appliance.get("/healthz")
    listed = appliance.command("media", "list", "--config", appliance.file).stdout
    assert "class bad: " in text and "class empty: " in text
    for name in ("song.wav", "x.mp3"):
        (line,) = [line for line in listed.splitlines() if name in line]
        assert "broken" in line
        assert len([line for line in appliance.process.log().splitlines() if name in line]) == 1


def test_a_media_directory_that_goes_away_is_an_alarm_and_plays_on(launch, calling, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    audio.write_wav(media / "a.wav", audio.tone(600, 1), 48000)
    appliance = launch(media)
    os.rename(media, tmp_path / "away")
    until(lambda: "media.directory: " in appliance.get("/healthz")[1], 10, "the alarm")
    call = calling(appliance)
    assert call.invite(call.offer("0")).status == 200
    hears(call, 600, 5)
    os.rename(tmp_path / "away", media)
    until(lambda: "media.directory: " not in appliance.get("/healthz")[1], 10, "the end of the alarm")


def riff(chunks):
    body = b"WAVE" + b"".join(name + struct.pack("<I", size) + data for name, size, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def odd_riffs():
    """G40: six files of 5 s."""
    samples = audio.seamless_noise(5, 16000, seed=9)
    data = (samples * 32767).round().astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16)
    fmt = (b"fmt ", 16, form)
    whole = (b"data", len(data), data)
    info = b"INFOISFT" + struct.pack("<I", 15) + b"fifteen octets!"
    return samples, {
        "junk": riff([(b"JUNK", 64, bytes(64)), fmt, whole]),
        "list27": riff([fmt, (b"LIST", 27, info[:27] + b"\0"), whole]),
        "zeros": riff([fmt, (b"LIST", 26, bytes(26)), whole]),
        "pipe": b"RIFF\xff\xff\xff\xffWAVE" + b"fmt " + struct.pack("<I", 16) + form + b"data\xff\xff\xff\xff" + data,
        "id3": riff([fmt, whole, (b"id3 ", 30720, b"ID3" + bytes(30717))]),
    }


def test_odd_riff_files_play_whole_and_without_a_click(launch, calling, tmp_path):
    samples, files = odd_riffs()
    media = tmp_path / "media"
    for name, octets in files.items():
        (media / name).mkdir(parents=True)
        (media / name / "x.wav").write_bytes(octets)
    appliance = launch(media, {"music": {"default-class": "junk", "classes": {name: {"start": "beginning"} for name in files}}})
    calls = {name: calling(appliance, f"moh-{name}") for name in files}
    for call in calls.values():
        assert call.invite(call.offer("0")).status == 200
    reference = audio.resample(samples, 16000, 8000)
    for name, call in calls.items():
        heard = audio.decode_ulaw(call.receiver.wait(int(5.4 * 50), 12).check(160).payload)
        match = audio.match(heard, reference, 8000)
        assert match.snr >= 33, f"{name}: {match}"
        assert match.position < 0.01 or match.position > 4.99, f"{name}: {match}"


def test_a_data_chunk_of_length_zero_plays_or_is_named(launch, tmp_path, calling):
    """G40 e."""
    media = tmp_path / "media"
    (media / "default").mkdir(parents=True)
    audio.write_wav(media / "default" / "good.wav", audio.tone(600, 1), 48000)
    data = (audio.tone(900, 2, 16000) * 32767).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16)
    (media / "default" / "zero.wav").write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + bytes(4) + data)
    appliance = launch(media, {"music": {"classes": {"default": {"order": "alphabetical"}}}})
    call = calling(appliance, "moh")
    call.invite(call.offer("0"))
    call.receiver.wait(5 * 50, 8)
    found = frequencies(call.receiver.stream)
    assert 900 in found or "zero.wav" in appliance.process.log()


def test_content_decides_over_name_and_folder(launch, calling, tmp_path):
    """G41: every container, rate and depth gives 1000 Hz at one loudness, in each codec."""
    media = tmp_path / "media"
    tone = tmp_path / "tone.wav"
    audio.write_wav(tone, np.stack([audio.tone(1000, 3)] * 2, axis=1), 48000)

    def make(path, *arguments):
        path.parent.mkdir(parents=True)
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(tone), *arguments, str(path)], check=True)

    make(media / "8000" / "a.wav")
    make(media / "mp3" / "b.mp3", "-ar", "44100", "-q:a", "4")
    make(media / "eight" / "c.wav", "-ar", "11025", "-ac", "1", "-acodec", "pcm_u8")
    make(media / "lie" / "d.mp3", "-ar", "44100")
    os.rename(media / "lie" / "d.mp3", media / "lie" / "d.wav")
    make(media / "six" / "e.flac", "-ar", "96000", "-ac", "6", "-filter_complex", "pan=5.1|c0=c0|c1=c1|c2=0.5*c0|c3=0*c0|c4=c0|c5=c1")
    make(media / "ogg" / "f.ogg", "-acodec", "libvorbis")
    make(media / "opus" / "g.opus", "-acodec", "libopus")
    make(media / "aiff" / "h.aiff")
    make(media / "au" / "i.au", "-ar", "22050")
    names = ["8000", "mp3", "eight", "lie", "six", "ogg", "opus", "aiff", "au"]
    appliance = launch(media, {"music": {"default-class": "8000", "classes": {name: {"start": "beginning"} for name in names}}})
    codecs = {"PCMU": ("0", []), "G722": ("9", []), "opus": ("107", ["a=rtpmap:107 opus/48000/2"])}
    calls = []
    for name in names:
        for codec, (formats, lines) in codecs.items():
            call = calling(appliance, f"moh-{name}")
            assert call.invite(call.offer(formats, lines)).status == 200
            calls.append((name, codec, call))
    for name, codec, call in calls:
        heard, rate = audio.decode(call.receiver.wait(130, 10), codec)
        piece = heard[rate // 5: 2 * rate]
        assert audio.dominant(piece, rate) == pytest.approx(1000, abs=2), (name, codec)
        # What clips has odd harmonics: a third as loud as the tone when it is a square wave.
        basic, third = (abs(np.exp(-2j * np.pi * f * np.arange(len(piece)) / rate) @ piece) for f in (1000, 3000))
        assert third < 0.02 * basic, (name, codec)
        assert audio.loudness(heard[rate // 10: int(2.4 * rate)], rate) == pytest.approx(-23, abs=1), (name, codec)
