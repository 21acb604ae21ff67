"""A small SIP user agent over plain sockets: it sends exactly what a test says."""

import itertools
import os
import queue
import random
import re
import socket
import threading
import time

COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type",
    "k": "supported", "o": "event", "x": "session-expires", "e": "content-encoding", "s": "subject",
}
counter = itertools.count(1)


class Message:
    def __init__(self, octets, source=None, local=None):
        self.octets = octets
        self.source = source
        self.local = local
        self.time = time.time()
        head, _, body = octets.partition(b"\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace")).split("\r\n")
        self.start = lines[0]
        self.headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            self.headers.append((COMPACT.get(name, name), value.strip()))
        self.body = body.decode("utf-8", "replace")

    @property
    def is_response(self):
        return self.start.startswith("SIP/2.0 ")

    @property
    def status(self):
        return int(self.start.split()[1]) if self.is_response else None

    @property
    def method(self):
        return None if self.is_response else self.start.split()[0]

    @property
    def uri(self):
        return None if self.is_response else self.start.split()[1]

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def __getitem__(self, name):
        values = self.all(name)
        return values[0] if values else None

    @property
    def cseq(self):
        number, method = self["cseq"].split()
        return int(number), method

    @property
    def branch(self):
        match = re.search(r"branch=([^;,\s]+)", self["via"] or "")
        return match and match.group(1)

    def tag(self, name):
        match = re.search(r";\s*tag=([^;>\s]+)", self[name] or "")
        return match and match.group(1)

    def contact_uri(self):
        value = self["contact"] or ""
        match = re.search(r"<([^>]+)>", value)
        return match.group(1) if match else value.split(";")[0].strip()

    # SDP

    def sdp(self, prefix):
        """The lines of the body that begin so, without that beginning."""
        return [line[len(prefix):] for line in self.body.splitlines() if line.startswith(prefix)]

    @property
    def rtp(self):
        """Where the body's audio is received: (address, port). The media's own c= wins."""
        return self.sdp("c=")[-1].split()[2].split("/")[0], int(self.sdp("m=audio ")[0].split()[0])

    @property
    def formats(self):
        return [int(word) for word in self.sdp("m=audio ")[0].split()[2:]]

    @property
    def direction(self):
        for name in ("sendrecv", "sendonly", "recvonly", "inactive"):
            if f"a={name}" in self.body.splitlines():
                return name
        return "sendrecv"

    @property
    def sdp_version(self):
        return int(self.sdp("o=")[0].split()[2])

    def __repr__(self):
        return f"<{self.start}>"


class Phone:
    """One socket with a reader. Requests that come in are kept for the test; none is answered by itself
    but by `answering`."""

    def __init__(self, namespace, address, port=None, transport="udp", server=None):
        self.namespace = namespace
        self.address = address
        self.transport = transport
        self.server = server
        self.responses = queue.Queue()
        self.requests = queue.Queue()
        self.log = []
        self.open = True
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        if transport == "udp":
            self.socket = namespace.socket(family)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self.socket.bind((address, port or 0))
        else:
            self.socket = namespace.socket(family, socket.SOCK_STREAM)
            self.socket.bind((address, port or 0))
            self.socket.connect(server)
        self.port = self.socket.getsockname()[1]
        self.socket.settimeout(0.2)
        self.auto_answer = {"BYE", "OPTIONS", "UPDATE"}
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    @property
    def host(self):
        return f"[{self.address}]" if ":" in self.address else self.address

    def _read(self):
        buffer = b""
        while self.open:
            try:
                if self.transport == "udp":
                    octets, source = self.socket.recvfrom(65536)
                    self._take(octets, source)
                else:
                    octets = self.socket.recv(65536)
                    if not octets:
                        return
                    buffer += octets
                    while b"\r\n\r\n" in buffer:
                        buffer = buffer.lstrip(b"\r\n")
                        head, _, rest = buffer.partition(b"\r\n\r\n")
                        match = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
                        length = int(match.group(1)) if match else 0
                        if len(rest) < length:
                            break
                        self._take(head + b"\r\n\r\n" + rest[:length], self.server)
                        buffer = rest[length:]
            except (TimeoutError, InterruptedError):
                continue
            except ConnectionRefusedError:
                continue
            except OSError:
                return

    def _take(self, octets, source):
        if not octets.strip():
            return
        message = Message(octets, source, self)
        self.log.append(message)
        if message.is_response:
            self.responses.put(message)
            return
        if message.method in self.auto_answer:
            self.send(self.response(message, 200))
        self.requests.put(message)

    def send(self, text, destination=None):
        octets = text if isinstance(text, bytes) else text.encode()
        if self.transport == "udp":
            self.socket.sendto(octets, destination or self.server)
        else:
            self.socket.sendall(octets)

    def via(self, branch=None):
        branch = branch or f"z9hG4bK{random.getrandbits(64):x}"
        return f"SIP/2.0/{self.transport.upper()} {self.host}:{self.port};rport;branch={branch}"

    def response(self, request, status, reason="OK", headers=(), body=""):
        lines = [f"SIP/2.0 {status} {reason}"]
        lines += [f"Via: {value}" for value in request.all("via")]
        to = request["to"]
        if "tag=" not in to:
            to += ";tag=phone"
        lines += [f"From: {request['from']}", f"To: {to}", f"Call-ID: {request['call-id']}", f"CSeq: {request['cseq']}"]
        lines += [f"Record-Route: {value}" for value in request.all("record-route")]
        lines += [f"Contact: <sip:phone@{self.host}:{self.port};transport={self.transport}>", *headers]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body.encode())}")
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def wait_response(self, cseq, seconds=5, final=True, call_id=None):
        """The next response with that CSeq; others are dropped."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no response to {cseq}")
            try:
                response = self.responses.get(timeout=left)
            except queue.Empty:
                continue
            if response.cseq == cseq and (not final or response.status >= 200) and call_id in (None, response["call-id"]):
                return response

    def wait_request(self, method, seconds=5):
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no {method}")
            try:
                request = self.requests.get(timeout=left)
            except queue.Empty:
                continue
            if request.method == method:
                return request

    def request(self, method, uri, *, headers=(), body="", via=None, call_id=None, cseq=1, from_tag="t1", to=None, user="201"):
        """The text of a request outside of any dialog."""
        lines = [
            f"{method} {uri} SIP/2.0", f"Via: {via or self.via()}", "Max-Forwards: 70",
            f"From: <sip:{user}@{self.host}>;tag={from_tag}", f"To: {to or f'<{uri}>'}",
            f"Call-ID: {call_id or new_call_id()}", f"CSeq: {cseq} {method}",
            f"Contact: <sip:{user}@{self.host}:{self.port};transport={self.transport}>", *headers,
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body.encode())}")
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def options(self, uri, seconds=5):
        call_id = new_call_id()
        self.send(self.request("OPTIONS", uri, call_id=call_id))
        return self.wait_response((1, "OPTIONS"), seconds, call_id=call_id)

    def close(self):
        self.open = False
        # The kernel keeps the port until the reader is out of its call.
        self.reader.join()
        self.socket.close()


def new_call_id():
    return f"{os.getpid()}-{next(counter)}-{random.getrandbits(32):x}@test"


def sdp(address, port, formats="0", lines=(), version=1, session="7001", transport="RTP/AVP", session_lines=()):
    """A description with one audio stream."""
    kind = "IP6" if ":" in address else "IP4"
    return "".join(
        line + "\r\n" for line in [
            "v=0", f"o=- {session} {version} IN {kind} {address}", "s=-", f"c=IN {kind} {address}", "t=0 0",
            *session_lines, f"m=audio {port} {transport} {formats}", *lines,
        ])


class Call:
    """A dialog that a phone began with the appliance."""

    def __init__(self, phone, uri, receiver=None, user="201", caller=None):
        self.phone = phone
        self.uri = uri
        self.receiver = receiver
        self.user = user
        self.caller = caller  # From without its tag, as it stands in the message
        self.call_id = new_call_id()
        self.from_tag = f"f{random.getrandbits(32):x}"
        self.to_tag = None
        self.cseq = 0
        self.target = uri
        self.routes = []
        self.version = 0
        self.answer = None
        self.invite_branch = None

    def offer(self, formats="0", lines=(), **options):
        self.version += 1
        return sdp(
            options.pop("address", self.receiver.address), options.pop("port", self.receiver.port), formats, lines,
            version=self.version, **options)

    def text(self, method, body="", headers=(), cseq=None, branch=None):
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        to = f"<{self.uri}>" + (f";tag={self.to_tag}" if self.to_tag else "")
        via = self.phone.via(branch)
        if method == "INVITE":
            self.invite_branch = re.search(r"branch=(\S+)", via).group(1)
        lines = [
            f"{method} {self.target} SIP/2.0", f"Via: {via}", "Max-Forwards: 70",
            f"From: {self.caller or f'<sip:{self.user}@{self.phone.host}>'};tag={self.from_tag}", f"To: {to}",
            f"Call-ID: {self.call_id}", f"CSeq: {cseq} {method}",
            f"Contact: <sip:{self.user}@{self.phone.host}:{self.phone.port};transport={self.phone.transport}>",
            *[f"Route: {route}" for route in self.routes], *headers,
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body.encode())}")
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def transact(self, method, body="", headers=(), seconds=5):
        """Sends a request of the dialog and returns its final response; an ACK is left to the caller."""
        self.phone.send(self.text(method, body, headers))
        response = self.phone.wait_response((self.cseq, method), seconds, call_id=self.call_id)
        if response.status < 300 and method in ("INVITE", "UPDATE"):
            self.to_tag = response.tag("to")
            if response["contact"]:
                self.target = response.contact_uri()
            if not self.routes and method == "INVITE":
                self.routes = list(reversed(response.all("record-route")))
            if response.body:
                self.answer = response
        return response

    def ack(self, body="", cseq=None):
        self.phone.send(self.text("ACK", body, cseq=cseq or self.cseq))

    def ack_failure(self, response):
        """The ACK of the transaction that a response over 299 needs."""
        saved, self.target = self.target, self.uri if not self.to_tag else self.target
        text = self.text("ACK", cseq=self.cseq, branch=self.invite_branch)
        text = re.sub(r"(?m)^To: .*\r$", f"To: {response['to']}\r", text)
        self.target = saved
        self.phone.send(text)

    def invite(self, body=None, headers=(), seconds=5, answer=""):
        """INVITE or re-INVITE with ACK. `answer` is the ACK's body after an offerless one."""
        response = self.transact("INVITE", self.offer() if body is None else body, headers, seconds)
        if response.status < 300:
            self.ack(answer)
        else:
            self.ack_failure(response)
        return response

    def update(self, body="", headers=(), seconds=5):
        return self.transact("UPDATE", body, headers, seconds)

    def bye(self, seconds=5):
        return self.transact("BYE", seconds=seconds)

    def cancel(self):
        text = self.text("CANCEL", cseq=self.cseq, branch=self.invite_branch)
        self.phone.send(text)
