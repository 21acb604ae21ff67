"""Many recordings at once: CPU of each and how many one processor carries, packets lost, octets on disk."""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))
import report  # noqa: E402

COUNTS = [10, 100, 500]
SECONDS = 20


def main():
    binaries = sys.argv[1]
    results, rows = [], []
    for count in COUNTS:
        with tempfile.TemporaryDirectory(dir=os.environ.get("RECORDINGS", "/var/tmp")) as directory:
            out = subprocess.run(
                [f"{binaries}/recordings", str(count), str(SECONDS), f"{binaries}/recordings-phones", directory],
                capture_output=True, text=True, check=True).stdout
            result = json.loads(out)
            result["octets"] = sum(entry.stat().st_size for entry in os.scandir(directory))
        result["cores"] = result["cpu"] / result["seconds"]
        results.append(result)
        rows.append([
            count, result["sent"], result["sent"] - result["recorded"], result["drops"], result["failures"],
            100 * result["cores"], 1e3 * result["cores"] / count, count / result["cores"],
            result["octets"] / result["seconds"] / count / 1e3, report.load(),
        ])
    report.table(
        [("recordings", "d"), ("packets sent", "d"), ("lost", "d"), ("dropped by the kernel", "d"), ("failed", "d"),
         ("% of a processor", ".1f"), ("CPU ms/s of each", ".2f"), ("for one processor", ".0f"),
         ("kB/s to disk of each", ".1f"), ("load", ".1f")], rows)
    report.write("recordings", results)
    if any(result["failures"] or result["sent"] != result["recorded"] for result in results):
        sys.exit("a recording is incomplete")


main()
