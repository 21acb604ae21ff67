import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))

import report
from daemon import REPOSITORY

PROGRAM, *KINDS = sys.argv[1:]
CASES = [("wav", 360), ("wav", 3600), ("flac", 3600), ("mp3", 3600), ("ogg", 3600)]
FACTOR = 50
ALLOWED_GROWTH = 8 << 20


def make_music(path, seconds):
    """The music that ships, again and again, in stereo at 44.1 kHz."""
    folder = os.path.join(REPOSITORY, "Media", "default")
    names = sorted(n for n in os.listdir(folder) if n.endswith((".ogg", ".flac")))
    sources = [os.path.join(folder, name) for name in names]
    subprocess.run(
        ["sox", "-V1", *sources, "-r", "44100", "-c", "2", path,
         "repeat", "1000", "trim", "0", str(seconds)], check=True)


def prepared(kind, seconds):
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as directory:
        media = os.path.join(directory, "Media")
        os.makedirs(os.path.join(media, "default"))
        make_music(os.path.join(media, "default", "music." + kind), seconds)
        load = report.load()
        done = subprocess.run(
            [PROGRAM, media, os.path.join(directory, "cache")], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    row = json.loads(done.stdout.splitlines()[-1])
    return {"kind": kind, **row, "factor": row["musicSeconds"] / row["cpuSeconds"], "load": load}


rows = [prepared(*case) for case in CASES if not KINDS or case[0] in KINDS]
report.write("prepare", rows)
report.table(
    [("file", "s"), ("music s", ".0f"), ("formats", "d"), ("CPU s", ".2f"), ("wall s", ".1f"),
     ("times real time", ".0f"), ("most RSS MiB", ".1f"), ("load", ".1f")],
    [[r["kind"], r["musicSeconds"], r["formats"], r["cpuSeconds"], r["wallSeconds"], r["factor"],
      r["mostResidentBytes"] / 2**20, r["load"]] for r in rows])
hours = [r for r in rows if r["musicSeconds"] > 3000]
if min(r["factor"] for r in hours) < FACTOR:
    sys.exit(f"an hour takes more than a {FACTOR}th of an hour of CPU")
minutes = [r for r in rows if r not in hours]
growth = max(h["mostResidentBytes"] - m["mostResidentBytes"] for h in hours for m in minutes or [h])
if growth > ALLOWED_GROWTH:
    sys.exit(f"an hour took {growth / 2**20:.1f} MiB more than six minutes")
