"""A network of our own: what goes into it leaves by a device, as on a server, and is dropped there.

Over loopback a sender is charged with its packets' reception too. An ifb device takes a packet as a
network card does and drops it, so that only sending is measured.
"""

import os
import subprocess

ADDRESS = "10.77.0.1"
# All of 10.80.0.0/12 lies behind one neighbour.
LISTENERS = "10.80.0.0"


def enter_namespace():
    """Everything from here on happens in a network namespace of our own: no ports clash."""
    os.unshare(os.CLONE_NEWNET) if hasattr(os, "unshare") else _unshare()
    _ip("link set lo up")


def _unshare():
    # Python 3.12 has os.unshare, Debian 12 has Python 3.11.
    import ctypes

    clone_newnet = 0x40000000
    if ctypes.CDLL(None, use_errno=True).unshare(clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "unshare (a network namespace needs root)")


def add_sink():
    _ip("link add sink txqueuelen 1000 type ifb")
    _ip(f"addr add {ADDRESS}/24 dev sink")
    _ip("link set sink up")
    _ip("neigh add 10.77.0.2 lladdr 02:00:00:00:00:02 dev sink nud permanent")
    _ip(f"route add {LISTENERS}/12 via 10.77.0.2")


def sink_packets():
    """Packets that the device has taken."""
    with open("/proc/self/net/dev") as f:
        words = next(line.split(":")[1].split() for line in f if line.strip().startswith("sink:"))
    return int(words[1])


def _ip(arguments):
    subprocess.run(["ip", *arguments.split()], check=True)
