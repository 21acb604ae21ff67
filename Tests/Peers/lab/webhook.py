"""A receiver of webhooks in a namespace: answers with the codes that it is told, and keeps what it hears."""

import json

from .webserver import WebServer


class Receiver:
    def __init__(self, namespace, port=8800, codes=()):
        self.heard = []  # (body, header fields in small letters)
        self.codes = list(codes)
        self.server = WebServer(namespace, port, self.answer)
        self.url = f"{self.server.url}/hook"

    def answer(self, body, headers):
        self.heard.append((body, headers))
        return (self.codes.pop(0) if self.codes else 200), b""

    @property
    def bodies(self):
        return [json.loads(body) for body, _ in self.heard]

    def close(self):
        self.server.close()
