"""Phones that only listen: many calls from one SIP socket, their media to sockets that nobody reads.

The kernel drops what comes to a full socket, so that a listener costs the machine no more than the
delivery. Every call names an address of its own within 127.0.0.0/8, as real phones do.
"""

import os
import select
import socket
import struct
import time

import network

SO_TIMESTAMPNS = 35

INVITE = (
    "INVITE sip:{user}@127.0.0.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK-{run}-{n}-i\r\n"
    "Max-Forwards: 70\r\n"
    "From: \"Listener {n}\" <sip:listener{n}@example.com>;tag=f{n}\r\n"
    "To: <sip:{user}@127.0.0.1>\r\n"
    "Call-ID: {n}@{run}.bench\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:listener{n}@127.0.0.1:{port}>\r\n"
    "User-Agent: bench\r\n"
    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: {length}\r\n\r\n{body}")
IN_DIALOG = (
    "{method} {target} SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK-{run}-{n}-{method}\r\n"
    "Max-Forwards: 70\r\n"
    "From: \"Listener {n}\" <sip:listener{n}@example.com>;tag=f{n}\r\n"
    "To: {to}\r\n"
    "Call-ID: {n}@{run}.bench\r\n"
    "CSeq: {cseq} {method}\r\n"
    "Content-Length: 0\r\n\r\n")

CODECS = {
    "PCMU": (0, "PCMU/8000"),
    "PCMA": (8, "PCMA/8000"),
    "G722": (9, "G722/8000"),
    "Opus": (111, "opus/48000/2"),
}
# Of the RTP clock; G.722's is 8000 by an old mistake (RFC 3551 §4.5.2).
CLOCKS = {"PCMU": 8000, "PCMA": 8000, "G722": 8000, "Opus": 48000}


def description(address, port, codec="PCMU", packet_time=20):
    payload_type, mapping = CODECS[codec]
    return (
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {payload_type} 101\r\n"
        f"a=rtpmap:{payload_type} {mapping}\r\na=rtpmap:101 telephone-event/8000\r\n"
        f"a=ptime:{packet_time}\r\na=sendrecv\r\n")


class Sinks:
    """Pairs of sockets for RTP and RTCP that nobody reads, on every address of 127.0.0.0/8."""

    def __init__(self, pairs=8, first_port=40000):
        self.ports = [first_port + 2 * i for i in range(pairs)]
        self._sockets = []
        for port in self.ports:
            for each in port, port + 1:
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                s.bind(("0.0.0.0", each))
                self._sockets.append(s)
        self._inodes = {socket_inode(s) for s in self._sockets[::2]}

    def endpoint(self, n):
        return f"127.{1 + n // 62500}.{n // 250 % 250}.{1 + n % 250}", self.ports[n % len(self.ports)]

    def packets(self):
        """RTP packets that have come, nearly all of them dropped by the full sockets."""
        with open("/proc/net/udp") as f:
            rows = [line.split() for line in f.readlines()[1:]]
        return sum(int(row[12]) for row in rows if int(row[9]) in self._inodes)


def socket_inode(s):
    return os.fstat(s.fileno()).st_ino


class Wire:
    """Listeners behind the device of `network.add_sink`."""

    ports = [40000]

    def endpoint(self, n):
        return f"10.{80 + n // 62500}.{n // 250 % 250}.{1 + n % 250}", self.ports[0]

    def packets(self):
        return network.sink_packets()


class Ear:
    """The one listener that is read, with the kernel's time stamps."""

    def __init__(self, address="127.0.0.9", port=39000):
        self.address, self.port = address, port
        self._rtp, self._rtcp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        self._rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._rtp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._rtp.bind((address, port))
        self._rtcp.bind((address, port + 1))

    def empty(self):
        self._rtp.setblocking(False)
        try:
            while self._rtp.recv(2048):
                pass
        except BlockingIOError:
            pass

    def packets(self):
        """What has come since `empty`: (milliseconds, sequence number, timestamp, packet) each."""
        self._rtp.setblocking(False)
        packets = []
        try:
            while True:
                packet, ancillary, _, _ = self._rtp.recvmsg(2048, 64)
                seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
                number, timestamp = struct.unpack("!HI", packet[2:8])
                packets.append((seconds * 1000 + nanoseconds / 1e6, number, timestamp, packet))
        except BlockingIOError:
            pass
        return packets

    def gaps(self):
        """What has come since `empty`: milliseconds between packets, sorted, and how many lack."""
        packets = self.packets()
        pairs = list(zip(packets, packets[1:]))
        lost = sum(((b[1] - a[1]) & 0xFFFF) - 1 for a, b in pairs)
        return sorted(b[0] - a[0] for a, b in pairs), lost


class Listeners:
    """Sets calls up and ends them."""

    def __init__(self, sinks, server=("127.0.0.1", 5060), user="moh"):
        self.server, self.user, self.sinks = server, user, sinks
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._port = self._socket.getsockname()[1]
        self._run = "%x" % time.time_ns()
        self._next = 0
        self.calls = {}  # number: (To with its tag, Contact)
        self.resent = 0

    def set_up(self, count, codec="PCMU", window=32, ear=None, body=None, packet_time=20):
        """Sets up `count` calls, at most `window` at once; one of them to the ear, if there is one.

        Returns the seconds from INVITE to 200 of each, in the order of their INVITEs.
        """
        def message(n, first=self._next):
            address, port = (ear.address, ear.port) if ear and n == first else self.sinks.endpoint(n)
            sdp = body(n) if body else description(address, port, codec, packet_time)
            return INVITE.format(
                user=self.user, port=self._port, run=self._run, n=n, body=sdp, length=len(sdp))

        def answered(n, data):
            if data[8:11] != b"200":
                raise RuntimeError("refused: " + data.split(b"\r\n")[0].decode())
            to = field(data, b"\r\nTo: ")
            target = field(data, b"\r\nContact: ").split(">")[0].split("<")[1]
            self.calls[n] = to, target
            self._send(self._in_dialog("ACK", n, 1))

        numbers = range(self._next, self._next + count)
        self._next += count
        return self._exchange(numbers, message, answered, window)

    def hang_up(self, window=32, count=None):
        """Ends the calls, or the `count` youngest of them."""
        numbers = list(self.calls) if count is None else list(self.calls)[-count:]

        def answered(n, data):
            del self.calls[n]

        return self._exchange(numbers, lambda n: self._in_dialog("BYE", n, 2), answered, window)

    def _in_dialog(self, method, n, cseq):
        to, target = self.calls[n]
        return IN_DIALOG.format(
            method=method, target=target, port=self._port, run=self._run, n=n, to=to, cseq=cseq)

    def _send(self, text):
        self._socket.sendto(text.encode(), self.server)

    def _exchange(self, numbers, message, answered, window):
        """Requests, each sent again every half second until its final response is here."""
        took, waiting = {}, {}
        queue = iter(numbers)
        deadline = time.monotonic() + 60 + len(numbers) / 50
        while True:
            while len(waiting) < window and (n := next(queue, None)) is not None:
                text = message(n)
                now = time.perf_counter()
                waiting[n] = [now, now, text]
                self._send(text)
            if not waiting:
                return [took[n] for n in numbers]
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(waiting)} calls are not answered")
            if not select.select([self._socket], [], [], 0.25)[0]:
                now = time.perf_counter()
                for entry in waiting.values():
                    if now - entry[1] > 0.5:
                        entry[1] = now
                        self.resent += 1
                        self._send(entry[2])
                continue
            try:
                data = self._socket.recv(65535)
            except BlockingIOError:
                continue
            if not data.startswith(b"SIP/2.0 "):
                raise RuntimeError("the daemon asks: " + data.split(b"\r\n")[0].decode())
            if data[8:9] == b"1":
                continue
            n = int(field(data, b"\r\nCall-ID: ").split("@")[0])
            if n in waiting:
                took[n] = time.perf_counter() - waiting.pop(n)[0]
                answered(n, data)
            elif n in self.calls and b" INVITE\r\n" in data:
                self._send(self._in_dialog("ACK", n, 1))  # the first one was lost


def field(data, name):
    start = data.index(name) + len(name)
    return data[start:data.index(b"\r\n", start)].decode()
