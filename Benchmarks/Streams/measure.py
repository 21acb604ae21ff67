import os
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))

import network
import report
from daemon import Daemon, make_music
from listeners import CLOCKS, Ear, Listeners, Wire

COUNTS = [10, 100, 1000, 10000]
TIMED = 200
CODECS = ["PCMU", "G722", "Opus"]
PACKET_TIMES = [10, 20, 30, 40, 60]
ADDED = 2000
ROUNDS = int(os.environ.get("ROUNDS", 2))
SIP_LOOP = "NIO-ELT"


def cpu_share(process, sinks, ear, seconds):
    """CPU seconds per second, and packets per second (those that are heard only without `ear`)."""
    if ear:
        ear.empty()
    cpu, packets, begin = process.cpu_seconds(), sinks.packets(), time.monotonic()
    time.sleep(seconds)
    wall = time.monotonic() - begin
    heard = len(ear.gaps()[0]) if ear else 0
    return (process.cpu_seconds() - cpu) / wall, (sinks.packets() - packets + heard) / wall


def one_by_one(process, listeners, count):
    """Set-up time of calls that follow each other: wall clock, and CPU of the SIP loop alone."""
    before = process.cpu_seconds(SIP_LOOP)
    took = listeners.set_up(count, window=1, packet_time=PACKET_TIMES[-1])
    return {
        "calls": count,
        "medianMilliseconds": report.quantile(took, 0.5) * 1000,
        "p99Milliseconds": report.quantile(took, 0.99) * 1000,
        "cpuMicrosecondsOfLoop": (process.cpu_seconds(SIP_LOOP) - before) / count * 1e6,
    }


def growth(directory, media):
    sinks, ear = Wire(), Ear(network.ADDRESS)
    rows = []
    with Daemon(directory, media, address=network.ADDRESS) as process:
        listeners = Listeners(sinks, server=(network.ADDRESS, 5060))
        # What a first call loads for good is no growth.
        listeners.set_up(200)
        listeners.hang_up()
        time.sleep(1)
        idle, _ = cpu_share(process, sinks, ear, 5)
        memory = process.resident_bytes()
        for count in COUNTS:
            listeners.set_up(count - len(listeners.calls), ear=None if rows else ear)
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
    return idle, rows


def set_ups(directory, media):
    """The last calls before each number, one after the other.

    With the longest packets: what is asked for is whether others that are there make a call dearer,
    and not what a machine does whose processors the packets fill.
    """
    rows = []
    with Daemon(directory, media, address=network.ADDRESS) as process:
        listeners = Listeners(Wire(), server=(network.ADDRESS, 5060))
        listeners.set_up(200)
        listeners.hang_up()
        for count in COUNTS:
            last = min(TIMED, count - len(listeners.calls))
            listeners.set_up(count - len(listeners.calls) - last, packet_time=PACKET_TIMES[-1])
            time.sleep(1)
            rows.append(dict(one_by_one(process, listeners, last), listeners=count))
        listeners.hang_up()
    return rows


def by_codec(directory, media):
    """CPU per added listener, the codecs in turn and the least of some rounds of each."""
    sinks, ear = Wire(), Ear(network.ADDRESS, port=39100)
    cells = {(time_, codec): [] for time_ in PACKET_TIMES for codec in CODECS}
    steps = {}
    with Daemon(directory, media, address=network.ADDRESS) as process:
        listeners = Listeners(sinks, server=(network.ADDRESS, 5060))
        for packet_time in PACKET_TIMES:
            for _ in range(ROUNDS):
                for codec in CODECS:
                    listeners.set_up(100, codec, ear=ear, packet_time=packet_time)
                    time.sleep(1)
                    few, _ = cpu_share(process, sinks, ear, 2)
                    listeners.set_up(ADDED, codec, packet_time=packet_time)
                    time.sleep(1)
                    ear.empty()
                    many, rate = cpu_share(process, sinks, None, 4)
                    steps[packet_time, codec] = rhythm(ear.packets(), codec)
                    listeners.hang_up()
                    expected = (100 + ADDED) * 1000 / packet_time
                    if abs(rate / expected - 1) > 0.03:
                        raise RuntimeError(f"{codec}: {rate:.0f} packets/s and not {expected:.0f}")
                    cells[packet_time, codec].append((many - few) / ADDED * 1000)
    rows = []
    for (packet_time, codec), each in cells.items():
        cost = statistics.median(each)
        rows.append({
            "packetTime": packet_time, "codec": codec, "cpuMillisecondsPerAddedStreamSecond": cost,
            "cpuNanosecondsPerPacket": cost * 1000 * packet_time, "rounds": each,
            "ratio": cost / statistics.median(cells[packet_time, CODECS[0]]),
            **steps[packet_time, codec]})
    return rows


def rhythm(packets, codec):
    """Milliseconds from packet to packet by the wall clock, by the timestamp, and by the payload.

    The payload's length in time is known for codecs of constant octets per millisecond, and for Opus
    as this library makes it: one frame of 20 ms or less, or several in a packet (RFC 6716 §3.2).
    """
    pairs = list(zip(packets, packets[1:]))
    timestamps = {((b[2] - a[2]) & 0xFFFFFFFF) * 1000 / CLOCKS[codec] for a, b in pairs}
    payloads = {payload_milliseconds(p[3][12:], codec) for p in packets}
    if len(timestamps) != 1 or len(payloads) != 1:
        raise RuntimeError(f"{codec}: uneven steps {timestamps}, payloads {payloads}")
    return {
        "wallMilliseconds": (packets[-1][0] - packets[0][0]) / len(pairs),
        "timestampMilliseconds": timestamps.pop(), "payloadMilliseconds": payloads.pop()}


def payload_milliseconds(payload, codec):
    if codec != "Opus":
        return len(payload) / 8
    # Table of contents: configuration, and how many frames (RFC 6716 §3.1, §3.2).
    configuration, code = payload[0] >> 3, payload[0] & 3
    if configuration < 12:
        frame = (10, 20, 40, 60)[configuration % 4]
    elif configuration < 16:
        frame = (10, 20)[configuration % 2]
    else:
        frame = (2.5, 5, 10, 20)[configuration % 4]
    return frame * ((1, 2, 2)[code] if code < 3 else payload[1] & 0x3F)


wanted = sys.argv[1:] or ["growth", "set-up", "codecs"]
network.enter_namespace()
network.add_sink()
with tempfile.TemporaryDirectory() as directory:
    _, media = make_music(directory)
    if "growth" in wanted:
        idle, rows = growth(directory, media)
        report.write("streams-growth", {"idle": idle, "growth": rows})
        print(f"CPU of the idle daemon: {idle * 1000:.1f} ms/s")
        report.table(
            [("listeners", "d"), ("CPU s/s", ".3f"), ("CPU ms/stream-s", ".4f"),
             ("packets/s", ".0f"), ("bytes/call", ".0f"), ("load", ".1f")],
            [[r["listeners"], r["cpuSecondsPerSecond"], r["cpuMillisecondsPerStreamSecond"],
              r["packetsPerSecond"], r["bytesPerCall"], r["load"]] for r in rows])
        print()
    if "set-up" in wanted:
        setups = set_ups(directory, media)
        report.write("streams-set-up", setups)
        report.table(
            [("listeners", "d"), ("set-up median ms", ".3f"), ("p99", ".3f"),
             ("CPU us of SIP loop", ".0f")],
            [[s["listeners"], s["medianMilliseconds"], s["p99Milliseconds"],
              s["cpuMicrosecondsOfLoop"]] for s in setups])
        print()
    if "codecs" in wanted:
        codecs = by_codec(directory, media)
        report.write("streams-codecs", codecs)
        report.table(
            [("ptime", "d"), ("codec", "s"), ("CPU ms/added stream-s", ".4f"), ("ns/packet", ".0f"),
             ("ratio", ".3f"), ("wall ms", ".3f"), ("timestamp", ".1f"), ("payload", ".1f")],
            [[c["packetTime"], c["codec"], c["cpuMillisecondsPerAddedStreamSecond"],
              c["cpuNanosecondsPerPacket"], c["ratio"], c["wallMilliseconds"],
              c["timestampMilliseconds"], c["payloadMilliseconds"]] for c in codecs])
