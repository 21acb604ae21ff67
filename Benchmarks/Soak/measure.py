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

# A transaction stays for 32 s (RFC 3261, timers H and J): the warm-up is longer than that, so that
# as many of them as later have been there at once.
RATE = int(os.environ.get("RATE", 1500))
WARM_UP, CALLS = 40 * RATE, int(os.environ.get("CALLS", 100000))
QUIET_SECONDS = 36
ALLOWED_BYTES_PER_CALL = 20


def state(process):
    return {
        "descriptors": process.descriptors(), "threads": process.threads(),
        "residentBytes": process.resident_bytes(), "calls": process.status()["calls"]}


def settled(process):
    time.sleep(QUIET_SECONDS)
    return state(process)


enter_namespace()
with tempfile.TemporaryDirectory() as directory:
    _, media = make_music(directory)
    sinks = Sinks(pairs=1)
    with Daemon(directory, media) as process:
        fresh = state(process)
        sipp.calls(WARM_UP, RATE, directory)
        before = settled(process)
        begin = time.monotonic()
        sipp.calls(CALLS, RATE, directory)
        wall, peak = time.monotonic() - begin, process.resident_bytes()
        after = settled(process)

growth = (after["residentBytes"] - before["residentBytes"]) / CALLS
report.write("soak", {
    "calls": CALLS, "callsPerSecond": CALLS / wall, "load": report.load(), "fresh": fresh,
    "before": before, "after": after, "peakBytes": peak, "bytesPerCall": growth})
report.table(
    [("", "s"), ("descriptors", "d"), ("threads", "d"), ("RSS MiB", ".1f"), ("calls", "d")],
    [[name, s["descriptors"], s["threads"], s["residentBytes"] / 2**20, s["calls"]]
     for name, s in [("fresh", fresh), ("warm", before), (f"{CALLS} calls later", after)]])
print(f"{CALLS / wall:.0f} calls a second, {growth:.1f} bytes a call")
if growth > ALLOWED_BYTES_PER_CALL or any(
        after[key] > before[key] for key in ("descriptors", "threads", "calls")):
    sys.exit("the daemon has grown")
