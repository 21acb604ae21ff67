"""RFC 7088 makes a music server send where a description says: it must not become a weapon."""

import select
import socket
import time

import pytest

from lab.namespace import Namespace, ip
from lab.rtp import Receiver
from lab.sip import Call, Phone, sdp
from lab.waiting import until


@pytest.fixture
def outside(appliance_alone):
    """A network behind a router, out of rtp.allowed-networks unless a test allows it: 203.0.113.9 (a victim) and .10
    (a stranger)."""
    far = Namespace(peer=appliance_alone.namespace, network="198.18.7")
    for host in (9, 10):
        ip("-n", far.name, "addr", "add", f"203.0.113.{host}/32", "dev", "lo")
    ip("-n", appliance_alone.namespace.name, "route", "add", "203.0.113.0/24", "via", "198.18.7.2")
    yield far
    far.delete()


@pytest.fixture
def allowed():
    """What is added to the configuration's rtp.allowed-networks; tests that have another use `parametrize`."""
    return []


@pytest.fixture
def appliance_alone(launch, library, allowed):
    return launch(library.directory, {"rtp": {"allowed-networks": allowed}} if allowed else None)


STATED = 60  # packets that a forged description may draw in all


def test_a_forged_description_draws_few_packets(appliance_alone, outside):
    """A stranger names a victim who never answers: few packets, at a low rate, and a counter."""
    victim = Receiver(outside, "203.0.113.9")
    phone = Phone(outside, "203.0.113.10", server=appliance_alone.server)
    call = Call(phone, appliance_alone.uri("moh-default"), victim)
    response = call.invite(call.offer("0"))
    assert response.status in (200, 403, 488)
    time.sleep(9)
    assert len(victim.stream) <= STATED, f"{len(victim.stream)} packets"
    per_second = len(victim.stream.between(0, victim.stream.packets[0].time + 1)) if victim.packets else 0
    assert per_second <= 12, "a capped rate"
    last = victim.stream.packets[-1].time if victim.packets else 0
    assert time.time() - last > 2, "then nothing"
    assert any("proofs_expired" in name for name, value in appliance_alone.metrics().items() if value > 0)
    lines = [line for line in appliance_alone.process.log().splitlines() if call.call_id in line]
    ended = [line for line in lines if "ends the call" in line]
    assert len(ended) == 1 and "203.0.113.9" in ended[0] and "rtp.allowed-networks" in ended[0], lines
    victim.close()
    phone.close()


def test_a_listener_who_answers_gets_it_all(appliance_alone, outside):
    victim = Receiver(outside, "203.0.113.9")
    phone = Phone(outside, "203.0.113.10", server=appliance_alone.server)
    call = Call(phone, appliance_alone.uri("moh-default"), victim)
    response = call.invite(call.offer("0"))
    assert response.status == 200
    victim.wait(1)
    for n in range(5):
        victim.send(response.rtp, 0, sequence=n, timestamp=n * 160)
        time.sleep(0.02)
    proved = time.time() + 0.1
    stream = victim.wait(100, 5, since=proved)
    assert stream.longest_gap() < 0.06
    assert call.bye().status == 200
    victim.close()
    phone.close()


def test_the_source_of_the_request_gets_it_all(appliance_alone, outside):
    receiver = Receiver(outside, "203.0.113.10")
    phone = Phone(outside, "203.0.113.10", server=appliance_alone.server)
    call = Call(phone, appliance_alone.uri("moh-default"), receiver)
    call.invite(call.offer("0"))
    receiver.wait(100, 5).check()
    assert call.bye().status == 200
    receiver.close()
    phone.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "255.255.255.255", "239.1.2.3", "0.0.0.0"])
def test_nothing_goes_to_addresses_of_no_listener(appliance_alone, calling, address):
    loopback = Receiver(appliance_alone.namespace, "127.0.0.1")
    call = calling(appliance_alone, "moh-default")
    call.invite(call.offer("0", address=address, port=loopback.port))
    time.sleep(0.5)
    assert len(loopback.stream) == 0
    loopback.close()


HEADERS = 28  # octets of IPv4 and UDP


@pytest.mark.parametrize("formats, lines", [
    ("0", []), ("0", ["a=ptime:60"]), ("98", ["a=rtpmap:98 L16/16000", "a=ptime:40"])])
def test_what_a_forged_description_draws_for_an_octet(appliance_alone, outside, formats, lines):
    """docs/operation.md states it: octets on the wire to the victim for each that the stranger sent, who
    needs no answer and sends no ACK. The last is the longest packet that a phone can ask for."""
    victim = Receiver(outside, "203.0.113.9")
    phone = Phone(outside, "203.0.113.10", server=appliance_alone.server)
    call = Call(phone, appliance_alone.uri("moh-default"), victim)
    request = call.text("INVITE", call.offer(formats, lines))
    phone.send(request)
    until(lambda: counted(appliance_alone, "proofs_expired") > 0, 30, "the end of the trial")
    received = len(request) + HEADERS
    sent = sum(len(p.payload) + 12 + HEADERS for p in victim.stream.packets)
    print(f"{formats}: {len(victim.stream)} packets, {sent} octets for {received}: {sent / received:.1f}")
    assert 0 < len(victim.stream) <= 51
    assert sent / received < 22
    victim.close()
    phone.close()


INSIDE = ["203.0.113.0/24"]


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [INSIDE])
@pytest.mark.parametrize("formats, lines, packets, most", [
    ("0", [], 1600, 700), ("98", ["a=rtpmap:98 L16/16000", "a=ptime:10"], 3200, 2300)])
def test_what_one_invite_draws_inside_the_allowed_networks(appliance_alone, outside, formats, lines, packets, most):
    """docs/operation.md states it: music until the BYE that comes for want of an ACK, after 64·T1, which are 32 s."""
    victim = Receiver(outside, "203.0.113.9")
    phone = Phone(outside, "203.0.113.10", server=appliance_alone.server)
    call = Call(phone, appliance_alone.uri("moh-default"), victim)
    request = call.text("INVITE", call.offer(formats, lines))
    phone.send(request)
    phone.wait_request("BYE", 60)
    received = len(request) + HEADERS
    sent = sum(len(p.payload) + 12 + HEADERS for p in victim.stream.packets)
    sent += sum(len(octets) + HEADERS for _, octets, _ in victim.reports)
    print(f"{formats}: {len(victim.stream)} packets, {sent} octets for {received}: {sent / received:.1f}")
    # More than anybody gets who is out of them, and no more than 32 s hold.
    assert 51 < len(victim.stream) <= packets + 1
    assert sent / received < most
    victim.close()
    phone.close()


@pytest.mark.slow
@pytest.mark.parametrize("allowed, most", [([], 4), (INSIDE, 70)])
def test_what_unacknowledged_invites_draw_for_an_octet(appliance_alone, outside, most):
    """docs/operation.md states it: a thousand INVITEs with the victim's own address as source, and as where
    media go; all that reaches it in the 70 s in which responses and BYE are repeated."""
    signalling, media = outside.socket(), outside.socket()
    for sock, port in ((signalling, 0), (media, 40010)):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.bind(("203.0.113.9", port))
    phone = Phone(outside, "203.0.113.9", port=signalling.getsockname()[1] + 1, server=appliance_alone.server)
    sent, received, kinds = 0, 0, {}
    for _ in range(1000):
        call = Call(phone, appliance_alone.uri("moh-default"))
        request = call.text("INVITE", sdp("203.0.113.9", 40010)).replace(f":{phone.port}", f":{signalling.getsockname()[1]}")
        sent += len(request) + HEADERS
        signalling.sendto(request.encode(), appliance_alone.server)
        time.sleep(0.002)
    end = time.monotonic() + 70
    while (left := end - time.monotonic()) > 0:
        for sock in select.select([signalling, media], [], [], left)[0]:
            octets = sock.recv(65536)
            received += len(octets) + HEADERS
            kind = octets[:11] if sock is signalling else b"media"
            count, total = kinds.get(kind, (0, 0))
            kinds[kind] = count + 1, total + len(octets) + HEADERS
    print(f"{received} octets for {sent}: {received / sent:.2f}", kinds)
    # A machine that is late leaves out repeats.
    assert 100 < kinds[b"SIP/2.0 200"][0] <= 1100 and kinds[b"SIP/2.0 503"][0] == 900
    assert received / sent < most
    for sock in (signalling, media, phone):
        sock.close()


def counted(appliance, part):
    return sum(value for name, value in appliance.metrics().items() if part in name)
