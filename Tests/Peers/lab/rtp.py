"""RTP as it arrives: a receiver with kernel time stamps, and the checks on what it got."""

import socket
import struct
import threading
import time
from dataclasses import dataclass, field

import numpy as np

SO_TIMESTAMPNS = 35


@dataclass
class Packet:
    time: float  # seconds, wall clock of the kernel
    sequence: int
    timestamp: int
    ssrc: int
    payload_type: int
    marker: bool
    payload: bytes
    source: tuple = None
    tos: int = 0

    @staticmethod
    def parse(octets, time, source=None, tos=0):
        if len(octets) < 12 or octets[0] >> 6 != 2:
            return None
        first, second, sequence, timestamp, ssrc = struct.unpack("!BBHII", octets[:12])
        offset = 12 + 4 * (first & 15)
        if first & 16:
            if len(octets) < offset + 4:
                return None
            offset += 4 + 4 * struct.unpack("!H", octets[offset + 2:offset + 4])[0]
        end = len(octets) - (octets[-1] if first & 32 else 0)
        return Packet(time, sequence, timestamp, ssrc, second & 127, bool(second & 128), octets[offset:end], source, tos)


def is_rtcp(octets):
    return len(octets) >= 8 and octets[0] >> 6 == 2 and 192 <= octets[1] <= 223


@dataclass
class Stream:
    """Packets in the order of their arrival."""

    packets: list = field(default_factory=list)

    def __len__(self):
        return len(self.packets)

    def of_type(self, payload_type):
        return Stream([p for p in self.packets if p.payload_type == payload_type])

    def between(self, start, end=float("inf")):
        return Stream([p for p in self.packets if start <= p.time < end])

    @property
    def payload(self):
        return b"".join(p.payload for p in self.packets)

    @property
    def payload_types(self):
        seen = []
        for p in self.packets:
            if not seen or seen[-1] != p.payload_type:
                seen.append(p.payload_type)
        return seen

    @property
    def spacing(self):
        """Seconds between neighbours."""
        return np.diff([p.time for p in self.packets])

    def check(self, step=None, allow_marker=True):
        """One SSRC, no packet lost or doubled, time stamps that advance by `step`."""
        assert self.packets, "no RTP"
        assert len({p.ssrc for p in self.packets}) == 1, "SSRC changed"
        steps = {(b.sequence - a.sequence) & 0xFFFF for a, b in zip(self.packets, self.packets[1:])}
        assert steps <= {1}, f"sequence steps {steps}"
        if step is not None:
            steps = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in zip(self.packets, self.packets[1:])}
            assert steps <= {step}, f"timestamp steps {steps}, not {step}"
        return self

    def longest_gap(self):
        return float(self.spacing.max()) if len(self.packets) > 1 else float("inf")


class Receiver:
    """A phone's RTP and RTCP ports; the pair is even and odd."""

    def __init__(self, namespace, address, port=None, family=socket.AF_INET, rtcp=True):
        self.namespace = namespace
        self.address = address
        self.rtp, self.port = self._bind(namespace, address, port, family)
        self.rtcp = None
        if rtcp:
            self.rtcp = namespace.socket(family)
            self.rtcp.bind((address, self.port + 1))
        self.packets = []
        self.reports = []
        self.muxed_reports = []
        self.lock = threading.Lock()
        self.open = True
        self.readers = []
        for sock in filter(None, [self.rtp, self.rtcp]):
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.settimeout(0.2)
            reader = threading.Thread(target=self._read, args=(sock,), daemon=True)
            reader.start()
            self.readers.append(reader)

    _next = 30000

    @classmethod
    def _bind(cls, namespace, address, port, family):
        while True:
            if port is None:
                cls._next += 2
                if cls._next > 60000:
                    cls._next = 30002
            sock = namespace.socket(family)
            try:
                sock.bind((address, port or cls._next))
                return sock, port or cls._next
            except OSError:
                sock.close()
                if port is not None:
                    raise

    def _read(self, sock):
        while self.open:
            try:
                octets, ancillary, _, source = sock.recvmsg(4096, 256)
            except (TimeoutError, InterruptedError):
                continue
            except OSError as error:
                # An ICMP error of what we sent ourselves shows up here.
                if self.open and error.errno == 111:
                    continue
                return
            now, tos = time.time(), 0
            for level, kind, data in ancillary:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = struct.unpack("qq", data[:16])
                    now = seconds + nanoseconds / 1e9
                elif level == socket.IPPROTO_IP and kind == socket.IP_TOS:
                    tos = data[0]
            with self.lock:
                if sock is self.rtcp:
                    self.reports.append((now, octets, source))
                elif is_rtcp(octets):
                    self.muxed_reports.append((now, octets, source))
                else:
                    packet = Packet.parse(octets, now, source, tos)
                    if packet:
                        self.packets.append(packet)

    @property
    def stream(self):
        with self.lock:
            return Stream(list(self.packets))

    def since(self, start):
        return self.stream.between(start)

    def clear(self):
        with self.lock:
            self.packets.clear()

    def wait(self, count=1, seconds=5, payload_type=None, since=0.0):
        """Waits for that many packets and returns the stream."""
        from .waiting import until

        def have():
            stream = self.since(since)
            if payload_type is not None:
                stream = stream.of_type(payload_type)
            return stream if len(stream) >= count else None

        return until(have, seconds, f"{count} RTP packets at port {self.port}, has {len(self.packets)}")

    def listen(self, seconds):
        """What arrives in the next `seconds`; they are counted, not waited out, by packets when there are any."""
        start = time.time()
        time.sleep(seconds)
        return self.stream.between(start, start + seconds)

    def send(self, destination, payload_type=0, payload=b"\xff" * 160, sequence=0, timestamp=0, ssrc=0x1234, marker=False):
        header = struct.pack("!BBHII", 0x80, payload_type | (128 if marker else 0), sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
        self.rtp.sendto(header + payload, destination)

    def close(self):
        self.open = False
        for reader in self.readers:
            reader.join()
        for sock in filter(None, [self.rtp, self.rtcp]):
            sock.close()


class Talker:
    """Sends RTP from a receiver's port all the while, as a phone's microphone does."""

    def __init__(self, receiver, destination, payload_type=0, size=160, step=160, period=0.02):
        self.stopped = threading.Event()
        self.arguments = (receiver, destination, payload_type, size, step, period)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        receiver, destination, payload_type, size, step, period = self.arguments
        n = 0
        while not self.stopped.wait(period):
            try:
                receiver.send(destination, payload_type, b"\xd5" * size, n, n * step, 0x7777, n == 0)
            except OSError:
                pass
            n += 1

    def stop(self):
        self.stopped.set()
        self.thread.join()
