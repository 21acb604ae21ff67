"""An HTTP server in a namespace."""

import http.server
import socket
import threading


class WebServer:
    """Answers each POST with the status and the body that `answer(body, headers)` gives; names of header fields in small
    letters."""

    def __init__(self, namespace, port, answer):
        listener = namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(8)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, octets = answer(body, {name.lower(): value for name, value in self.headers.items()})
                self.send_response(status)
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *_):
                pass

        self.url = f"http://127.0.0.1:{port}"
        self.service = http.server.HTTPServer(("127.0.0.1", port), Handler, bind_and_activate=False)
        self.service.socket.close()
        self.service.socket = listener
        self.service.server_name, self.service.server_port = "localhost", port
        threading.Thread(target=self.service.serve_forever, daemon=True).start()

    def close(self):
        self.service.shutdown()
        self.service.server_close()
