"""Results: a table on the terminal, JSON with the circumstances in Benchmarks/results."""

import datetime
import json
import os
import platform

RESULTS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "results"))


def load():
    """Processes that wanted to run in the last minute: other work on the machine."""
    return os.getloadavg()[0]


def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * q))]


def table(columns, rows):
    """`columns`: (title, format) each."""
    cells = [[title for title, _ in columns]]
    for row in rows:
        cells.append(["" if v is None else format(v, f) for v, (_, f) in zip(row, columns)])
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    for row in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)), flush=True)


def write(name, results):
    os.makedirs(RESULTS, exist_ok=True)
    with open("/proc/cpuinfo") as f:
        models = [line.split(":")[1].strip() for line in f if line.startswith("model name")]
    whole = {
        "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": f"{len(models)} x {models[0]}, Linux {platform.release()}",
        "results": results,
    }
    with open(os.path.join(RESULTS, name + ".json"), "w") as f:
        json.dump(whole, f, indent=1)
