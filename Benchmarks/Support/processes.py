"""Processes that are measured: started, watched through /proc, and stopped by their own id."""

import os
import signal
import subprocess
import time


class Process:
    """A program that runs until it is stopped, its output in a file."""

    def __init__(self, command, log):
        self.log = log
        self._output = open(log, "wb")
        self._child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT)
        self.pid = self._child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, seconds=15):
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._output.close()

    def check(self):
        """Fails with the end of its output when it has ended."""
        if self._child.poll() is not None:
            with open(self.log, errors="replace") as f:
                raise RuntimeError(f"{self._child.args[0]} ended:\n{f.read()[-2000:]}")

    def wait_until(self, condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            self.check()
            if time.monotonic() > end:
                raise TimeoutError(f"{self._child.args[0]} is not ready after {seconds} s")
            time.sleep(0.1)

    def family(self):
        """Its id and those of the processes that it has forked."""
        ids = [self.pid]
        for parent in ids:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as f:
                    ids += [int(word) for word in f.read().split()]
        return ids

    def cpu_seconds(self, thread_name=None):
        """CPU time by the scheduler's own clock (nanoseconds, not ticks).

        Of the whole family with the threads that have ended, or of the threads that now have a name.
        """
        if not thread_name:
            return sum(time.clock_gettime_ns(cpu_clock(pid)) for pid in self.family()) / 1e9
        total = 0
        for pid in self.family():
            for task in os.listdir(f"/proc/{pid}/task"):
                base = f"/proc/{pid}/task/{task}"
                with open(f"{base}/comm") as f:
                    if not f.read().startswith(thread_name):
                        continue
                with open(f"{base}/schedstat") as f:
                    total += int(f.read().split()[0])
        return total / 1e9

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))


def cpu_clock(pid):
    """The clock of the CPU time of a process (clock_getcpuclockid(3): CPUCLOCK_SCHED)."""
    return (~pid << 3) | 2
