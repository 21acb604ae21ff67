"""A client of rtpengine's ng protocol: bencoded dictionaries over UDP, a cookie before each."""

import os
import socket


def encode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(encode(each) for each in value) + b"e"
    if isinstance(value, dict):
        return b"d" + b"".join(encode(k) + encode(value[k]) for k in sorted(value)) + b"e"
    raise TypeError(value)


class Client:
    def __init__(self, port):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(5)
        self._socket.connect(("127.0.0.1", port))

    def answers(self):
        try:
            return b"pong" in self._ask("ping", {})
        except OSError:
            return False

    def play(self, call, sdp, answer_sdp, file):
        """A call of two descriptions, the first of which hears the file over and over."""
        party = {"call-id": call, "from-tag": "a"}
        for name, parameters in [
            ("offer", {"sdp": sdp, "replace": ["origin"]}),
            ("answer", {"sdp": answer_sdp, "to-tag": "b"}),
            ("play media", {"file": file, "repeat-times": 1000}),
        ]:
            answer = self._ask(name, dict(party, **parameters))
            if b"6:result2:ok" not in answer:
                raise RuntimeError(f"{name}: {answer!r}")

    def _ask(self, name, parameters):
        cookie = os.urandom(6).hex().encode()
        self._socket.send(cookie + b" " + encode(dict(parameters, command=name)))
        while True:
            answer = self._socket.recv(65535)
            if answer.startswith(cookie):
                return answer
