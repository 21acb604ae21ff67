"""A control group that does to the sockets of its processes what systemd and `ip vrf exec` do by BPF."""

import contextlib
import ctypes
import os
import platform
import struct

BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
PROG_LOAD, PROG_ATTACH = 5, 8
CGROUP_SOCK, SOCK_CREATE = 9, 2
libc = ctypes.CDLL("libc.so.6", use_errno=True)


def bpf(command, attributes):
    room = ctypes.create_string_buffer(attributes.ljust(120, b"\0"))
    result = libc.syscall(BPF, command, room, len(room.raw) - 1)
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return result


def mount_point():
    with open("/proc/mounts") as file:
        return next(words[1] for words in map(str.split, file) if words[2] == "cgroup2")


@contextlib.contextmanager
def that_binds_sockets(namespace, interface):
    """A wrapper for a process of the namespace, whose sockets for datagrams are bound to the interface."""
    index = int(namespace.run(["cat", f"/sys/class/net/{interface}/ifindex"]).stdout)
    # In struct bpf_sock the device is at 0 and the type at 8; 2 is SOCK_DGRAM.
    instructions = b"".join(struct.pack("<BBhi", *words) for words in (
        (0x61, 0x13, 8, 0), (0x55, 0x03, 2, 2), (0xB7, 0x02, 0, index), (0x63, 0x21, 0, 0), (0xB7, 0x00, 0, 1), (0x95, 0, 0, 0)))
    program = ctypes.create_string_buffer(instructions)
    license_name = ctypes.create_string_buffer(b"GPL")
    loaded = bpf(PROG_LOAD, struct.pack(
        "<IIQQIIQII16sII", CGROUP_SOCK, len(instructions) // 8, ctypes.addressof(program), ctypes.addressof(license_name),
        0, 0, 0, 0, 0, b"", 0, SOCK_CREATE))
    name = namespace.name
    group = os.path.join(mount_point(), name)
    os.mkdir(group)
    try:
        directory = os.open(group, os.O_RDONLY)
        bpf(PROG_ATTACH, struct.pack("<IIII", directory, loaded, SOCK_CREATE, 0))
        os.close(directory)
        os.close(loaded)
        # `ip netns exec` hides the control groups behind a /sys of its own.
        enter = f'mount -t cgroup2 none /mnt && echo $$ > /mnt/{name}/cgroup.procs && umount /mnt && exec "$@"'
        yield ["sh", "-c", enter, "sh"]
    finally:
        for pid in open(os.path.join(group, "cgroup.procs")).read().split():
            with open(os.path.join(mount_point(), "cgroup.procs"), "w") as file, contextlib.suppress(OSError):
                file.write(pid)
        os.rmdir(group)
