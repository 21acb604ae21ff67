"""Runs the senders in turn, so that a disturbance hits all of them; the median of rounds counts."""
import json
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))

import network
import report

BIN = sys.argv[1]
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = int(os.environ.get("SECONDS_EACH", "10"))
# Of how many streams the pacing of one is looked at: looking costs as much as sending.
SAMPLE = 8
OCTETS = {"pcmu": 160, "pcma": 160, "g722": 160, "opusMono": 159, "opusStereo": 239, "l16At8000": 320}


def run(program, *arguments, prefix=()):
    done = subprocess.run(
        [*prefix, f"{BIN}/{program}", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def compared(streams, codec, seconds, threads=1, rounds=ROUNDS, ring=False):
    ours, theirs = [], []
    load = report.load()
    for _ in range(rounds):
        ours.append(run("send", streams, seconds, codec, network.ADDRESS, network.LISTENERS, threads, *["ring"] * ring))
        theirs.append(run("send-c", streams, seconds, OCTETS[codec], network.ADDRESS, network.LISTENERS))
    for row in ours:
        assert row["errors"] < row["expected"] / 1000 and abs(row["packets"] / row["expected"] - 1) < 0.03, row
    cost = statistics.median(row["cpuNanoseconds"] for row in ours)
    least = statistics.median(row["cpuNanoseconds"] for row in theirs)
    return {
        "codec": codec, "streams": streams, "threads": threads, "ring": ring, "intermezzoNanoseconds": cost, "cNanoseconds": least, "ratio": cost / least,
        "cpuShare": statistics.median(row["cpuShare"] for row in ours),
        "spread": [min(row["cpuNanoseconds"] for row in ours), max(row["cpuNanoseconds"] for row in ours)],
        "cSpread": [min(row["cpuNanoseconds"] for row in theirs), max(row["cpuNanoseconds"] for row in theirs)],
        "residentBytesPerStream": statistics.median(row["residentOctetsPerStream"] for row in ours),
        "load": load, "realTime": all(row["realTime"] for row in ours)}


def table(rows):
    report.table(
        [("codec", "s"), ("streams", "d"), ("threads", "d"), ("by", "s"), ("intermezzo ns", ".0f"), ("C ns", ".0f"),
         ("ratio", ".2f"), ("CPU share", ".1%"), ("bytes/stream", ".0f"), ("load", ".1f")],
        [[r["codec"], r["streams"], r["threads"], "ring" if r["ring"] else "socket", r["intermezzoNanoseconds"], r["cNanoseconds"],
          r["ratio"], r["cpuShare"], r["residentBytesPerStream"], r["load"]] for r in rows])


def pacing(streams, hogs, ring):
    load = report.load()
    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(hogs)]
    try:
        sender = subprocess.Popen(
            [f"{BIN}/send", str(streams), "14", "pcmu", network.ADDRESS, network.LISTENERS, str(os.cpu_count()), *["ring"] * ring],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        subprocess.run(["sleep", "3"], check=True)
        # What the machine keeps from a thread that only wakes up, at the same time.
        stalls = subprocess.Popen([f"{BIN}/send-stalls", "8"], stdout=subprocess.PIPE)
        row = run("send-receiver", 8, "sink", SAMPLE)
        idle = json.loads(stalls.communicate()[0])
        sent = json.loads(sender.communicate()[0].decode().strip().splitlines()[-1])
    finally:
        for process in busy:
            process.kill()
            process.wait()
    return {
        "hogs": hogs, "ring": ring, "sent": sent, "load": load, "stalls": idle,
        "worstOfIdleThread": max(each["worstMicroseconds"] for each in idle), **row}


network.enter_namespace()
network.add_sink()
wanted = sys.argv[2:] or ["ratio", "growth", "codecs", "ring", "pacing"]
if "ratio" in wanted:
    rows = [compared(n, "pcmu", SECONDS) for n in (1000, 2000)]
    report.write("send-ratio", rows)
    table(rows)
if "growth" in wanted:
    # As the daemon runs: a thread for each processor. The C program has one.
    rows = [compared(n, "pcmu", SECONDS, os.cpu_count()) for n in (10, 100, 1000, 2000, 10000)]
    report.write("send-growth", rows)
    table(rows)
if "codecs" in wanted:
    rows = [compared(2000, codec, max(3, SECONDS // 2)) for codec in OCTETS]
    report.write("send-codecs", rows)
    table(rows)
if "ring" in wanted:
    # Against the C program, which sends the same by the socket.
    rows = [compared(n, "pcmu", SECONDS, os.cpu_count(), ring=True) for n in (1000, 2000, 10000)]
    report.write("send-ring", rows)
    table(rows)
if "pacing" in wanted:
    rows = [pacing(n, hogs, ring) for ring in (False, True) for n in (1000, 5000) for hogs in (0, 3)]
    report.write("send-pacing", rows)
    report.table(
        [("by", "s"), ("streams", "d"), ("hogs", "d"), ("packets", "d"), ("lost", "d"), ("p50 us", ".1f"),
         ("p99 us", ".1f"), ("p99.9 us", ".1f"), ("max us", ".1f"),
         ("idle thread max", ".1f"), ("load", ".1f")],
        [["ring" if r["ring"] else "socket", r["streams"], r["hogs"], r["packets"], r["lost"], r["p50Microseconds"],
          r["p99Microseconds"], r["p999Microseconds"], r["maximumMicroseconds"],
          r["worstOfIdleThread"], r["load"]]
         for r in rows])
