"""Who says to a mail server which OAuth 2 tokens are good: introspection by RFC 7662."""

import json
import urllib.parse

from .webserver import WebServer


class Introspection:
    def __init__(self, namespace, port=8900):
        self.good = {}  # token: user
        self.asked = []  # tokens
        self.server = WebServer(namespace, port, self.answer)
        self.url = f"{self.server.url}/introspect"

    def answer(self, body, _):
        token = urllib.parse.parse_qs(body.decode())["token"][0]
        self.asked.append(token)
        user = self.good.get(token)
        return 200, json.dumps({"active": True, "username": user} if user else {"active": False}).encode()

    def close(self):
        self.server.close()
