"""A receiver of webhooks in a namespace: answers with the codes that it is told, and keeps what it hears."""

import http.server
import json
import socket
import threading


class Receiver:
    def __init__(self, namespace, port=8800, codes=()):
        self.heard = []  # (body, header fields in small letters)
        self.codes = list(codes)
        listener = namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(8)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.heard.append((body, {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(receiver.codes.pop(0) if receiver.codes else 200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.url = f"http://127.0.0.1:{port}/hook"
        self.service = http.server.HTTPServer(("127.0.0.1", port), Handler, bind_and_activate=False)
        self.service.socket.close()
        self.service.socket = listener
        self.service.server_name, self.service.server_port = "localhost", port
        threading.Thread(target=self.service.serve_forever, daemon=True).start()

    @property
    def bodies(self):
        return [json.loads(body) for body, _ in self.heard]

    def close(self):
        self.service.shutdown()
        self.service.server_close()
