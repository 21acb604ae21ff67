"""Runs the senders in turn, so that a disturbance hits all of them; the median of rounds counts."""
import json
import os
import statistics
import subprocess
import sys

BIN = sys.argv[1]
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = int(os.environ.get("SECONDS_EACH", "10"))
OCTETS = {"pcmu": 160, "pcma": 160, "g722": 160, "opusMono": 159, "opusStereo": 239, "l16At8000": 320}
results = {}


def sh(line):
    subprocess.run(line, shell=True, check=True)


def network():
    """An ifb device that drops what it is given, behind one neighbour."""
    sh("ip link set lo up; ip link add sink txqueuelen 1000 type ifb; ip addr add 10.77.0.1/24 dev sink; ip link set sink up")
    sh("ip neigh add 10.77.0.2 lladdr 02:00:00:00:00:02 dev sink nud permanent; ip route add 10.80.0.0/12 via 10.77.0.2")


def run(program, *arguments, prefix=()):
    done = subprocess.run(
        [*prefix, f"{BIN}/{program}", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def compared(streams, codec, seconds, threads=1, rounds=ROUNDS):
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(run("send", streams, seconds, codec, "10.77.0.1", "10.80.0.1", threads))
        theirs.append(run("send-c", streams, seconds, OCTETS[codec], "10.77.0.1", "10.80.0.1"))
    for row in ours:
        assert row["errors"] < row["expected"] / 1000 and abs(row["packets"] / row["expected"] - 1) < 0.03, row
    cost = statistics.median(row["cpuNanoseconds"] for row in ours)
    least = statistics.median(row["cpuNanoseconds"] for row in theirs)
    return {
        "codec": codec, "streams": streams, "threads": threads, "intermezzoNanoseconds": cost, "cNanoseconds": least, "ratio": cost / least,
        "cpuShare": statistics.median(row["cpuShare"] for row in ours),
        "spread": [min(row["cpuNanoseconds"] for row in ours), max(row["cpuNanoseconds"] for row in ours)],
        "cSpread": [min(row["cpuNanoseconds"] for row in theirs), max(row["cpuNanoseconds"] for row in theirs)],
        "realTime": all(row["realTime"] for row in ours)}


def table(rows):
    print("%-11s %8s %14s %10s %7s %10s" % ("codec", "streams", "intermezzo ns", "C ns", "ratio", "CPU share"))
    for r in rows:
        print("%-11s %8d %14.0f %10.0f %7.2f %9.2f%%" % (
            r["codec"], r["streams"], r["intermezzoNanoseconds"], r["cNanoseconds"], r["ratio"], 100 * r["cpuShare"]), flush=True)


def pacing(streams, hogs):
    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(hogs)]
    try:
        sender = subprocess.Popen(
            [f"{BIN}/send", str(streams), "14", "pcmu", "127.0.0.1", "127.1.0.1", str(os.cpu_count())],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        subprocess.run(["sleep", "3"], check=True)
        row = run("send-receiver", 8)
        sent = json.loads(sender.communicate()[0].decode().strip().splitlines()[-1])
    finally:
        for process in busy:
            process.kill()
            process.wait()
    return {"hogs": hogs, "sent": sent, **row}


network()
wanted = sys.argv[2:] or ["ratio", "growth", "codecs", "pacing"]
if "ratio" in wanted:
    results["ratio"] = [compared(2000, "pcmu", SECONDS)]
    table(results["ratio"])
if "growth" in wanted:
    # As the daemon runs: a thread for each processor. The C program has one.
    results["growth"] = [compared(n, "pcmu", SECONDS, os.cpu_count()) for n in (10, 100, 1000, 10000)]
    table(results["growth"])
if "codecs" in wanted:
    results["codecs"] = [compared(2000, codec, max(3, SECONDS // 2)) for codec in OCTETS]
    table(results["codecs"])
if "pacing" in wanted:
    results["pacing"] = [pacing(n, hogs) for n in (1000, 5000) for hogs in (0, 3)]
    print("%8s %5s %9s %6s %8s %8s %9s %9s" % ("streams", "hogs", "packets", "lost", "p50 us", "p99 us", "p99.9 us", "max us"))
    for r in results["pacing"]:
        print("%8d %5d %9d %6d %8.1f %8.1f %9.1f %9.1f" % (
            r["streams"], r["hogs"], r["packets"], r["lost"], r["p50Microseconds"], r["p99Microseconds"],
            r["p999Microseconds"], r["maximumMicroseconds"]))
path = os.path.join(os.path.dirname(__file__), "..", "results", "send.json")
os.makedirs(os.path.dirname(path), exist_ok=True)
results["load"] = os.getloadavg()[0]
with open(path, "w") as f:
    json.dump(results, f, indent=1)
