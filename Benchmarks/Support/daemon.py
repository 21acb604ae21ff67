"""`intermezzo serve` with a configuration of its own, for the benchmarks of the whole daemon."""

import json
import os
import subprocess
import urllib.error
import urllib.request

from processes import Process

REPOSITORY = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


def binary():
    """The release build; INTERMEZZO names another."""
    return os.environ.get("INTERMEZZO") or os.path.join(
        REPOSITORY, ".build", "release", "intermezzo")


CONFIGURATION = """\
domain: example.com
node: {{name: bench, address: {address}}}
sip:
  listen: ["udp:{address}:5060", "tcp:{address}:5060"]
  max-calls: {calls}
rtp:
  max-streams: 20000
  packet-ring: {ring}
  allowed-networks: [127.0.0.0/8, 10.0.0.0/8]
media:
  directory: {media}
  cache: {cache}
  codecs: [opus, g722, pcmu, pcma]
music:
  classes: {classes}
admin: {{listen: "127.0.0.1:8080"}}
log: {{level: {level}, format: json}}
"""


class Daemon(Process):
    """Ready when it returns: every codec of the class is prepared."""

    def __init__(
            self, directory, media, calls=20000, classes="{default: {}}", level="warning",
            address="127.0.0.1", ring=False):
        configuration = os.path.join(directory, "intermezzo.yaml")
        cache = os.path.join(directory, "cache")
        with open(configuration, "w") as f:
            f.write(CONFIGURATION.format(
                calls=calls, media=media, cache=cache, classes=classes, level=level,
                address=address, ring=json.dumps(ring)))
        super().__init__(
            [binary(), "serve", "--config", configuration], os.path.join(directory, "daemon.log"))
        self.wait_until(self._is_ready, 120)

    def _is_ready(self):
        try:
            with urllib.request.urlopen("http://127.0.0.1:8080/healthz", timeout=2) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def status(self):
        with urllib.request.urlopen("http://127.0.0.1:8080/status.json", timeout=10) as answer:
            return json.load(answer)


def make_music(directory, seconds=60):
    """The same music twice: raw mu-law for rtpengine, and an .au file of the same octets.

    Returns both paths; the second lies alone in the folder of a class.
    """
    source = os.path.join(REPOSITORY, "Media", "default", "macroform-cold_day.ogg")
    raw = os.path.join(directory, "music.ul")
    folder = os.path.join(directory, "Media", "default")
    os.makedirs(folder, exist_ok=True)
    file = os.path.join(folder, "music.au")
    sox = ["sox", source, "-r", "8000", "-c", "1", "-e", "mu-law"]
    subprocess.run(sox + ["-t", "ul", raw, "trim", "0", str(seconds)], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(sox + [file, "trim", "0", str(seconds)], check=True, stderr=subprocess.DEVNULL)
    return raw, os.path.dirname(folder)
