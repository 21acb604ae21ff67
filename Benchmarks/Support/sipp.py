"""sipp as the caller of Calls and Soak."""

import os
import subprocess

SCENARIO = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "Calls", "calls.xml"))


def calls(count, rate, directory, limit=1000):
    """Sets `count` calls up and ends them, at most `rate` a second; fails when one of them fails."""
    result = subprocess.run(
        ["sipp", "127.0.0.1:5060", "-sf", SCENARIO, "-i", "127.0.0.1", "-p", "5080",
         "-m", str(count), "-r", str(rate), "-l", str(limit), "-nostdin",
         "-buff_size", "4194304", "-timeout", "900", "-timeout_error"],
        cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(
            f"sipp ended with {result.returncode}:\n{result.stdout[-3000:]}{result.stderr[-500:]}")
