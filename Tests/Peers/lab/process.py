"""A program that runs in a namespace while a test needs it."""

import os
import re
import signal
import subprocess
import time

from .waiting import until


class Process:
    def __init__(self, namespace, argv, log, environment=None, stdin=subprocess.DEVNULL, directory=None):
        self.log_path = log
        self.argv = list(map(str, argv))
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                namespace.command(argv), stdin=stdin, stdout=out, stderr=out, cwd=directory,
                env={**os.environ, **(environment or {})}, start_new_session=True)
        namespace.processes.append(self)

    @property
    def pid(self):
        return self.popen.pid

    @property
    def is_running(self):
        return self.popen.poll() is None

    def log(self, start=0):
        with open(self.log_path, "rb") as file:
            file.seek(start)
            return file.read().decode("utf-8", "replace")

    def log_size(self):
        return os.path.getsize(self.log_path)

    def wait_log(self, pattern, seconds=10, start=0):
        """The first match of the pattern in what was logged from `start` on."""
        return until(lambda: re.search(pattern, self.log(start)), seconds, f"{pattern!r} in {self.log_path}")

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, seconds=20):
        return self.popen.wait(seconds)

    def stop(self, seconds=5):
        if self.is_running:
            self.popen.terminate()
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        return self.popen.returncode

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))
