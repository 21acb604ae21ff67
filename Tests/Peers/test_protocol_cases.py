"""What phones and gateways in the field did to other systems, over plain sockets."""

import re
import socket
import time

import pytest

from lab.rtp import Receiver
from lab.sip import Call, Phone, new_call_id
from lab.waiting import until

# MARK: streams of octets


def connect(appliance, host):
    sock = appliance.namespace.socket(kind=socket.SOCK_STREAM)
    sock.bind((appliance.namespace.address(host), 0))
    sock.connect(appliance.server)
    sock.settimeout(2)
    return sock


def options(appliance, name, length="Content-Length: 0\r\n", method="OPTIONS", body="", transport="TCP", address="192.0.2.27"):
    return (
        f"{method} {appliance.uri()} SIP/2.0\r\nVia: SIP/2.0/{transport} {address}:5071;rport;branch=z9hG4bK{name}\r\n"
        f"From: <sip:201@example.com>;tag=g14\r\nTo: <{appliance.uri()}>\r\nCall-ID: {name}@{address}\r\n"
        f"CSeq: 1 {method}\r\nMax-Forwards: 70\r\n{length}\r\n{body}").encode()


def received(sock, seconds=1.0, enough=None):
    """Everything that comes until it is enough, or the time is over."""
    end, out = time.monotonic() + seconds, b""
    while time.monotonic() < end:
        sock.settimeout(max(end - time.monotonic(), 0.01))
        try:
            octets = sock.recv(65536)
        except TimeoutError:
            break
        if not octets:
            break
        out += octets
        if enough and enough(out):
            break
    return out


def test_a_request_without_length_on_a_stream(appliance):
    """G14: answered either way, never silence."""
    sock = connect(appliance, 27)
    a, b = new_call_id()[:-5] + "a", new_call_id()[:-5] + "b"
    sock.sendall(options(appliance, a, length="") + options(appliance, b))
    out = received(sock, 3, lambda o: o.count(b"SIP/2.0 ") >= 2 or b"400" in o).decode()
    statuses = re.findall(r"SIP/2.0 (\d+)", out)
    assert statuses in (["200", "200"], ["400"]), out
    sock.close()


def test_lengths_of_datagrams(appliance):
    """G14: too short is 400, surplus is dropped."""
    phone = Phone(appliance.namespace, appliance.namespace.address(27), server=appliance.server)
    a, b = new_call_id()[:-5] + "c", new_call_id()[:-5] + "d"
    phone.send(options(appliance, a, "Content-Length: 40\r\n", body="0123456789ab", transport="UDP"))
    assert phone.wait_response((1, "OPTIONS"), call_id=f"{a}@192.0.2.27").status == 400
    phone.send(options(appliance, b, "Content-Length: 0\r\n", body="0123456789ab", transport="UDP"))
    assert phone.wait_response((1, "OPTIONS"), call_id=f"{b}@192.0.2.27").status == 200
    phone.close()


def test_keep_alives_whole_and_split(appliance):
    """G15."""
    sock = connect(appliance, 28)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for writes in ([b"\r\n\r\n"], [b"\r\n", b"\r\n"], [b"\r", b"\n\r\n"]):
        for part in writes:
            sock.sendall(part)
            time.sleep(0.05)
        assert received(sock, 0.5, lambda o: len(o) >= 2) == b"\r\n", writes
    name = new_call_id()[:-5]
    sock.sendall(b"\r\n" + options(appliance, name))
    out = received(sock, 1, lambda o: b"\r\n\r\n" in o)
    assert out.startswith(b"SIP/2.0 200"), out
    body = "a\r\n\r\n\r\nb"
    sock.sendall(options(appliance, name + "m", f"Content-Length: {len(body)}\r\nContent-Type: text/plain\r\n", "MESSAGE", body))
    out = received(sock, 0.7)
    assert out.count(b"SIP/2.0 ") == 1 and out.startswith(b"SIP/2.0 "), out
    assert out.endswith(b"\r\n\r\n") and out.count(b"\r\n\r\n") == 1, "one response, no pong"
    sock.close()


def test_a_broken_frame_closes_only_its_own_connection(appliance):
    good, bad = connect(appliance, 27), connect(appliance, 28)
    bad.sendall(b"this is no SIP\r\nContent-Length: what\r\n\r\n")
    until(lambda: bad.recv(4096) == b"" or True, 5)
    good.sendall(options(appliance, new_call_id()[:-5]))
    assert received(good, 2, lambda o: b"\r\n\r\n" in o).startswith(b"SIP/2.0 200")
    good.close()
    bad.close()


# MARK: transactions and dialogs


def test_cancel_after_the_answer_does_nothing(appliance, calling):
    """G25, first."""
    call = calling(appliance, "moh-default")
    assert call.transact("INVITE", call.offer("0")).status == 200
    call.cancel()
    assert call.phone.wait_response((1, "CANCEL")).status in (200, 481)
    call.ack()
    start = time.time()
    call.receiver.wait(30, since=start)
    assert call.bye().status == 200


def test_bye_before_the_ack(appliance, calling):
    """G25, second."""
    call = calling(appliance, "moh-default")
    assert call.transact("INVITE", call.offer("0")).status == 200
    assert call.bye().status == 200
    time.sleep(0.2)
    seen = len(call.phone.log)
    call.ack(cseq=1)
    ended = time.time()
    time.sleep(1.2)
    assert len(call.phone.log) == seen, "the 2xx isn't repeated and a late ACK draws nothing"
    assert len(call.receiver.since(ended)) == 0
    call.to_tag = None


def test_cancel_of_nothing_is_481(appliance, calling):
    """G25, third."""
    call = calling(appliance, "moh-default")
    call.cseq = 1
    call.invite_branch = "z9hG4bKneverseen"
    call.cancel()
    assert call.phone.wait_response((1, "CANCEL")).status == 481


def test_merged_requests_get_482(appliance, calling):
    """G26 a and b."""
    call = calling(appliance, "moh-default")
    first = call.text("INVITE", call.offer("0"))
    second = re.sub(r"branch=\S+", "branch=z9hG4bKother" + call.call_id[:8], first)
    call.phone.send(first)
    call.phone.send(second)
    statuses = {}
    while len(statuses) < 2:
        response = call.phone.wait_response((1, "INVITE"))
        statuses[response.branch] = response
    assert sorted(r.status for r in statuses.values()) == [200, 482]
    answer = next(r for r in statuses.values() if r.status == 200)
    refused = next(r for r in statuses.values() if r.status == 482)
    call.phone.send(re.sub(r"(?m)^To: .*\r$", f"To: {refused['to']}\r", call.text("ACK", cseq=1, branch=refused.branch)))
    call.to_tag, call.target = answer.tag("to"), answer.contact_uri()
    call.ack()
    assert call.bye().status == 200
    # After its end, the same Call-ID with the next CSeq is a new call.
    call.to_tag, call.target = None, call.uri
    assert call.invite(call.offer("0")).status == 200


def test_the_ack_never_comes(appliance, calling):
    """G27: repeats after 0.5, 1, 2, 4, 4 ... s, and BYE at 32 s."""
    call = calling(appliance, "moh-default")
    call.transact("INVITE", call.offer("0"))
    bye = call.phone.wait_request("BYE", 40)
    answers = [m for m in call.phone.log if m.is_response and m.status == 200 and m.cseq[1] == "INVITE"]
    first = answers[0].time
    gaps = [b.time - a.time for a, b in zip(answers, answers[1:])]
    assert gaps[:4] == pytest.approx([0.5, 1, 2, 4], abs=0.3)
    assert all(gap == pytest.approx(4, abs=0.4) for gap in gaps[4:])
    assert bye.time - first == pytest.approx(32, abs=1.5)
    call.to_tag = None


def test_a_late_ack_ends_the_repeats(appliance, calling):
    """G27, second run."""
    call = calling(appliance, "moh-default")
    call.transact("INVITE", call.offer("0"))
    time.sleep(2)
    call.ack()
    time.sleep(0.3)
    seen = len(call.phone.log)
    call.ack()
    time.sleep(4.5)
    assert len(call.phone.log) == seen
    assert call.bye().status == 200


def test_session_timer_too_small(appliance, calling):
    """G29, first."""
    call = calling(appliance, "moh-default")
    response = call.invite(call.offer("0"), ["Supported: timer", "Session-Expires: 60"])
    assert response.status == 422
    assert int(response["min-se"]) >= 90


@pytest.mark.slow
def test_session_timer_refreshed_by_update_without_description(appliance, calling):
    """G29: no refresh after the one at 20 s: BYE between 60 and 90 s after it."""
    call = calling(appliance, "moh-default")
    timer = ["Supported: timer", "Session-Expires: 90;refresher=uac", "Min-SE: 90"]
    response = call.invite(call.offer("0"), timer)
    assert response.status == 200
    assert response["session-expires"].startswith("90")
    assert "timer" in (response["require"] or "")
    time.sleep(20)
    before = call.receiver.wait(10)
    response = call.update(headers=["Supported: timer", "Session-Expires: 90;refresher=uac"])
    assert response.status == 200
    assert not response.body and response["session-expires"].startswith("90")
    refreshed = time.time()
    bye = call.phone.wait_request("BYE", 100)
    assert 55 <= bye.time - refreshed <= 91
    stream = call.receiver.stream.between(0, bye.time - 0.1)
    assert stream.longest_gap() < 0.06
    assert len(stream) > len(before)
    call.to_tag = None


def test_the_route_of_our_bye(launch, library):
    """G30: the appliance ends the call; BYE goes to the first route, with the list in order."""
    appliance = launch(library.directory)
    n = appliance.namespace
    first = Phone(n, n.address(33), port=5071, server=appliance.server)
    phone = Phone(n, n.address(31), server=appliance.server)
    call = Call(phone, appliance.uri("moh-default"), Receiver(n, n.address(31)))
    routes = [f'Record-Route: <sip:{first.address}:5071;lr;x="a,b">, <sip:p2.example.net;lr>', "Record-Route: <sip:p1.example.net;transport=tcp;lr>"]
    response = call.transact("INVITE", call.offer("0"), routes)
    assert response.status == 200
    assert ", ".join(response.all("record-route")).count("lr") == 3
    call.routes = []
    call.ack()
    moved = Phone(n, n.address(31), port=5080, server=appliance.server)
    call.phone = moved
    assert call.invite(call.offer("0")).status == 200
    appliance.process.popen.terminate()
    bye = first.wait_request("BYE", 10)
    assert bye.uri.startswith(f"sip:201@{moved.address}:5080")
    route = ", ".join(bye.all("route"))
    assert re.findall(r"sip:([^;:>]+)", route) == [first.address, "p2.example.net", "p1.example.net"]
    assert 'x="a,b"' in route
    for end in (first, phone, moved):
        end.close()


@pytest.mark.parametrize("sent_by, rport, to_source", [
    ("{address}:{other}", "", False), ("{address}:{other}", ";rport", True),
    ("10.1.2.3:{other}", "", False), ("phone.example.com", ";rport", True)])
def test_the_port_of_the_response(appliance, sent_by, rport, to_source):
    """G33: without rport to the port in Via, at the address the request came from."""
    n = appliance.namespace
    address = n.address(32)
    sender = Phone(n, address, server=appliance.server)
    listener = Phone(n, address, port=5062, server=appliance.server)
    by = sent_by.format(address=address, other=5062)
    name = new_call_id()
    sender.send(
        f"OPTIONS {appliance.uri()} SIP/2.0\r\nVia: SIP/2.0/UDP {by}{rport};branch=z9hG4bK{name[:12]}\r\n"
        f"From: <sip:202@example.com>;tag=g33\r\nTo: <{appliance.uri()}>\r\nCall-ID: {name}\r\nCSeq: 101 OPTIONS\r\n"
        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
    response = (sender if to_source else listener).wait_response((101, "OPTIONS"), 3, call_id=name)
    via = response["via"]
    if rport or "10.1.2.3" in by:
        assert f"received={address}" in via
    if rport:
        assert f"rport={sender.port}" in via
    sender.close()
    listener.close()


# MARK: Max-Forwards (G32): it limits who passes a request on, not who it is for


LIMITS = [(None, True), ("0", True), ("255", True), ("256", False), ("300", False), ("-1", False), ("many", False)]


def limited(text, hops):
    """A request with that Max-Forwards, or with none."""
    return text.replace("Max-Forwards: 70\r\n", "" if hops is None else f"Max-Forwards: {hops}\r\n")


@pytest.mark.parametrize("hops, is_taken", LIMITS)
def test_an_invite_for_us_may_have_used_up_its_hops(appliance, calling, hops, is_taken):
    """So may all that follows in its dialog."""
    call = calling(appliance, "moh-default")
    whole = call.text
    call.text = lambda *words, **options: limited(whole(*words, **options), hops)
    response = call.invite()
    if not is_taken:
        assert (response.status, "Max-Forwards" in response.start) == (400, True), response
        return
    assert response.status == 200
    call.receiver.wait(10)
    assert call.invite(call.offer("8")).status == 200
    assert call.update(call.offer("0", ["a=inactive"])).direction == "inactive"
    assert call.bye().status == 200


@pytest.mark.parametrize("hops, is_taken", LIMITS)
@pytest.mark.parametrize("user", ["", "moh-default@"])
def test_options_for_us_may_have_used_up_their_hops(appliance, hops, is_taken, user):
    n = appliance.namespace
    phone = Phone(n, n.address(27), server=appliance.server)
    text = phone.request("OPTIONS", f"sip:{user}{appliance.address}:{appliance.port}", call_id=new_call_id())
    phone.send(limited(text, hops))
    response = phone.wait_response((1, "OPTIONS"))
    assert response.status == (200 if is_taken else 400), response
    phone.close()


def test_a_request_that_used_up_its_hops_is_still_redirected(launch, library):
    """Who redirects passes nothing on (RFC 3261 §8.3): the caller's next request has hops of its own."""
    appliance = launch(library.directory, {
        "anycast": {"address": "192.0.2.50"},
        "sip": {"redirect": "always", "listen": ["udp:192.0.2.50:5060", "udp:192.0.2.10:5060"]}})
    n = appliance.namespace
    phone = Phone(n, n.address(51), server=("192.0.2.50", 5060))
    call = Call(phone, "sip:moh@192.0.2.50:5060", Receiver(n, phone.address))
    whole = call.text
    for hops, is_taken in LIMITS:
        call.text = lambda *words, **options: limited(whole(*words, **options), hops)
        response = call.invite()
        assert response.status == (302 if is_taken else 400), (hops, response)
        call.call_id = new_call_id()
    call.receiver.close()
    phone.close()


def test_options_tell_the_truth(appliance):
    phone = Phone(appliance.namespace, appliance.namespace.address(27), server=appliance.server)
    response = phone.options(appliance.uri())
    assert response.status == 200
    allowed = {word.strip() for word in response["allow"].split(",")}
    assert {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "PRACK"} <= allowed
    assert "application/sdp" in response["accept"]
    assert "timer" in response["supported"]
    phone.close()


def test_an_unknown_extension_is_420(appliance, calling):
    call = calling(appliance, "moh-default")
    response = call.invite(call.offer("0"), ["Require: nothing-anyone-knows"])
    assert response.status == 420
    assert "nothing-anyone-knows" in response["unsupported"]


def test_reliable_provisional_responses(appliance, calling):
    """100rel required: if a provisional response comes, it waits for PRACK; the call is answered in any case."""
    call = calling(appliance, "moh-default")
    call.phone.send(call.text("INVITE", call.offer("0"), ["Require: 100rel", "Supported: 100rel"]))
    while True:
        response = call.phone.wait_response((1, "INVITE"), final=False)
        if response.status >= 200:
            break
        if response["rseq"]:
            call.to_tag, call.target = response.tag("to"), response.contact_uri()
            rack = f"RAck: {response['rseq']} 1 INVITE"
            assert call.transact("PRACK", headers=[rack]).status == 200
    assert response.status == 200
    call.to_tag, call.target = response.tag("to"), response.contact_uri()
    call.ack(cseq=1)
    call.receiver.wait(10)


def test_an_unknown_dialog_is_481_and_an_unknown_user_404(appliance, calling):
    call = calling(appliance, "moh-default")
    call.to_tag = "nobody"
    assert call.transact("BYE").status == 481
    call.to_tag = None
    other = calling(appliance, "nobody-of-that-name")
    assert other.invite(other.offer("0")).status in (404, 403)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_over_each_transport(appliance, calling, transport):
    call = calling(appliance, "moh-default", transport=transport)
    assert call.invite(call.offer("0")).status == 200
    call.receiver.wait(25).check(160)
    assert call.bye().status == 200
    ended = time.time()
    time.sleep(0.3)
    assert len(call.receiver.since(ended + 0.03)) == 0
    call.to_tag = None


def test_a_call_over_ipv6(launch, library, calling):
    address = "2001:db8::10"
    appliance = launch(
        library.directory, {"domain": "example.com", "node": {"address": address}, "sip": {"listen": [f"udp:[{address}]:5060", f"tcp:[{address}]:5060"]}}, address=address)
    phone = Phone(appliance.namespace, "2001:db8::21", server=(address, 5060))
    receiver = Receiver(appliance.namespace, "2001:db8::21", family=socket.AF_INET6)
    call = Call(phone, appliance.uri("moh-default"), receiver)
    response = call.invite(call.offer("0"))
    assert response.status == 200
    assert response.rtp[0] == address
    receiver.wait(25).check(160)
    assert call.bye().status == 200
    receiver.close()
    phone.close()
