"""baresip without a sound card, controlled over its TCP module."""

import glob
import json
import os
import queue
import socket
import threading
import time

from .process import Process
from .waiting import until


class Baresip:
    count = 0

    def __init__(self, namespace, directory, address, name="alice", codecs="pcmu", answer="auto", source="ausine,440", rate=None, channels=1, port=5060):
        self.namespace = namespace
        self.address = address
        self.port = port
        self.directory = directory / f"baresip-{name}"
        self.directory.mkdir()
        self.recordings = self.directory / "rec"
        self.recordings.mkdir()
        modules = {"pcmu": "g711", "pcma": "g711", "g722": "g722", "opus": "opus", "l16": "l16"}[codecs.split("/")[0].lower()]
        rates = f"ausrc_srate {rate}\nauplay_srate {rate}\n" if rate else ""
        (self.directory / "config").write_text(
            f"""poll_method epoll
sip_listen {address}:{port}
net_interface {address}
call_local_timeout 120
call_max_calls 16
audio_player aubridge,sink-{name}
audio_source {source}
audio_alert aubridge,alert-{name}
{rates}ausrc_channels {channels}
auplay_channels {channels}
audio_level no
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
rtp_ports 10000-10999
rtp_stats yes
jitter_buffer_delay 1-5
module_path /usr/lib/baresip/modules
module {modules}.so
module sndfile.so
snd_path {self.recordings}
opus_stereo {"yes" if channels == 2 else "no"}
opus_sprop_stereo no
module aufile.so
module ausine.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app debug_cmd.so
module_app ctrl_tcp.so
ctrl_tcp_listen {address}:4444
""")
        self.uri = f"sip:{name}@{address}:{port}"
        (self.directory / "accounts").write_text(f"<{self.uri}>;regint=0;answermode={answer};audio_codecs={codecs}\n")
        (self.directory / "contacts").write_text("")
        self.process = Process(namespace, ["baresip", "-f", self.directory, "-v"], self.directory / "log")
        self.events = queue.Queue()
        self.replies = queue.Queue()
        until(lambda: self._connect(), 10, "baresip's control port")
        threading.Thread(target=self._read, daemon=True).start()

    def _connect(self):
        sock = self.namespace.socket(kind=socket.SOCK_STREAM)
        try:
            sock.connect((self.address, 4444))
        except OSError:
            sock.close()
            return False
        self.control = sock
        return True

    def _read(self):
        buffer = b""
        while True:
            try:
                octets = self.control.recv(65536)
            except OSError:
                return
            if not octets:
                return
            buffer += octets
            while b":" in buffer:
                size, _, rest = buffer.partition(b":")
                if len(rest) < int(size) + 1:
                    break
                message = json.loads(rest[: int(size)])
                buffer = rest[int(size) + 1:]
                (self.events if message.get("event") else self.replies).put(message)

    def command(self, name, parameters=""):
        octets = json.dumps({"command": name, "params": parameters, "token": "t"}).encode()
        self.control.sendall(b"%d:%s," % (len(octets), octets))
        return self.replies.get(timeout=5)

    def wait_event(self, kind, seconds=10):
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"baresip: no {kind}")
            try:
                event = self.events.get(timeout=left)
            except queue.Empty:
                continue
            if event["type"] == kind:
                return event

    def dial(self, uri, seconds=10):
        self.command("dial", uri)
        return self.wait_event("CALL_ESTABLISHED", seconds)

    def hang_up(self):
        self.command("hangup")

    def recordings_heard(self):
        """The files of what was heard, the longest first (each change of the stream begins another);
        whole after `stop`."""
        return sorted(glob.glob(str(self.recordings / "*-dec.wav")), key=os.path.getsize, reverse=True)

    def recording(self):
        return self.recordings_heard()[0]

    def stop(self):
        self.control.close()
        self.process.stop()
