import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))

import report
from daemon import Daemon, make_music
from listeners import Ear, Listeners, Sinks
from processes import enter_network_namespace

COUNTS = [10, 100, 1000, 10000]
CODECS = ["PCMU", "G722", "Opus"]
ADDED = 2000
ROUNDS = 3
SIP_LOOP = "NIO-ELT"


def cpu_share(process, sinks, ear, seconds):
    """CPU seconds per second, and packets per second."""
    ear.empty()
    cpu, packets, begin = process.cpu_seconds(), sinks.packets(), time.monotonic()
    time.sleep(seconds)
    wall = time.monotonic() - begin
    heard = len(ear.gaps()[0])
    return (process.cpu_seconds() - cpu) / wall, (sinks.packets() - packets + heard) / wall


def one_by_one(process, listeners, count, ear=None):
    """Set-up time of calls that follow each other: wall clock, and CPU of the SIP loop alone."""
    before = process.cpu_seconds(SIP_LOOP)
    took = listeners.set_up(count, window=1, ear=ear)
    return {
        "calls": count,
        "medianMilliseconds": report.quantile(took, 0.5) * 1000,
        "p99Milliseconds": report.quantile(took, 0.99) * 1000,
        "cpuMicrosecondsOfLoop": (process.cpu_seconds(SIP_LOOP) - before) / count * 1e6,
    }


def growth(directory, media):
    sinks, ear = Sinks(), Ear()
    rows, setups = [], []
    with Daemon(directory, media) as process:
        listeners = Listeners(sinks)
        # What a first call loads for good is no growth.
        listeners.set_up(200)
        listeners.hang_up()
        time.sleep(1)
        idle, _ = cpu_share(process, sinks, ear, 5)
        memory = process.resident_bytes()
        for count in COUNTS:
            # The last calls before each number are the ones that are timed.
            last = 10 if count == 10 else min(100, count // 2)
            listeners.set_up(count - len(listeners.calls) - last)
            timed = one_by_one(process, listeners, last, ear=None if rows else ear)
            setups.append(dict(timed, listeners=count))
            time.sleep(1)
            load = report.load()
            share, packets = cpu_share(process, sinks, ear, 5)
            rows.append({
                "listeners": count, "cpuSecondsPerSecond": share, "load": load,
                "cpuMillisecondsPerStreamSecond": (share - idle) / count * 1000,
                "packetsPerSecond": packets,
                "bytesPerCall": (process.resident_bytes() - memory) / count,
            })
        listeners.hang_up()
    return idle, rows, setups


def by_codec(directory, media):
    """CPU per added listener, the codecs in turn and the least of some rounds of each."""
    sinks, ear = Sinks(first_port=41000), Ear(port=39100)
    costs = {codec: [] for codec in CODECS}
    with Daemon(directory, media) as process:
        listeners = Listeners(sinks)
        for _ in range(ROUNDS):
            for codec in CODECS:
                listeners.set_up(ADDED, codec, ear=ear)
                time.sleep(1)
                few, _ = cpu_share(process, sinks, ear, 4)
                listeners.set_up(ADDED, codec)
                time.sleep(1)
                many, _ = cpu_share(process, sinks, ear, 4)
                listeners.hang_up()
                costs[codec].append((many - few) / ADDED * 1000)
    first = min(costs[CODECS[0]])
    return [
        {"codec": codec, "cpuMillisecondsPerAddedStreamSecond": min(each), "rounds": each,
         "ratio": min(each) / first}
        for codec, each in costs.items()]


enter_network_namespace()
with tempfile.TemporaryDirectory() as directory:
    _, media = make_music(directory)
    idle, rows, setups = growth(directory, media)
    print(f"CPU of the idle daemon: {idle * 1000:.1f} ms/s")
    report.table(
        [("listeners", "d"), ("CPU s/s", ".3f"), ("CPU ms/stream-s", ".4f"), ("packets/s", ".0f"),
         ("bytes/call", ".0f"), ("load", ".1f")],
        [[r["listeners"], r["cpuSecondsPerSecond"], r["cpuMillisecondsPerStreamSecond"],
          r["packetsPerSecond"], r["bytesPerCall"], r["load"]] for r in rows])
    print()
    report.table(
        [("listeners", "d"), ("set-up median ms", ".3f"), ("p99", ".3f"), ("CPU us of SIP loop", ".0f")],
        [[s["listeners"], s["medianMilliseconds"], s["p99Milliseconds"], s["cpuMicrosecondsOfLoop"]]
         for s in setups])
    print()
    codecs = by_codec(directory, media)
    report.table(
        [("codec", "s"), ("CPU ms/added stream-s", ".4f"), ("ratio", ".3f")],
        [[c["codec"], c["cpuMillisecondsPerAddedStreamSecond"], c["ratio"]] for c in codecs])
report.write("streams", {"idle": idle, "growth": rows, "setUp": setups, "codecs": codecs})
