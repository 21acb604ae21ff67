import os
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))

import ng
import report
from daemon import Daemon, make_music
from listeners import Ear, Listeners, Sinks, description
from processes import Process, enter_network_namespace

COUNTS = [int(word) for word in sys.argv[1:]] or [100, 500, 1000]
SECONDS = 10
NG_PORT = 2223


def measure(who, process, count, sinks, ear):
    time.sleep(2)
    ear.empty()
    load, cpu, packets, begin = report.load(), process.cpu_seconds(), sinks.packets(), time.monotonic()
    time.sleep(SECONDS)
    wall = time.monotonic() - begin
    cpu = process.cpu_seconds() - cpu
    gaps, lost = ear.gaps()
    return {
        "who": who, "listeners": count, "load": load,
        "cpuMillisecondsPerStreamSecond": cpu / wall / count * 1000,
        "packetsPerSecond": (sinks.packets() - packets + len(gaps)) / wall,
        "gapMilliseconds": {
            "p1": report.quantile(gaps, 0.01), "median": report.quantile(gaps, 0.5),
            "p99": report.quantile(gaps, 0.99), "max": gaps[-1],
            "deviation": statistics.pstdev(gaps)},
        "lost": lost,
    }


def rtpengine(directory, music, count, sinks, ear):
    command = [
        "rtpengine", "--config-file=none", "--foreground", "--log-stderr", "--log-level=4",
        "--table=-1", "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{NG_PORT}",
        "--port-min=20000", "--port-max=38000"]
    with Process(command, os.path.join(directory, "rtpengine.log")) as process:
        client = ng.Client(NG_PORT)
        process.wait_until(client.answers)
        unheard = description("127.200.0.1", sinks.ports[0])
        for n in range(count):
            address, port = (ear.address, ear.port) if n == 0 else sinks.endpoint(n)
            client.play(f"call-{n}", description(address, port), unheard, music)
        return measure("rtpengine", process, count, sinks, ear)


def intermezzo(directory, media, count, sinks, ear):
    with Daemon(directory, media) as process:
        listeners = Listeners(sinks)
        listeners.set_up(count, ear=ear)
        row = measure("intermezzo", process, count, sinks, ear)
        listeners.hang_up()
        return row


enter_network_namespace()
rows = []
with tempfile.TemporaryDirectory() as directory:
    music, media = make_music(directory)
    sinks, ear = Sinks(), Ear()
    for count in COUNTS:
        theirs = rtpengine(directory, music, count, sinks, ear)
        ours = intermezzo(directory, media, count, sinks, ear)
        for row in theirs, ours:
            row["ratio"] = (
                row["cpuMillisecondsPerStreamSecond"] / ours["cpuMillisecondsPerStreamSecond"])
            rows.append(row)

report.write("rtpengine", rows)
report.table(
    [("server", "s"), ("listeners", "d"), ("CPU ms/stream-s", ".3f"), ("ratio", ".1f"),
     ("packets/s", ".0f"), ("gap p1 ms", ".2f"), ("median", ".2f"), ("p99", ".2f"), ("max", ".2f"),
     ("lost", "d"), ("load", ".1f")],
    [[r["who"], r["listeners"], r["cpuMillisecondsPerStreamSecond"], r["ratio"],
      r["packetsPerSecond"], *(r["gapMilliseconds"][k] for k in ("p1", "median", "p99", "max")),
      r["lost"], r["load"]] for r in rows])
