"""An appliance for its mail alone."""

import json

from .appliance import binary, yaml
from .process import Process
from .waiting import until


class MailNode:
    """An appliance for its mail alone: quick retries, and messages put in its spool without a call."""

    def __init__(self, namespace, directory, mail=None, name="node", change=None):
        self.namespace = namespace
        self.directory = directory / name
        self.directory.mkdir()
        (self.directory / "media").mkdir()
        (self.directory / "var").mkdir()
        self.configuration = {
            "domain": "a.test", "node": {"name": name, "address": "127.0.0.1"},
            "sip": {"listen": ["udp:127.0.0.1:5060"]},
            "rtp": {"threads": 1},
            "media": {"directory": "media", "cache": "cache"},
            "voicemail": {"spool": "spool", "reserve": "1M"},
            "mail": {"from": "vm@a.test", "postmaster": "boss@a.test",
                     "retry": {"first": "1s", "factor": 1, "maximum": "1s"}, **(mail or {})},
            "admin": {"listen": "127.0.0.1:8080"}, **(change or {})}
        self.file = self.directory / "intermezzo.yaml"
        self.write()
        self.process = None

    def write(self):
        self.file.write_text(yaml(self.configuration))

    def start(self, fault=None):
        environment = {"INTERMEZZO_FAULT": fault} if fault else None
        self.process = Process(self.namespace, [binary(), "serve", "--config", self.file], self.directory / "log",
                               environment=environment, directory=self.directory)
        return self.process

    def ready(self):
        until(lambda: self.namespace.listens("tcp", 8080) or not self.process.is_running, 20, "admin port")
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def command(self, *words, **options):
        return self.namespace.run([binary(), "mail", *words, "--config", self.file], cwd=self.directory, **options)

    def submit(self, *words, count=1, **options):
        out = self.command("submit", "--seconds", "0.5", "--count", count, *words, **options)
        assert out.returncode == 0, out.stderr
        return out.stdout.split()

    def json(self, *words):
        out = self.command(*words, "--json")
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)

    def state(self, identifier):
        for state in ("recording", "queue", "held", "discarded", "failed", "done"):
            if (self.directory / "spool" / state / identifier).is_dir():
                return state
        return None

    def wait_state(self, identifier, state, seconds=20):
        try:
            until(lambda: self.state(identifier) == state, seconds, state)
        except TimeoutError:
            raise TimeoutError(f"{identifier} is in {self.state(identifier)} and not in {state}") from None

    def left(self):
        """Messages that still have a way to go."""
        return [path.name for state in ("recording", "queue") for path in (self.directory / "spool" / state).iterdir()]

    def recipient(self, identifier, address):
        [found] = [r for r in self.json("show", identifier)["delivery"]["recipients"] if r["target"]["address"] == address]
        return found
