"""The appliance itself, with a configuration of the test's own."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import urllib.request

from .process import Process
from .sip import Phone
from .waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[3]


def binary():
    """The debug build, which `swift test` makes before these tests run; INTERMEZZO names another."""
    named = os.environ.get("INTERMEZZO")
    path = pathlib.Path(named) if named else ROOT / ".build/debug/intermezzo"
    assert path.exists(), f"{path}: build it first (swift build)"
    return path


def yaml(value, indent=0):
    """As much YAML as the configuration needs: JSON is a subset of it, so that is what is written per key."""
    return "\n".join(f"{key}: {json.dumps(item)}" for key, item in value.items()) + "\n"


def merged(base, change):
    out = dict(base)
    for key, value in change.items():
        out[key] = merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return out


class Intermezzo:
    """`intermezzo serve` in a namespace; ready when it has answered an OPTIONS and its admin port."""

    def __init__(self, namespace, directory, media, address=None, port=5060, admin=8080, change=None, start=True, wait_media=True, name="intermezzo",
                 environment=None, wrapper=()):
        self.namespace = namespace
        self.address = address or namespace.address(10)
        self.port = port
        self.admin = admin
        self.directory = directory / name
        self.directory.mkdir(exist_ok=True)
        self.media = media
        self.configuration = merged(
            {
                "site": "test",
                "domain": self.address,
                "node": {"name": name, "address": self.address},
                "sip": {"listen": [f"udp:{self.address}:{port}", f"tcp:{self.address}:{port}"]},
                "rtp": {"ports": "16384-32767", "threads": 1},
                "media": {"directory": str(media), "cache": str(self.directory / "cache"), "loudness": -23},
                "admin": {"listen": f"127.0.0.1:{admin}"},
            }, change or {})
        self.file = self.directory / "intermezzo.yaml"
        self.environment = environment
        self.wrapper = list(wrapper)
        self.process = None
        if start:
            self.start(wait_media)

    def write(self):
        self.file.write_text(yaml(self.configuration))

    def start(self, wait_media=True):
        self.write()
        self.process = Process(
            self.namespace, [*self.wrapper, binary(), "serve", "--config", self.file], self.directory / "log",
            directory=self.directory, environment=self.environment)
        self.wait_ready()
        if wait_media:
            self.wait_media()

    def wait_ready(self, seconds=20):
        def bound():
            assert self.process.is_running, f"intermezzo ended with {self.process.popen.returncode}:\n{self.process.log()[-3000:]}"
            return self.namespace.listens("udp", self.port) and self.namespace.listens("tcp", self.admin)

        until(bound, seconds, "intermezzo's ports")

    def wait_media(self, seconds=60):
        """Until no file waits for its preparation."""
        def prepared():
            files = self.status()["files"]
            return all(file["state"] in ("playing", "broken") for file in files)

        until(prepared, seconds, "media prepared", every=0.1)

    @property
    def server(self):
        return self.address, self.port

    def uri(self, user="moh"):
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"sip:{user}@{host}:{self.port}"

    def get(self, path):
        """(status, text) of an admin page."""
        out = self.namespace.run(
            ["curl", "-s", "-m", "5", "-w", "\n%{http_code}", f"http://127.0.0.1:{self.admin}{path}"])
        text, _, code = out.stdout.rpartition("\n")
        return int(code or 0), text

    def metrics(self):
        """The samples as {name{labels}: value}."""
        code, text = self.get("/metrics")
        assert code == 200, text
        found = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        return found

    def command(self, *words, **options):
        """Runs another command of the binary beside the daemon."""
        return self.namespace.run([binary(), *words], cwd=self.directory, **options)

    def status(self):
        """What `intermezzo status --json` prints."""
        code, text = self.get("/status.json")
        assert code == 200, text
        return json.loads(text)

    def reload(self):
        self.process.signal(signal.SIGHUP)

    def stop(self, seconds=15):
        return self.process.stop(seconds) if self.process else None
