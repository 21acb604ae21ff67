"""A copy of this host that is thrown away: an overlay over /, with systemd as its first process and a network,
a file system and processes of its own."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from .waiting import until

# What would reach through to the host, whose kernel is the same.
MASKED = ("systemd-sysctl.service", "systemd-modules-load.service", "systemd-remount-fs.service", "systemd-udevd.service",
          "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-fs-fuse-connections.mount", "dev-hugepages.mount")

BOOT = r"""
set -e
cd "$1"
mount -t tmpfs tmpfs .
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
cd root
mount -t proc proc proc
mount --bind -o ro /proc/sys proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup
mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for unit in $MASKED; do ln -sf /dev/null "etc/systemd/system/$unit"; done
ip link set lo up
# Not chroot: systemd gives a service a root of its own by moving this one.
mkdir mnt/old
pivot_root . mnt/old
umount --lazy /mnt/old
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=basic.target --show-status=no
"""


class Host:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="imz-host-"))
        self.log = self.directory.with_suffix(".log")
        with open(self.log, "wb") as out:
            # The first process of a namespace takes all others with it.
            self.popen = subprocess.Popen(
                ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child=KILL",
                 "bash", "-c", BOOT, "boot", self.directory],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, "MASKED": " ".join(MASKED)})
        self.init = until(self.first_process, 10, "a first process")
        until(self.has_started, 60, f"systemd; see {self.log}")

    def first_process(self):
        children = pathlib.Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def has_started(self):
        assert self.popen.poll() is None, self.log.read_text()
        return self.run("systemctl", "is-active", "basic.target", check=False).stdout.strip() == "active"

    def command(self, *words):
        return ["nsenter", f"--target={self.init}", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wd",
                *map(str, words)]

    def run(self, *words, check=True, **options):
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=120, **options)
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done

    def start(self, *words):
        return subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def path(self, path):
        """Where a file of the copy is on this host."""
        return pathlib.Path(f"/proc/{self.init}/root{path}")

    def unit(self, name, *properties):
        words = [f"--property={item}" for item in properties]
        lines = self.run("systemctl", "show", name, *words).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", unit).stdout

    def delete(self):
        self.popen.kill()
        self.popen.wait()
        shutil.rmtree(self.directory)
        self.log.unlink()
