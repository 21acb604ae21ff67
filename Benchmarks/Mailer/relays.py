"""Relays on this machine: one that only counts, and opensmtpd in front of it."""

import contextlib
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Support"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "Tests", "Peers"))

from lab.mail import OpenSMTPD  # noqa: E402
from processes import Process  # noqa: E402

COUNTER, OPENSMTPD, NOBODY = 2500, 2526, 2599


class Counter:
    """An SMTP or LMTP server that takes all and keeps nothing."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self, client):
        try:
            client.sendall(b"220 x\r\n")
            lines = client.makefile("rb", 1 << 20)
            while line := lines.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    client.sendall(b"354 go\r\n")
                    # A daemon that is stopped leaves in the middle.
                    while (line := lines.readline()) != b".\r\n" and line:
                        pass
                    client.sendall(b"250 ok\r\n")
                elif word == b"QUIT":
                    client.sendall(b"221 bye\r\n")
                    return
                else:
                    client.sendall(b"250 ok\r\n")
        except OSError:
            pass
        finally:
            client.close()


@contextlib.contextmanager
def opensmtpd(directory):
    """Takes mail for a.test and hands it to a counter by LMTP, its own queue on the disk."""
    counter = Counter(2424)
    conf = directory / "smtpd.conf"
    conf.write_text(f'listen on 127.0.0.1 port {OPENSMTPD}\naction "deliver" relay host "lmtp://127.0.0.1:2424"\n'
                    'match from any for domain "a.test" action "deliver"\n')
    with Process(OpenSMTPD.command(directory, conf), directory / "smtpd.log") as process:
        process.wait_until(lambda: answers(OPENSMTPD), 40)
        yield process
    counter.close()


def answers(port):
    """Whether a server greets there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            return client.recv(100).startswith(b"220")
    except OSError:
        return False


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False
