"""What strangers send to do harm. Each case gets the RFC's response or silence, and a counter; memory,
descriptors and the log stay bounded, and who calls in earnest meanwhile is served."""

import os
import random
import re
import select
import socket
import struct
import time

import pytest

from lab import icmp
from lab.rtp import Receiver
from lab.sip import Call, Phone, sdp
from lab.waiting import until

# More for a long run: HOSTILE_MESSAGES=100000.
FLOOD = int(os.environ.get("HOSTILE_MESSAGES", "10000"))


@pytest.fixture
def alone(launch, library):
    return launch(library.directory)


def memory(appliance):
    """Resident KiB."""
    with open(f"/proc/{appliance.process.popen.pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


def descriptors(appliance):
    return len(os.listdir(f"/proc/{appliance.process.popen.pid}/fd"))


def counter(appliance, part):
    """The sum of the samples whose name has that part."""
    return sum(value for name, value in appliance.metrics().items() if part in name)


def invite(appliance, host, port, n, user="moh", address=None, extra="", via="", contact=None):
    """An INVITE as a stranger without any state writes it."""
    body = sdp(address or host, 40010)
    return (
        f"INVITE {appliance.uri(user)} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKh{n}{via}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:x@{host}>;tag=h{n}\r\nTo: <{appliance.uri(user)}>\r\nCall-ID: h{n}@{host}\r\n"
        f"CSeq: 1 INVITE\r\nContact: <sip:x@{contact or f'{host}:{port}'}>\r\n{extra}Content-Type: application/sdp\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def stranger(appliance, host, port=0):
    """A UDP socket at an address of the namespace."""
    made = appliance.namespace.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    made.bind((appliance.namespace.address(host), port))
    return made


def receive(sock, seconds):
    """All datagrams of that time."""
    found, end = [], time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([sock], [], [], left)[0]:
            found.append(sock.recv(65536))
    return found


def test_unacknowledged_invites_are_few_at_a_time(alone, calling):
    """Above a hundred without ACK an address gets one 503 each, shorter than what it sent."""
    sock = stranger(alone, 31)
    host, port = sock.getsockname()
    for n in range(300):
        sock.sendto(invite(alone, host, port, n), alone.server)
        time.sleep(0.002)
    answers = receive(sock, 3)
    refused = [a for a in answers if a.startswith(b"SIP/2.0 503")]
    assert len(refused) == 200, "one for each, never again"
    assert len({re.search(rb"Call-ID: (\S+)", a).group(1) for a in refused}) == 200
    assert all(len(a) < len(invite(alone, host, port, 0)) for a in refused)
    assert counter(alone, "sip_unproven_refused_total") == 200
    call = calling(alone, "moh-default", host=32)
    assert call.invite().status == 200, "others are served"
    call.receiver.wait(20)
    assert call.bye().status == 200
    lines = [l for l in alone.process.log().splitlines() if "too many INVITEs without ACK" in l]
    assert 1 <= len(lines) <= 12
    sock.close()


def test_a_caller_who_acknowledges_has_no_such_limit(alone):
    """A proxy with hundreds of calls at a time."""
    phone = Phone(alone.namespace, alone.namespace.address(33), server=alone.server)
    receiver = Receiver(alone.namespace, phone.host)
    first = Call(phone, alone.uri("moh-default"), receiver)
    assert first.invite().status == 200
    calls = [Call(phone, alone.uri("moh-default"), receiver) for _ in range(150)]
    for call in calls:
        phone.send(call.text("INVITE", call.offer()))
    for call in calls:
        response = phone.wait_response((1, "INVITE"), 10)
        assert response.status == 200
    phone.close()
    receiver.close()


def test_no_response_goes_where_via_says_but_the_source_is_not(alone):
    victim = stranger(alone, 34, 5060)
    sock = stranger(alone, 31)
    host, port = sock.getsockname()
    v = victim.getsockname()[0]
    for n, via in enumerate([f";maddr={v}", f";received={v}", f";maddr={v};rport", f";maddr={v};ttl=1"]):
        sock.sendto(invite(alone, host, port, n, user="nobody", via=via), alone.server)
    assert len({re.search(rb"Call-ID: (\S+)", a).group(1) for a in receive(sock, 1)}) == 4
    assert receive(victim, 0.2) == []
    sock.close()
    victim.close()


def hostile(appliance, host, port, n):
    """The n-th of a mixture of everything."""
    kind = n % 10
    text = invite(appliance, host, port, n).decode()
    if kind == 0:
        text = invite(appliance, host, port, n, user=f"moh-{n}").decode()
    elif kind == 1:
        text = invite(appliance, host, port, n, user=f"nobody{n}").decode()
    elif kind == 2:
        text = text.replace("INVITE", "OPTIONS")
    elif kind == 3:
        text = text.replace("INVITE", f"M{n}")
    elif kind == 4:
        text = text.replace("INVITE", "BYE").replace("To: <", f"To: <sip:y@z>;tag=q{n}\r\nX: <")
    elif kind == 5:
        text = text.replace("INVITE", "CANCEL")
    elif kind == 6:
        text = text.replace("INVITE", "ACK")
    elif kind == 7:
        text = re.sub(r"^INVITE \S+ SIP/2.0", f"SIP/2.0 {100 + n % 600} X", text)
    elif kind == 8:
        text = text.replace("application/sdp", "text/plain")
    else:
        return random.Random(n).randbytes(200)
    return text.encode()


def test_a_flood_leaves_nothing_behind(alone, calling):
    """From many ports and addresses; afterwards memory, descriptors and series are as bounded as before."""
    socks = [stranger(alone, 21 + i % 10) for i in range(200)]
    calling(alone, "moh-default", host=35).invite()

    def flood(first, count):
        for n in range(first, first + count):
            sock = socks[n % len(socks)]
            host, port = sock.getsockname()
            try:
                sock.sendto(hostile(alone, host, port, n), alone.server)
            except OSError:
                pass
            if n % 20 == 0:
                time.sleep(0.01)

    flood(0, FLOOD // 2)
    alone.metrics()
    before = memory(alone), descriptors(alone), len(alone.metrics())
    flood(FLOOD // 2, FLOOD // 2)
    after = memory(alone), descriptors(alone), len(alone.metrics())
    print("memory, descriptors, series before and after:", before, after)
    assert after[0] - before[0] < 64 * 1024, f"KiB {before[0]} -> {after[0]}"
    assert after[1] <= before[1] + 8, "a descriptor per message"
    assert after[2] < 700, "series that strangers name"
    call = calling(alone, "moh-default", host=36)
    assert call.invite().status == 200
    call.receiver.wait(50, 10)
    assert call.bye().status == 200
    loud = [l for l in alone.process.log().splitlines() if re.search(r" (NOTICE|WARNING|ERROR) ", l)]
    assert len(loud) < 400, f"{len(loud)} lines that strangers caused"
    for sock in socks:
        sock.close()


@pytest.mark.parametrize("address, phones", [("192.0.2.10", "192.0.2.32"), ("2001:db8::10", "2001:db8::21")])
def test_forged_icmp_ends_nothing(launch, library, address, phones):
    """Who sees no traffic can't quote our branch: what is said once, or of one sending, or of a path that is
    long, narrow or broken for a moment ends no request; and however much is said, the listener goes on."""
    six = ":" in address
    host = f"[{address}]" if six else address
    appliance = launch(
        library.directory, {
            "domain": "example.com", "node": {"address": address}, "sip": {"listen": [f"udp:{host}:5060", f"tcp:{host}:5060"]}},
        address=address)
    forger = icmp.Forger(appliance.namespace, phones)
    receiver = Receiver(appliance.namespace, phones, family=socket.AF_INET6 if six else socket.AF_INET)
    phone = Phone(appliance.namespace, phones, server=appliance.server)
    call = Call(phone, appliance.uri("moh-default"), receiver)
    answer = call.invite(call.offer("0"))
    receiver.wait(10)

    kinds = [icmp.PORT_UNREACHABLE, icmp.HOST_UNREACHABLE, icmp.TIME_EXCEEDED, icmp.TOO_BIG]
    here, there = appliance.server, (phones, phone.port)
    for n in range(FLOOD // 10):
        forger.send(kinds[n % 4], here, there, quote=os.urandom(n % 500), rest=1280)
        forger.send(kinds[n % 4], here, (phones, 1024 + n), rest=1280)
        if n % 100 == 0:
            assert phone.options(appliance.uri()).status == 200
    assert counter(appliance, 'icmp_errors_total{effect="ignored"}') > 0

    phone.auto_answer = set()
    receiver.rtcp.sendto(report(0x1234) + goodbye(0x1234), (answer.rtp[0], answer.rtp[1] + 1))
    bye = phone.wait_request("BYE", 10)
    for kind in kinds:
        forger.send(kind, here, there, quote=f"BYE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP x;branch={bye.branch[:-4]}0000\r\n".encode(), rest=1280)
    until(lambda: counter(appliance, 'icmp_errors_total{effect="noted"}') > 0, 5, "an ICMP error that is noted")
    again = phone.wait_request("BYE", 5)
    assert again.branch == bye.branch
    phone.send(phone.response(again, 200))
    until(lambda: counter(appliance, "sip_sessions") == 0, 5, "the call's end")
    assert counter(appliance, 'icmp_errors_total{effect="ended"}') == 0
    other = Call(phone, appliance.uri("moh-default"), receiver)
    assert other.invite(other.offer("0")).status == 200
    assert other.bye().status == 200
    forger.close()
    phone.close()
    receiver.close()


@pytest.mark.parametrize("port", [1, 53, 123, 5060])
def test_no_media_to_ports_of_others(appliance, calling, port):
    call = calling(appliance, "moh-default")
    sock = stranger(appliance, 37, port)
    response = call.invite(call.offer("0", address=sock.getsockname()[0], port=port))
    assert response.status == 488 and response["warning"].startswith("301 ")
    assert receive(sock, 0.3) == []
    sock.close()


def test_no_media_in_circles(appliance, calling):
    """A description that names the node's own media ports."""
    first = calling(appliance, "moh-default")
    response = first.invite()
    assert response.status == 200
    second = calling(appliance, "moh-default")
    refused = second.invite(second.offer("0", address=response.rtp[0], port=response.rtp[1]))
    assert refused.status == 488
    again = first.invite(first.offer("0", address=response.rtp[0], port=response.rtp[1]))
    assert again.status == 488, "and by a re-INVITE neither"
    count = len(first.receiver.stream)
    first.receiver.wait(count + 25)
    assert first.bye().status == 200


@pytest.mark.parametrize("address", ["192.0.2.255", "::ffff:127.0.0.1", "::ffff:192.0.2.20", "::127.0.0.1", "224.0.0.1", "255.255.255.255"])
def test_no_media_to_addresses_of_nobody(appliance, calling, address):
    """Everybody on our own network, and IPv4 in IPv6 clothes: refused, or nothing leaves."""
    heard = Receiver(appliance.namespace, "0.0.0.0", rtcp=False)
    call = calling(appliance, "moh-default")
    response = call.invite(call.offer("0", address=address, port=heard.port))
    assert response.status in (200, 488)
    assert response.status == 488 or address == "192.0.2.255"
    time.sleep(0.4)
    assert len(heard.stream) == 0
    heard.close()


def report(ssrc, about=None):
    """RTCP RR, with a block about that SSRC."""
    if about is None:
        return struct.pack("!BBHI", 0x80, 201, 1, ssrc)
    return struct.pack("!BBHI", 0x81, 201, 7, ssrc) + struct.pack("!IIIIII", about, 0, 1, 0, 0, 0)


def goodbye(ssrc):
    return struct.pack("!BBHI", 0x81, 203, 1, ssrc)


def test_only_the_listener_says_goodbye(appliance, calling):
    call = calling(appliance, "moh-default", host=38)
    response = call.invite()
    rtcp = response.rtp[0], response.rtp[1] + 1
    call.receiver.wait(10)
    call.receiver.rtcp.sendto(report(0x1111), rtcp)
    third = stranger(appliance, 39)
    neighbour = stranger(appliance, 38)
    for sock in (third, neighbour):
        for n in range(20):
            sock.sendto(report(n) + goodbye(n), rtcp)
            sock.sendto(goodbye(0x2222 + n), rtcp)
    # Its own port too, as a forger writes it, who can't know an SSRC.
    for n in range(20):
        call.receiver.rtcp.sendto(report(0x3333) + goodbye(0x3333 + n), rtcp)
    count = len(call.receiver.stream)
    call.receiver.wait(count + 50)
    with pytest.raises(TimeoutError):
        call.phone.wait_request("BYE", 0.3)
    ours = call.receiver.stream.packets[0].ssrc
    call.receiver.rtcp.sendto(report(0x1111, about=ours) + goodbye(0x1111), rtcp)
    bye = call.phone.wait_request("BYE")
    call.phone.send(call.phone.response(bye, 200))
    call.to_tag = None
    third.close()
    neighbour.close()


def test_a_third_party_takes_no_stream(launch, library, calling):
    """Symmetric RTP follows the caller, not whoever sends first."""
    appliance = launch(library.directory, {"rtp": {"symmetric-networks": ["192.0.2.0/24"]}})
    call = calling(appliance, "moh-default", host=40)
    response = call.invite()
    call.receiver.wait(5)
    thief = Receiver(appliance.namespace, appliance.namespace.address(41), rtcp=False)
    for n in range(10):
        thief.send(response.rtp, 0, sequence=n, timestamp=n * 160)
    count = len(call.receiver.stream)
    call.receiver.wait(count + 50)
    assert len(thief.stream) == 0
    # The phone itself behind a NAT: another port of the same address.
    moved = Receiver(appliance.namespace, appliance.namespace.address(40), rtcp=False)
    for n in range(4):
        moved.send(response.rtp, 0, sequence=n, timestamp=n * 160)
    moved.wait(50)
    assert call.bye().status == 200
    thief.close()
    moved.close()


@pytest.mark.parametrize("user", [
    "moh-../../etc", "moh-..%2f..%2fetc%2fpasswd", "moh-%00", "moh-%2e%2e", "moh-users/bob", "moh-users%2fbob", "moh-" + "a" * 2000,
    "moh-%c3%a9%f0%9f%8e%b5", "moh-%ff%fe", "moh-.", "moh-%0d%0aX-Evil:%201", "moh-*", "moh-$(reboot)", "moh-default%00x"])
def test_no_path_in_a_user_part(appliance, calling, user):
    """An unknown class is the default class, whatever its name looks like."""
    call = calling(appliance, user)
    response = call.invite()
    assert response.status in (200, 400, 404, 414)
    assert b"X-Evil" not in response.octets.split(b"\r\n\r\n")[0].replace(b"%0d%0aX-Evil", b"")
    if response.status == 200:
        call.receiver.wait(10)
        assert call.bye().status == 200
    assert all("evil" not in name.lower() and "etc" not in name for name in appliance.metrics())


def test_nothing_is_smuggled_into_a_redirection(launch, library):
    appliance = launch(
        library.directory, {"anycast": {"address": "192.0.2.25"}, "sip": {"redirect": "always", "listen": ["udp:192.0.2.10:5060", "udp:192.0.2.25:5060"]}})
    phone = Phone(appliance.namespace, appliance.namespace.address(42), server=("192.0.2.25", 5060))
    uri = "sip:moh-a%0d%0aX-Evil%3a1%3e%2c%3csip:b;maddr=203.0.113.9;x=%22%3e@192.0.2.25:5060;maddr=203.0.113.9?Route=%3csip:203.0.113.9%3e"
    for target in (uri, "sip:moh@192.0.2.25;maddr=203.0.113.9;transport=udp"):
        phone.send(phone.request("INVITE", target, body=sdp(phone.host, 40010), call_id=f"r{random.random()}@x", to="<sip:moh@192.0.2.25>"))
        response = phone.wait_response((1, "INVITE"))
        assert response.status in (302, 400), response
        if response.status == 302:
            assert len(response.all("contact")) == 1 and response["x-evil"] is None
            contact = response.contact_uri()
            assert "192.0.2.10" in contact and "203.0.113.9" not in contact.split("@")[1]
    phone.close()


@pytest.mark.parametrize("change, allowed", [
    (("CSeq: 1 INVITE", "CSeq: 4294967296 INVITE"), (400,)),
    (("CSeq: 1 INVITE", "CSeq: 99999999999999999999999 INVITE"), (400,)),
    (("CSeq: 1 INVITE", "CSeq: -1 INVITE"), (400,)),
    (("Max-Forwards: 70", "Max-Forwards: 0"), (200,)),
    (("Max-Forwards: 70", "Max-Forwards: 4294967297"), (400,)),
    (("Content-Length: ", "Content-Length: 9999999999"), (400, None)),
    (("Content-Length: ", "Content-Length: -"), (400, None)),
    (("Max-Forwards", "Expires: 99999999999\r\nSession-Expires: 99999999999\r\nMax-Forwards"), (200, 400)),
    (("Max-Forwards", "Require: replaces\r\nReplaces: a@b;to-tag=c;from-tag=d\r\nMax-Forwards"), (420,)),
    (("Max-Forwards", "Authorization: Digest nonsense\r\nMax-Forwards"), (200,)),
])
def test_numbers_out_of_range(appliance, change, allowed):
    sock = stranger(appliance, 43)
    host, port = sock.getsockname()
    call_id = random.getrandbits(40)
    sock.sendto(invite(appliance, host, port, call_id).decode().replace(*change).encode(), appliance.server)
    finals = [a for a in receive(sock, 0.4) if not a.startswith(b"SIP/2.0 1")]
    status = int(finals[0].split()[1]) if finals else None
    assert status in allowed, finals
    assert appliance.get("/healthz")[0] == 200
    sock.close()


def test_slow_connections_end(alone, calling):
    """An octet now and then holds no connection open, and one address gets so many at most."""
    before = descriptors(alone)
    socks = []
    for n in range(600):
        socks.append(alone.namespace.socket(kind=socket.SOCK_STREAM))
        socks[-1].bind((alone.namespace.address(44), 0))
        socks[-1].connect(alone.server)
    time.sleep(0.5)
    assert descriptors(alone) - before <= 520
    assert counter(alone, "sip_connections_refused_total") >= 80
    request = invite(alone, alone.namespace.address(44), 5060, 1)
    alive = socks[:512]
    for n in range(40):
        for sock in alive[:20]:
            try:
                sock.send(request[n:n + 1])
            except OSError:
                pass
        if descriptors(alone) <= before + 2:
            break
        time.sleep(0.5)
    until(lambda: descriptors(alone) <= before + 2, 10, "connections closed")
    call = calling(alone, "moh-default", transport="tcp", host=44)
    assert call.invite().status == 200
    assert call.bye().status == 200
    for sock in socks:
        sock.close()
