"""sipp scenarios written for the purpose, and sipp itself."""

from .process import Process

CALLER = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="listener">
<send retrans="500"><![CDATA[
INVITE sip:{user}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]t[call_number]
To: <sip:{user}@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 1 1 IN IP[media_ip_type] [media_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio {media} RTP/AVP {formats}
{lines}
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]t[call_number]
[last_To:]
[routes]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
{play}<pause milliseconds="{milliseconds}"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]t[call_number]
[last_To:]
[routes]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""


class Sipp:
    """Callers that listen for a time and hang up. All of one process share one media port; their
    streams differ by SSRC. The port after it, where RTCP goes, is not open."""

    def __init__(self, namespace, directory, address, server, user="moh", calls=1, rate=50, milliseconds=3000,
                 formats="0", lines=("a=rtpmap:0 PCMU/8000",), media_port=17000, port=5090, transport="u1", name="sipp",
                 play=None):
        directory = directory / name
        directory.mkdir()
        scenario = directory / "scenario.xml"
        # `play`: a file of G.711 octets that each caller says from the answer on.
        action = f'<nop><action><exec rtp_stream="{play},1,0"/></action></nop>\n' if play else ""
        scenario.write_text(
            CALLER.format(user=user, formats=formats, lines="\n".join(lines), milliseconds=milliseconds, play=action,
                media="[rtpstream_audio_port]" if play else "[media_port]"))
        self.media_port = media_port
        self.process = Process(
            namespace,
            ["sipp", f"[{server[0]}]:{server[1]}" if ":" in server[0] else f"{server[0]}:{server[1]}", "-sf", scenario, "-i", address, "-p", port, "-mi", address, "-mp", media_port,
             "-m", calls, "-l", calls, "-r", rate, "-t", transport, "-nostdin", "-trace_err", "-error_file", directory / "errors", "-timeout", "120"],
            directory / "log", directory=directory)
        self.errors = directory / "errors"

    def wait(self, seconds=120):
        """Waits for the end; 0 when every call went as written."""
        return self.process.wait(seconds)
