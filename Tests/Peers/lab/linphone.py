"""linphone's console phone, fed by its standard input."""

import subprocess

from .process import Process
from .waiting import until

CODECS = [
    ("opus", 48000, 2), ("speex", 16000, 1), ("speex", 8000, 1), ("PCMU", 8000, 1), ("PCMA", 8000, 1), ("GSM", 8000, 1),
    ("G722", 8000, 1), ("L16", 44100, 1), ("BV16", 8000, 1), ("speex", 32000, 1), ("iLBC", 8000, 1),
]


class Linphone:
    def __init__(self, namespace, directory, address, name="bob", codec="PCMU", play=None, port=5070, answer=False):
        self.namespace = namespace
        self.address = address
        self.directory = directory / f"linphone-{name}"
        (self.directory / ".local/share/linphone").mkdir(parents=True)
        (self.directory / ".config/linphone").mkdir(parents=True)
        self.heard = self.directory / "heard.wav"
        codecs = "".join(
            f"[audio_codec_{i}]\nmime={mime}\nrate={rate}\nchannels={channels}\nenabled={1 if mime.lower() == codec.lower() else 0}\n"
            for i, (mime, rate, channels) in enumerate(CODECS))
        self.uri = f"sip:{name}@{address}:{port}"
        (self.directory / "rc").write_text(
            f"""[sip]
sip_port={port}
sip_tcp_port={port}
sip_tls_port=-1
bind_address={address}
contact="{name}" <{self.uri}>
auto_net_state_mon=1
guess_hostname=1
inc_timeout=30
media_encryption=none
use_info=0
[rtp]
audio_rtp_port=7078
symmetric=1
[net]
firewall_policy=0
[video]
enabled=0
capture=0
display=0
[sound]
echocancellation=0
[misc]
hide_empty_chat_rooms=0
{codecs}""")
        home = str(self.directory)
        arguments = ["linphonec", "-c", self.directory / "rc", "-d", "6", "-l", self.directory / "linphone.log"]
        if answer:
            arguments.append("-a")
        self.process = Process(
            namespace, arguments, self.directory / "log", stdin=subprocess.PIPE,
            environment={"HOME": home, "XDG_CONFIG_HOME": home + "/.config", "XDG_DATA_HOME": home + "/.local/share"})
        self.process.wait_log("linphonec>|Ready")
        self.line("soundcard use files")
        if play:
            self.line(f"play {play}")
        self.line(f"record {self.heard}")
        until(lambda: namespace.listens("udp", port), 10, "linphone's port")

    def line(self, text):
        self.process.popen.stdin.write(text.encode() + b"\n")
        self.process.popen.stdin.flush()

    def dial(self, uri, seconds=10):
        start = self.process.log_size()
        self.line(f"call {uri}")
        self.process.wait_log(r"Call \d+ with .* connected|Media streams established|StreamsRunning", seconds, start)

    def hang_up(self):
        self.line("terminate")

    def stop(self):
        try:
            self.line("quit")
            self.process.popen.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            pass
        self.process.stop()
