"""Live sources: a command's sound as a class of music, and the class's files while it has none."""

import os
import shlex
import signal
import subprocess
import time

import numpy as np
import pytest

from lab import audio
from lab.process import Process
from lab.waiting import until

SOURCE, FILES = 700, 1100
TONE = f"sox -n -r 48000 -c 2 -b 16 -t raw - synth 100000 sine {SOURCE} gain -14"


@pytest.fixture
def radio(launch, tmp_path):
    """Starts an appliance with a class `radio`: `radio(COMMAND)`. Its files are a tone of their own."""
    made = []

    def start(command, wait=True, **options):
        media = tmp_path / "media"
        (media / "radio").mkdir(parents=True)
        (media / "default").mkdir()
        audio.write_wav(media / "radio" / "a.wav", audio.tone(FILES, 2), 48000)
        audio.write_wav(media / "default" / "a.wav", audio.tone(400, 2), 48000)
        appliance = launch(media, {"music": {"classes": {"radio": {"source": f"pipe:{command}", **options}}}})
        made.append(appliance)
        if wait:
            until(lambda: source(appliance)["state"] == "playing", 10, "the source playing")
        return appliance

    yield start
    for appliance in made:
        appliance.stop()
        assert not programs(appliance), "the command outlived the appliance"


def source(appliance, name="radio"):
    return next(item for item in appliance.status()["classes"] if item["name"] == name).get("source")


def programs(appliance, name=None):
    """Processes of the namespace that are neither the appliance nor a peer of the test, by their command lines."""
    out = subprocess.run(["ip", "netns", "pids", appliance.namespace.name], capture_output=True, text=True).stdout
    found = {}
    for pid in map(int, out.split()):
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                words = file.read().replace("\0", " ")
            group = os.getpgid(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if group not in [process.pid for process in appliance.namespace.processes] and (name is None or name in words):
            found[pid] = words
    return found


def frequencies(stream, window=0.04):
    """(time, strongest frequency) in PCMU, window by window."""
    heard = audio.decode_ulaw(stream.payload)
    n = int(window * 8000)
    start = stream.packets[0].time
    out = []
    for at in range(0, len(heard) - n, n):
        piece = heard[at: at + n]
        out.append((start + at / 8000, audio.dominant(piece, 8000) if audio.level(piece) > -50 else 0))
    return out


def hears(call, frequency, seconds=15, since=0.0):
    """Waits until the last 200 ms are that tone; the time of it."""
    def now():
        stream = call.receiver.since(since)
        if len(stream) < 10:
            return None
        stream.packets = stream.packets[-10:]
        heard = audio.decode_ulaw(stream.payload)
        if abs(audio.dominant(heard, 8000) - frequency) < 5 and audio.level(heard) > -45:
            return stream.packets[-1].time
        return None

    return until(now, seconds, f"{frequency} Hz")


def clicks(samples, frequency, rate):
    """What in a tone does not follow from its two samples before, in shares of its amplitude."""
    error = samples[2:] - 2 * np.cos(2 * np.pi * frequency / rate) * samples[1:-1] + samples[:-2]
    return np.max(np.abs(error)) / np.max(np.abs(samples))


@pytest.mark.parametrize("command", [
    TONE,
    f"exec sox -n -r 44100 -c 1 -b 24 -t wav - synth 100000 sine {SOURCE} gain -14",
    f"sox -n -r 16000 -c 1 -b 16 -t au - synth 100000 sine {SOURCE} gain -14",
    f"ffmpeg -v error -re -f lavfi -i sine={SOURCE}:r=48000 -af volume=0.25dB -ac 2 -f s16le -",
], ids=["raw", "wav", "au", "paced"])
def test_a_source_is_heard_without_a_seam(radio, calling, command):
    """Longer than the ring is, in a codec that hides nothing."""
    appliance = radio(command)
    call = calling(appliance, "moh-radio")
    call.invite(call.offer("97", ["a=rtpmap:97 L16/16000"]))
    stream = call.receiver.wait(12 * 50, 20).check(320)
    heard = audio.decode_l16(stream.payload)
    assert audio.dominant(heard, 16000) == pytest.approx(SOURCE, abs=2)
    assert clicks(heard, SOURCE, 16000) < 0.02
    assert stream.longest_gap() < 0.06
    if "gain -14" in command:
        assert audio.level(heard) == pytest.approx(-14 - 3.01, abs=0.3)


def test_noise_arrives_as_it_was_sent_in_every_codec(radio, library, calling):
    track = shlex.quote(str(library.directory / "default" / "track.wav"))
    appliance = radio(f"while sox {track} -c 2 -t raw -; do :; done", volume=-6)
    reference = {rate: library.reference("default", rate) for rate in (8000, 16000, 48000)}
    for codec, payload_type, attributes, rate, snr in [
        ("PCMU", "0", [], 8000, 35), ("PCMA", "8", [], 8000, 35), ("G722", "9", ["a=rtpmap:9 G722/8000"], 16000, 18),
        ("L16", "97", ["a=rtpmap:97 L16/16000"], 16000, 40), ("opus", "96", ["a=rtpmap:96 opus/48000/2"], 48000, 12),
    ]:
        call = calling(appliance, "moh-radio")
        call.invite(call.offer(payload_type, attributes))
        stream = call.receiver.wait(100, 10).check()
        stream.packets = stream.packets[:100]
        heard, rate = audio.decode(stream, codec, rate)
        match = audio.match(heard[rate // 5:], reference[rate], rate)
        assert match.snr >= snr, (codec, match)
        assert 20 * np.log10(match.gain) == pytest.approx(-6, abs=0.3), codec


def test_a_killed_source_gives_way_to_the_files_and_comes_back(radio, calling):
    appliance = radio(f"echo 'the card is gone' >&2; {TONE}")
    call = calling(appliance, "moh-radio")
    call.invite(call.offer("0"))
    hears(call, SOURCE)
    killed = time.time()
    for pid in programs(appliance, "sox"):
        os.kill(pid, signal.SIGKILL)
    files = hears(call, FILES, since=killed)
    again = hears(call, SOURCE, since=files)
    stream = call.receiver.stream.check(160)
    assert stream.longest_gap() < 0.06
    heard = [tone for _, tone in frequencies(stream)]
    # Nothing but the two tones, and a window or so that holds both.
    other = [tone for tone in heard if min(abs(tone - SOURCE), abs(tone - FILES)) > 40]
    assert len(other) <= 4, other
    assert not audio.silences(audio.decode_ulaw(stream.payload), 8000, window=0.02)
    assert files - killed < 1.5 + 0.3 and again - killed < 4
    state = source(appliance)
    assert state["restarts"] >= 1
    assert "signal 9" in state["lastFailure"] and "the card is gone" in state["lastFailure"]
    metrics = appliance.metrics()
    assert metrics['intermezzo_source_restarts_total{class="radio"}'] == state["restarts"]


def test_a_source_that_stalls_gives_way_and_goes_on(radio, calling):
    """Stopped for a moment it is waited for; it is not started again."""
    appliance = radio(f"exec {TONE}")
    call = calling(appliance, "moh-radio")
    call.invite(call.offer("0"))
    hears(call, SOURCE)
    (pid,) = programs(appliance, "sox")
    os.kill(pid, signal.SIGSTOP)
    stopped = hears(call, FILES)
    os.kill(pid, signal.SIGCONT)
    hears(call, SOURCE, since=stopped)
    assert list(programs(appliance, "sox")) == [pid]
    assert source(appliance)["restarts"] == 0
    # For good: it is killed, and another takes its place.
    os.kill(pid, signal.SIGSTOP)
    until(lambda: source(appliance)["restarts"] == 1, 20, "a restart")
    hears(call, SOURCE, since=time.time())
    assert pid not in programs(appliance)
    assert "gave no sound for 10 s" in source(appliance)["lastFailure"]
    assert not audio.silences(audio.decode_ulaw(call.receiver.stream.payload), 8000, window=0.02)


def test_a_source_that_can_not_work_is_named(radio, calling):
    appliance = radio("echo 'no such card: hw:7' >&2; exit 3", wait=False)
    until(lambda: source(appliance)["state"] == "failed", 5, "a failure")
    assert source(appliance)["lastFailure"] == "ended with status 3: no such card: hw:7"
    call = calling(appliance, "moh-radio")
    call.invite(call.offer("0"))
    hears(call, FILES)
    until(lambda: source(appliance)["restarts"] == 2, 10, "two restarts")
    out = appliance.command("status", "--config", appliance.file)
    assert "no such card: hw:7" in out.stdout, out
    assert "no such card: hw:7" in appliance.command("media", "list", "--config", appliance.file).stdout
    until(lambda: "no such card: hw:7" in appliance.get("/healthz")[1], 10, "an alarm", every=0.1)
    assert appliance.get("/healthz")[0] == 200


def test_a_header_that_names_no_plain_samples_is_a_failure(radio):
    appliance = radio("sox -n -r 8000 -c 1 -e ima-adpcm -t wav - synth 9 sine 500", wait=False)
    until(lambda: source(appliance)["lastFailure"], 5, "a failure")
    assert "other than plain" in source(appliance)["lastFailure"]


def test_reload_changes_and_removes_a_source(radio, calling):
    appliance = radio(f"exec {TONE}")
    call = calling(appliance, "moh-radio")
    call.invite(call.offer("0"))
    hears(call, SOURCE)
    (first,) = programs(appliance, "sox")
    own = appliance.configuration["music"]["classes"]["radio"]
    # Nothing of it changed: it plays on.
    appliance.configuration["music"]["called"] = {"+15550100": "radio"}
    appliance.write()
    appliance.reload()
    appliance.process.wait_log("configuration applied")
    assert list(programs(appliance, "sox")) == [first]
    own["source"] = f"pipe:exec {TONE.replace(str(SOURCE), '1500')}"
    appliance.write()
    appliance.reload()
    changed = hears(call, 1500)
    assert first not in programs(appliance)
    del own["source"]
    appliance.write()
    appliance.reload()
    hears(call, FILES, since=changed)
    until(lambda: not programs(appliance, "sox"), 5, "the command's end")
    assert source(appliance) is None
    assert not audio.silences(audio.decode_ulaw(call.receiver.stream.payload), 8000, window=0.02)


def test_what_a_command_started_ends_with_it(radio):
    """A shell with children that do not listen to SIGTERM: the fixture looks for what is left."""
    appliance = radio(f"trap '' TERM; sleep 1000 & {TONE} & wait")
    assert len(programs(appliance)) == 3
    began = time.monotonic()
    assert appliance.stop() == 0
    assert time.monotonic() - began < 5
    assert not programs(appliance)


def test_a_default_class_lends_its_source(launch, tmp_path, calling):
    """A class without music plays what the default class does; that is its source."""
    media = tmp_path / "media"
    (media / "empty").mkdir(parents=True)
    appliance = launch(media, {"music": {"classes": {"default": {"source": f"pipe:exec {TONE}"}}}})
    call = calling(appliance, "moh-empty")
    call.invite(call.offer("0"))
    hears(call, SOURCE)


def test_classes_without_a_source_cost_no_thread(appliance):
    tasks = f"/proc/{appliance.process.pid}/task"
    names = {open(f"{tasks}/{task}/comm").read().strip() for task in os.listdir(tasks)}
    assert "audio-library" in names and "live-source" not in names


@pytest.fixture
def icecast(tmp_path):
    """Icecast in the appliance's namespace with a mount /radio.ogg that ffmpeg feeds: `icecast(namespace)`."""
    directory = tmp_path / "icecast"
    directory.mkdir()
    file = directory / "icecast.xml"
    file.write_text(f"""<icecast>
  <limits><sources>2</sources></limits>
  <authentication><source-password>hackme</source-password><admin-user>admin</admin-user><admin-password>x</admin-password></authentication>
  <hostname>127.0.0.1</hostname>
  <listen-socket><port>8000</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <paths><logdir>/tmp</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
  <logging><accesslog>-</accesslog><errorlog>-</errorlog></logging>
  <security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>
</icecast>""")

    def start(namespace):
        server = Process(namespace, ["icecast2", "-c", file], directory / "log")
        until(lambda: namespace.listens("tcp", 8000), 10, "icecast")
        feeder = Process(
            namespace,
            ["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", f"sine={SOURCE}:r=48000", "-af", "volume=4", "-c:a", "libvorbis", "-b:a", "96k", "-content_type",
             "application/ogg", "-f", "ogg", "icecast://source:hackme@127.0.0.1:8000/radio.ogg"], directory / "feeder")
        return server, feeder

    return start


def test_an_icecast_stream(radio, icecast, calling):
    """A station that comes, goes and comes again, through ffmpeg."""
    command = "exec ffmpeg -nostdin -v error -i http://127.0.0.1:8000/radio.ogg -f s16le -ar 48000 -ac 2 -"
    appliance = radio(command, wait=False)
    call = calling(appliance, "moh-radio")
    call.invite(call.offer("0"))
    hears(call, FILES)
    until(lambda: source(appliance)["state"] == "failed", 5, "no station")
    server, feeder = icecast(appliance.namespace)
    heard = hears(call, SOURCE, 40)
    server.stop()
    feeder.stop()
    gone = hears(call, FILES, 30, since=heard)
    icecast(appliance.namespace)
    hears(call, SOURCE, 60, since=gone)
    stream = call.receiver.stream.check(160)
    assert stream.longest_gap() < 0.06
    assert not audio.silences(audio.decode_ulaw(stream.payload), 8000, window=0.02)
