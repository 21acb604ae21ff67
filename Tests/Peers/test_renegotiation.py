"""Nothing interrupts the music: re-INVITE and UPDATE of every kind, with the phone's RTP arriving all the while."""

import time

import pytest

from lab import audio
from lab.rtp import Receiver, Stream
from lab.waiting import until

OPUS = "a=rtpmap:107 opus/48000/2"
EVENT = "a=rtpmap:101 telephone-event/8000"


def joined(*receivers):
    packets = sorted((p for r in receivers for p in r.stream.packets), key=lambda p: p.time)
    return Stream(packets)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_ten_changes_in_a_row_leave_no_gap(appliance, calling, talking, method):
    call = calling(appliance, "moh-default")
    other = Receiver(appliance.namespace, call.receiver.address)
    answer = call.invite(call.offer("0 8 9 101", [EVENT]))
    call.receiver.wait(20)
    talking(call.receiver, answer.rtp)
    changes = [
        dict(formats="8 0 9 101"), dict(formats="9 0"), dict(formats="0 8", lines=["a=ptime:40"]),
        dict(formats="0 8", port=other.port), dict(formats="8 0 101"), dict(formats="107 0", lines=[OPUS]),
        dict(formats="0", lines=["a=ptime:10"]), dict(formats="0", lines=["a=recvonly"]), dict(formats="0 107", lines=[OPUS]),
        dict(formats="8 9 0 101", lines=["a=sendrecv"]),
    ]
    for change in changes:
        lines = [*change.pop("lines", []), EVENT]
        body = call.offer(lines=lines, **change)
        response = call.invite(body) if method == "INVITE" else call.update(body)
        assert response.status == 200, response
        assert response.rtp[1] != 0
        time.sleep(0.15)
    end = time.time()
    stream = joined(call.receiver, other).between(0, end)
    other.close()
    assert stream.longest_gap() <= 0.060, f"{stream.longest_gap() * 1000:.1f} ms"
    steps = [(b.sequence - a.sequence) & 0xFFFF for a, b in zip(stream.packets, stream.packets[1:])]
    assert set(steps) == {1}, "sequence numbers can be followed"
    # Another clock is another source (RFC 7160 §4.1), and nothing else is.
    clock = {0: 8000, 8: 8000, 9: 8000, 107: 48000}
    for a, b in zip(stream.packets, stream.packets[1:]):
        assert (a.ssrc == b.ssrc) == (clock[a.payload_type] == clock[b.payload_type])
        if a.ssrc == b.ssrc:
            step = ((b.timestamp - a.timestamp) & 0xFFFFFFFF) / clock[a.payload_type]
            assert step == pytest.approx(b.time - a.time, abs=0.01), "timestamps follow the clock"


def test_versions_count_the_changes(appliance, calling):
    """RFC 3264 §8: one more with each change, and the same when nothing changed."""
    call = calling(appliance, "moh-default")
    versions = [call.invite(call.offer("0")).sdp_version]
    versions.append(call.invite(call.offer("0")).sdp_version)
    versions.append(call.invite(call.offer("8")).sdp_version)
    versions.append(call.invite(call.offer("8", ["a=inactive"])).sdp_version)
    first = versions[0]
    assert versions == [first, first, first + 1, first + 2]


# MARK: hold


HOLDS = {
    "sendonly": (["a=sendonly"], [], "recvonly"),
    "inactive": (["a=inactive"], [], "inactive"),
    "null address of the media": (["c=IN IP4 0.0.0.0", "a=sendrecv"], [], None),
    "session level": ([], ["a=inactive"], "inactive"),
}


@pytest.mark.parametrize("name", HOLDS)
def test_each_hold_form_stops_and_resumes(appliance, calling, name):
    """G01, G03: silence while held, at our own loopback too, and music within one packet time after it."""
    lines, session, direction = HOLDS[name]
    call = calling(appliance, "moh-default")
    loopback = Receiver(appliance.namespace, "127.0.0.1", port=call.receiver.port)
    call.invite(call.offer("8 101", [EVENT]))
    call.receiver.wait(10)
    if lines and lines[0].startswith("c="):
        # Media level: c= stands before the attributes.
        response = call.invite(call.offer("8 101", [lines[0], EVENT, *lines[1:]]))
    else:
        response = call.invite(call.offer("8 101", [EVENT, *lines], session_lines=session))
    assert response.status == 200
    assert response.rtp[1] != 0
    if direction:
        assert response.direction == direction
    held = time.time() + 0.03
    time.sleep(1.0)
    assert len(call.receiver.since(held)) == 0, "RTP while held"
    assert len(loopback.stream) == 0, "nothing for ourselves"
    loopback.close()
    response = call.invite(call.offer("8 101", [EVENT]))
    resumed = time.time()
    assert response.direction == "sendrecv"
    stream = call.receiver.wait(10, since=held)
    assert stream.packets[0].time - resumed < 0.05
    stream.check(160)


SENDER_REPORT, RECEIVER_REPORT = 200, 201


@pytest.mark.parametrize("line, goes_on", [("a=sendonly", True), ("a=inactive", True), ("c=IN IP4 0.0.0.0", False)])
def test_rtcp_while_held(appliance, calling, line, goes_on):
    """RFC 3264 §5.1: RTCP goes on, by RFC 3550 §6.4 as receiver reports once nothing was sent since the last one.
    A null address means that neither RTP nor RTCP is wanted (RFC 3264 §5.1, §8.4)."""
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    ssrc = call.receiver.wait(5).packets[0].ssrc
    assert call.invite(call.offer("0", [line])).status == 200
    held = time.time() + 0.03

    def reports():
        return [octets for t, octets, _ in call.receiver.reports if t > held]

    # The first report may still tell of packets that went before. One takes 6.2 s at most, and longer where
    # it is considered again (RFC 3550 §6.3.6).
    if goes_on:
        until(lambda: len(reports()) >= 2, 60, "two reports")
        assert [r[1] for r in reports()][1:] == [RECEIVER_REPORT] * (len(reports()) - 1)
        assert {int.from_bytes(r[4:8], "big") for r in reports()} == {ssrc}
    else:
        time.sleep(8)
        assert reports() == []
    assert len(call.receiver.since(held)) == 0, "RTP while held"
    call.invite(call.offer("0"))
    call.receiver.wait(5, since=held)


def test_hold_by_null_address_of_the_session(appliance, calling):
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.receiver.wait(5)
    response = call.invite(call.offer("0", address="0.0.0.0"))
    assert response.status == 200
    held = time.time() + 0.03
    time.sleep(0.6)
    assert len(call.receiver.since(held)) == 0
    call.invite(call.offer("0"))
    call.receiver.wait(5, since=held)


def test_offerless_reinvite_after_a_hold_offers_our_own_wishes(appliance, calling):
    """G02."""
    call = calling(appliance, "moh-default")
    call.invite(call.offer("107 8 96", [OPUS, "a=rtpmap:96 telephone-event/48000"]))
    held = call.invite(call.offer("107 8 96", [OPUS, "a=rtpmap:96 telephone-event/48000", "a=inactive"]))
    response = call.transact("INVITE")
    assert response.status == 200
    assert response.direction in ("sendonly", "sendrecv")
    assert response.sdp_version == held.sdp_version + 1
    assert {0, 8, 9, 107, 96} <= set(response.formats)
    assert "107 opus/48000/2" in response.sdp("a=rtpmap:")
    assert "96 telephone-event/48000" in response.sdp("a=rtpmap:")
    silent = time.time()
    time.sleep(0.3)
    assert len(call.receiver.since(silent)) == 0, "before the answer"
    call.ack(call.offer("8", ["a=recvonly"]))
    stream = call.receiver.wait(20, since=silent)
    assert stream.payload_types == [8]


def test_a_hold_that_changes_the_codec_ignores_late_packets(appliance, calling):
    """G04."""
    call = calling(appliance, "moh-default")
    answer = call.invite(call.offer("107 101", [OPUS, EVENT]))
    call.receiver.wait(20)
    response = call.invite(call.offer("8 101", [EVENT]))
    changed = time.time()
    assert 107 not in response.formats
    for n in range(10):
        call.receiver.send(answer.rtp, 107, b"\xf0" + bytes(60), n, n * 960)
        time.sleep(0.02)
    time.sleep(0.5)
    stream = call.receiver.stream
    after = stream.between(changed + 0.02)
    assert after.payload_types == [8]
    assert stream.longest_gap() <= 0.045
    assert {(b.sequence - a.sequence) & 0xFFFF for a, b in zip(stream.packets, stream.packets[1:])} == {1}
    assert call.phone.requests.empty(), "no BYE"


def test_fax_is_refused_and_the_music_goes_on(appliance, calling):
    """G05: no c= but the image stream's."""
    call = calling(appliance, "moh-default")
    call.invite(call.offer("8 101", [EVENT]))
    call.receiver.wait(10)
    address = call.receiver.address
    response = call.invite(
        f"v=0\r\no=- 7001 3 IN IP4 {address}\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 8 101\r\nm=image 4310 udptl t38\r\n"
        f"c=IN IP4 {address}\r\na=T38FaxVersion:1\r\na=T38MaxBitRate:9600\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n")
    assert response.status == 488
    assert response["warning"] and response["warning"].split()[0].isdigit()
    refused = time.time()
    call.receiver.wait(20, since=refused).check(160)
    assert call.invite(call.offer("8 101", [EVENT])).status == 200


def test_the_listeners_numbers_are_used(appliance, calling):
    """G06."""
    call = calling(appliance, "moh-default")
    event = "a=rtpmap:96 telephone-event/48000"
    first = call.invite(call.offer("127 96", ["a=rtpmap:127 opus/48000/2", event]))
    assert first.formats[0] == 127
    assert set(call.receiver.wait(10).payload_types) == {127}
    second = call.invite(call.offer("113 96", ["a=rtpmap:113 opus/48000/2", event]))
    changed = time.time()
    assert second.formats[0] == 113
    assert call.receiver.wait(10, since=changed + 0.02).payload_types == [113]


@pytest.mark.parametrize("lines", [[], ["a=rtpmap:9 G722/8000"], ["a=rtpmap:9 G722/16000"]])
def test_g722_by_any_rtpmap(appliance, calling, lines):
    """G08: 80 octets and +80 each 10 ms."""
    call = calling(appliance, "moh-wide")
    response = call.invite(call.offer("9", [*lines, "a=ptime:10"]))
    assert response.status == 200
    stream = call.receiver.wait(50).check(80)
    assert {len(p.payload) for p in stream.packets} == {80}


def test_telephone_event_at_8000_stays_in_the_answer(appliance, calling):
    """G07."""
    call = calling(appliance, "moh-default")
    response = call.invite(call.offer("102 9 0 101", ["a=rtpmap:102 opus/48000/2", "a=rtpmap:9 G722/8000", EVENT, "a=fmtp:101 0-15"]))
    assert 101 in response.formats


def test_keys_in_a_plain_offer_are_an_invitation(appliance, calling):
    """G12, with SRTP off."""
    call = calling(appliance, "moh-default")
    response = call.invite(call.offer("9 0 101", [EVENT, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"]))
    assert response.status == 200
    assert response.sdp("m=audio ")[0].split()[1] == "RTP/AVP"
    assert not response.sdp("a=crypto")
    call.receiver.wait(10)


@pytest.mark.parametrize("formats, transport, status, code", [
    ("18", "RTP/AVP", 488, "305"), ("0", "RTP/SAVP", 488, "302"), ("96", "RTP/AVP", 488, "305")])
def test_what_cannot_be_done_is_refused_with_a_warning(appliance, calling, formats, transport, status, code):
    call = calling(appliance, "moh-default")
    response = call.invite(call.offer(formats, transport=transport))
    assert response.status == status
    assert response["warning"].startswith(code)


@pytest.mark.parametrize("body", ["hello", "v=0\r\nm=audio x RTP/AVP 0\r\n", "v=0\r\nhello\r\n"])
def test_a_body_that_is_no_description_gets_400(appliance, calling, body):
    call = calling(appliance, "moh-default")
    assert call.invite(body).status in (400, 488)


def test_several_streams_keep_their_places(appliance, calling):
    call = calling(appliance, "moh-default")
    address, port = call.receiver.address, call.receiver.port
    response = call.invite(
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=video 5004 RTP/AVP 99\r\n"
        f"a=rtpmap:99 H264/90000\r\nm=audio {port} RTP/AVP 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n")
    assert response.status == 200
    lines = response.sdp("m=")
    assert [line.split()[0] for line in lines] == ["video", "audio", "application"]
    assert [line.split()[1] == "0" for line in lines] == [True, False, True]
    call.receiver.wait(10)


# MARK: RTCP (G47)


@pytest.mark.parametrize("case", ["plain", "attribute", "mux", "odd"])
def test_rtcp_goes_where_the_phone_wants_it(appliance, calling, case):
    call = calling(appliance, "moh-default", rtcp=case != "attribute")
    if case == "odd":
        call.receiver.close()
        call.receiver = Receiver(appliance.namespace, call.receiver.address, port=29_501)
    elsewhere = Receiver(appliance.namespace, appliance.namespace.address(29), rtcp=False)
    lines = {
        "plain": [], "odd": [],
        "attribute": [f"a=rtcp:{elsewhere.port} IN IP4 {elsewhere.address}"],
        "mux": ["a=rtcp-mux", f"a=rtcp:{call.receiver.port + 1}"],
    }[case]
    response = call.invite(call.offer("0", lines))
    assert ("a=rtcp-mux" in response.body.split()) == (case == "mux")
    assert all(not 64 <= n <= 95 for n in response.formats)
    found = {"plain": call.receiver.reports, "odd": call.receiver.reports, "attribute": elsewhere.muxed_reports, "mux": call.receiver.muxed_reports}[case]
    until(lambda: found, 12, "RTCP")
    report = found[0][1]
    assert report[1] == 200, "a sender report comes first"
    stream = call.receiver.wait(10)
    assert int.from_bytes(report[4:8], "big") == stream.packets[0].ssrc
    if case == "mux":
        assert not call.receiver.reports
    elsewhere.close()
