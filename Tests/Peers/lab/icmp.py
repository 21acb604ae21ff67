"""ICMP messages as a stranger forges them, who knows addresses and ports and sees no traffic."""

import ipaddress
import socket
import struct

PORT_UNREACHABLE = {4: (3, 3), 6: (1, 4)}
HOST_UNREACHABLE = {4: (3, 1), 6: (1, 3)}
TOO_BIG = {4: (3, 4), 6: (2, 0)}
TIME_EXCEEDED = {4: (11, 0), 6: (3, 0)}


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Forger:
    """Sends from an address of a namespace."""

    def __init__(self, namespace, address):
        self.version = ipaddress.ip_address(address).version
        family, protocol = ((socket.AF_INET, socket.IPPROTO_ICMP), (socket.AF_INET6, socket.IPPROTO_ICMPV6))[self.version == 6]
        self.socket = namespace.socket(family, socket.SOCK_RAW, protocol)
        self.socket.bind((address, 0))

    def send(self, kinds, sender, receiver, quote=b"", rest=0):
        """Says of a datagram from `sender` to `receiver`, both (address, port), that it didn't arrive."""
        kind, code = kinds[self.version]
        source, destination = (ipaddress.ip_address(end[0]).packed for end in (sender, receiver))
        udp = struct.pack("!4H", sender[1], receiver[1], 8 + len(quote), 0) + quote
        if self.version == 4:
            head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
        else:
            head = struct.pack("!IHBB", 6 << 28, len(udp), 17, 64)
        inner = head + source + destination + udp
        message = struct.pack("!BBHI", kind, code, 0, rest) + inner
        # The kernel writes the checksum of ICMPv6.
        if self.version == 4:
            message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
        self.socket.sendto(message, (sender[0], 0))

    def close(self):
        self.socket.close()
