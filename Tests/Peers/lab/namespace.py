"""A network of its own, so that ports never clash and nothing leaves the machine."""

import ctypes
import os
import socket
import subprocess
import threading

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL("libc.so.6", use_errno=True)
PREFIX = "imz-"


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Namespace:
    """Holds 192.0.2.10 (the appliance), .20 (phones that choose their address) and .21 to .60 (other phones).

    A veth pair with a default route is there because linphone believes the network to be down
    when there is only `lo`. With `peer`, the pair's other end stands in that namespace.
    """

    count = 0

    def __init__(self, peer=None, network="192.0.2", interface="d0"):
        Namespace.count += 1
        self.name = f"{PREFIX}{os.getpid()}-{Namespace.count}"
        self.network = network
        self.processes = []
        ip("netns", "add", self.name)
        n = ["-n", self.name]
        ip(*n, "link", "set", "lo", "up")
        if peer is None:
            ip(*n, "link", "add", interface, "type", "veth", "peer", "name", "d1")
            ip(*n, "link", "set", "d1", "up")
            hosts = [20, 10, *range(21, 61)]
        else:
            ip("-n", peer.name, "link", "add", "w0", "type", "veth", "peer", "name", interface, "netns", self.name)
            ip("-n", peer.name, "addr", "add", f"{network}.1/24", "dev", "w0")
            ip("-n", peer.name, "link", "set", "w0", "up")
            hosts = [2]
        batch = [f"addr add {network}.{host}/24 dev {interface}" for host in hosts]
        if peer is None:
            batch += [f"addr add 2001:db8::{host}/64 dev {interface} nodad" for host in (10, 21, 22)]
        batch += [f"link set {interface} up", f"route add default via {network}.{254 if peer is None else 1} dev {interface}"]
        subprocess.run(["ip", *n, "-batch", "-"], input="\n".join(batch), text=True, check=True, capture_output=True)

    def address(self, host):
        return f"{self.network}.{host}"

    def command(self, argv):
        return ["ip", "netns", "exec", self.name, *map(str, argv)]

    def run(self, argv, **options):
        options.setdefault("capture_output", True)
        options.setdefault("text", True)
        options.setdefault("timeout", 60)
        return subprocess.run(self.command(argv), **options)

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0):
        """A socket of this namespace: it stays there whatever the thread does later."""
        made = []

        def work():
            with open(f"/run/netns/{self.name}") as handle:
                if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.socket(family, kind, protocol))

        # In a thread that ends, so that no other socket is made here by mistake.
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return made[0]

    def listens(self, kind, port):
        """Whether something is bound to the port."""
        flag = {"udp": "-lnuH", "tcp": "-lntH"}[kind]
        out = self.run(["ss", flag, f"sport = :{port}"]).stdout
        return bool(out.strip())

    def delete(self):
        for process in reversed(self.processes):
            process.stop()
        pids = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True).stdout.split()
        for pid in pids:
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                pass
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)


def sweep():
    """Removes what a killed test run left behind: its name holds a process id that is gone."""
    out = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    for line in out.splitlines():
        name = line.split()[0] if line.split() else ""
        if not name.startswith(PREFIX):
            continue
        owner = name[len(PREFIX):].split("-")[0]
        if owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
            for pid in subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True).stdout.split():
                try:
                    os.kill(int(pid), 9)
                except ProcessLookupError:
                    pass
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
