"""Many recordings at once: CPU of each, packets lost, octets on disk."""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))
import report  # noqa: E402

COUNTS = [10, 100, 250, 500]
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
            count, result["sent"], result["sent"] - result["recorded"], result["failures"], 100 * result["cores"],
            1e3 * result["cores"] / count, result["octets"] / result["seconds"] / 1e6,
        ])
    report.table(
        [("recordings", "d"), ("packets sent", "d"), ("lost", "d"), ("failed", "d"), ("% of a processor", ".1f"),
         ("CPU ms/s of each", ".2f"), ("MB/s to disk", ".2f")], rows)
    report.write("recordings", results)
    if any(result["failures"] or result["sent"] != result["recorded"] for result in results):
        sys.exit("a recording is incomplete")


main()
