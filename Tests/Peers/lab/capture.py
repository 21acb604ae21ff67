"""tcpdump in a namespace, and its file read back."""

import socket
import struct

from .process import Process
from .rtp import Packet, Stream, is_rtcp
from .waiting import until


class Capture:
    def __init__(self, namespace, path, expression="udp", interface="lo"):
        self.path = path
        self.process = Process(
            namespace,
            ["tcpdump", "-i", interface, "-U", "--immediate-mode", "-B", "16384", "-s", "2048", "--time-stamp-precision=nano", "-n", "-Z", "root", "-w", path, *expression.split()],
            str(path) + ".log")
        self.process.wait_log("listening on")

    def stop(self):
        self.process.stop()
        return self

    def datagrams(self):
        """(time, source, destination, payload) of each UDP datagram that is whole and without IPv6 options."""
        with open(self.path, "rb") as file:
            data = file.read()
        magic = struct.unpack("<I", data[:4])[0]
        scale = 1e9 if magic == 0xA1B23C4D else 1e6
        link = struct.unpack("<I", data[20:24])[0]
        offset = 24
        while offset + 16 <= len(data):
            seconds, fraction, length, _ = struct.unpack("<IIII", data[offset:offset + 16])
            frame = data[offset + 16: offset + 16 + length]
            offset += 16 + length
            if link == 1:
                packet = frame[14:]
            else:
                packet = frame[20:]
            if len(packet) >= 48 and packet[0] >> 4 == 6 and packet[6] == 17:
                header, family, hosts = 40, socket.AF_INET6, (packet[8:24], packet[24:40])
            elif len(packet) >= 28 and packet[0] >> 4 == 4 and packet[9] == 17:
                header, family, hosts = (packet[0] & 15) * 4, socket.AF_INET, (packet[12:16], packet[16:20])
            else:
                continue
            source, destination, size = struct.unpack("!HHH", packet[header:header + 6])
            yield (
                seconds + fraction / scale,
                (socket.inet_ntop(family, hosts[0]), source),
                (socket.inet_ntop(family, hosts[1]), destination),
                packet[header + 8: header + size],
            )

    def streams(self, destination_port=None, source=None):
        """RTP streams by SSRC."""
        found = {}
        for time, origin, destination, payload in self.datagrams():
            if destination_port not in (None, destination[1]) or source not in (None, origin[0]) or is_rtcp(payload):
                continue
            packet = Packet.parse(payload, time, origin)
            if packet:
                found.setdefault(packet.ssrc, Stream()).packets.append(packet)
        return found
