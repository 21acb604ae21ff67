import os
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))

import network
import ng
import report
from daemon import Daemon, make_music
from listeners import Ear, Listeners, Sinks, Wire, description
from processes import Process

SECONDS = 10
NG_PORT = 2223


def measure(who, process, count, listeners, ear):
    time.sleep(2)
    ear.empty()
    load, cpu, packets = report.load(), process.cpu_seconds(), listeners.packets()
    begin = time.monotonic()
    time.sleep(SECONDS)
    wall = time.monotonic() - begin
    cpu = process.cpu_seconds() - cpu
    gaps, lost = ear.gaps()
    return {
        "who": who, "listeners": count, "load": load,
        "cpuMillisecondsPerStreamSecond": cpu / wall / count * 1000,
        "packetsPerSecond": (listeners.packets() - packets + len(gaps)) / wall,
        "gapMilliseconds": {
            "p1": report.quantile(gaps, 0.01), "median": report.quantile(gaps, 0.5),
            "p99": report.quantile(gaps, 0.99), "max": gaps[-1],
            "deviation": statistics.pstdev(gaps)},
        "lost": lost,
    }


def rtpengine(directory, music, count, listeners, ear, address):
    command = [
        "rtpengine", "--config-file=none", "--foreground", "--log-stderr", "--log-level=4",
        "--table=-1", f"--interface={address}", f"--listen-ng=127.0.0.1:{NG_PORT}",
        "--port-min=20000", "--port-max=38000"]
    with Process(command, os.path.join(directory, "rtpengine.log")) as process:
        client = ng.Client(NG_PORT)
        process.wait_until(client.answers)
        unheard = description("127.200.0.1", listeners.ports[0])
        for n in range(count):
            place = (ear.address, ear.port) if n == 0 else listeners.endpoint(n)
            client.play(f"call-{n}", description(*place), unheard, music)
        return measure("rtpengine", process, count, listeners, ear)


def intermezzo(directory, media, count, listeners, ear, address, ring=False):
    with Daemon(directory, media, address=address, ring=ring) as process:
        callers = Listeners(listeners, server=(address, 5060))
        callers.set_up(count, ear=ear)
        row = measure("packet ring" if ring else "intermezzo", process, count, listeners, ear)
        callers.hang_up()
        return row


# Over loopback a sender is charged with the reception of its packets too.
WAYS = {
    "device": lambda: (Wire(), Ear(network.ADDRESS), network.ADDRESS),
    "loopback": lambda: (Sinks(), Ear(), "127.0.0.1"),
}
ways = [word for word in sys.argv[1:] if word in WAYS] or list(WAYS)
counts = [int(word) for word in sys.argv[1:] if word.isdigit()] or [100, 500, 1000]
network.enter_namespace()
network.add_sink()
with tempfile.TemporaryDirectory() as directory:
    music, media = make_music(directory)
    for way in ways:
        place = WAYS[way]()
        rows = []
        for count in counts:
            theirs = rtpengine(directory, music, count, *place)
            # Over loopback nothing can go by a ring.
            ways_of_ours = [False, True] if way == "device" else [False]
            ours = [intermezzo(directory, media, count, *place, ring) for ring in ways_of_ours]
            for row in theirs, *ours:
                row["theirsToThis"] = (
                    theirs["cpuMillisecondsPerStreamSecond"] / row["cpuMillisecondsPerStreamSecond"])
                rows.append(row)
        report.write("rtpengine-" + way, rows)
        print(f"over the {way}" if way == "device" else f"over {way}")
        report.table(
            [("server", "s"), ("listeners", "d"), ("CPU ms/stream-s", ".3f"), ("rtpengine to this", ".1f"),
             ("packets/s", ".0f"), ("gap p1 ms", ".2f"), ("median", ".2f"), ("p99", ".2f"),
             ("max", ".2f"), ("lost", "d"), ("load", ".1f")],
            [[r["who"], r["listeners"], r["cpuMillisecondsPerStreamSecond"], r["theirsToThis"],
              r["packetsPerSecond"],
              *(r["gapMilliseconds"][k] for k in ("p1", "median", "p99", "max")), r["lost"],
              r["load"]] for r in rows])
