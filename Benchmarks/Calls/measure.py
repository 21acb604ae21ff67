import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))

import report
import sipp
from daemon import Daemon, make_music
from listeners import Sinks
from network import enter_namespace
from processes import Process

HERE = os.path.dirname(os.path.realpath(__file__))
CALLS, RATE, ROUNDS = 10000, 1000, 2


def measure(who, process, directory):
    """The cheaper of some rounds: what disturbs only makes dearer."""
    sipp.calls(1000, RATE, directory)
    rows = []
    for _ in range(ROUNDS):
        before, begin = process.cpu_seconds(), time.monotonic()
        sipp.calls(CALLS, RATE, directory)
        wall = time.monotonic() - begin
        used = process.cpu_seconds() - before
        rows.append({
            "who": who, "cpuMicrosecondsPerCall": used / CALLS * 1e6,
            "callsPerCPUSecond": CALLS / used, "callsPerSecond": CALLS / wall,
            "load": report.load()})
    return min(rows, key=lambda row: row["cpuMicrosecondsPerCall"])


def kamailio(directory):
    command = [
        "kamailio", "-DD", "-E", "-f", os.path.join(HERE, "kamailio.cfg"), "-m", "64", "-M", "8",
        "-P", os.path.join(directory, "kamailio.pid"), "-Y", directory, "-w", directory]
    with Process(command, os.path.join(directory, "kamailio.log")) as process:
        process.wait_until(is_listening)
        return measure("kamailio, stateless 200", process, directory)


def is_listening():
    with open("/proc/net/udp") as f:
        return "0100007F:13C4" in f.read()  # 127.0.0.1:5060


def intermezzo(directory, media, level):
    with Daemon(directory, media, level=level) as process:
        return measure(f"intermezzo, log level {level}", process, directory)


enter_namespace()
with tempfile.TemporaryDirectory() as directory:
    _, media = make_music(directory)
    sinks = Sinks(pairs=1)
    rows = [
        kamailio(directory), intermezzo(directory, media, "warning"),
        intermezzo(directory, media, "info")]
report.write("calls", rows)
report.table(
    [("server", "s"), ("CPU us/call", ".1f"), ("calls/CPU s", ".0f"), ("calls/s", ".0f"),
     ("load", ".1f")],
    [[r["who"], r["cpuMicrosecondsPerCall"], r["callsPerCPUSecond"], r["callsPerSecond"], r["load"]]
     for r in rows])
