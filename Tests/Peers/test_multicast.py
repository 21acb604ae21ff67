"""One steady stream per group, whoever listens; a standby takes over without a seam."""

import socket
import struct
import time

import numpy as np
import pytest

from lab import audio
from lab.namespace import Namespace
from lab.process import Process
from lab.rtp import Receiver
from lab.waiting import until

GROUP, PORT = "239.192.1.10", 4000


def join(namespace, interface_address, group=GROUP, port=PORT):
    receiver = Receiver.__new__(Receiver)
    original = Receiver._bind
    try:
        Receiver._bind = classmethod(lambda cls, n, a, p, f: original.__func__(cls, n, group, port, f))
        receiver.__init__(namespace, interface_address, port=port, rtcp=False)
    finally:
        Receiver._bind = original
    receiver.rtp.setsockopt(
        socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(interface_address))
    return receiver


@pytest.fixture
def wire(launch, library):
    """An appliance whose class `loop` goes to a group, over a wire to another namespace."""
    near = Namespace()
    far = Namespace(peer=near, network="198.18.9")
    change = {"music": {"classes": {"loop": {"order": "alphabetical", "multicast": {"group": GROUP, "port": PORT, "ttl": 8, "codec": "pcmu", "interface": "w0"}}}}, "multicast": {"networks": ["192.0.2.0/24"]}}
    appliance = launch(library.directory, change, namespace=near)
    yield appliance, far
    appliance.stop()
    far.delete()
    near.delete()


def test_heard_in_another_namespace(wire, library):
    appliance, far = wire
    receiver = join(far, "198.18.9.2")
    stream = receiver.wait(150, 8).check(160)
    heard = audio.decode_ulaw(stream.payload)
    assert audio.match(heard[:16000], library.reference("loop", 8000), 8000).snr >= 35
    assert {p.source[0] for p in stream.packets} == {appliance.address}, "the node's own address, by the interface named"
    assert stream.longest_gap() <= 0.06
    receiver.close()


def test_two_codecs_of_a_class_are_two_groups(launch, library):
    """G46: an SSRC of its own for each, +160 in 20 ms for both, and the same moment of the music in both."""
    near = Namespace()
    far = Namespace(peer=near, network="198.18.9")
    common = {"ttl": 8, "interface": "w0"}
    groups = [{"group": GROUP, "port": PORT, "codec": "pcmu", **common},
              {"group": GROUP, "port": PORT + 2, "codec": "g722", **common}]
    appliance = launch(library.directory, {"music": {"classes": {"default": {"multicast": groups}}}}, namespace=near)
    receivers = [join(far, "198.18.9.2", port=group["port"]) for group in groups]
    try:
        narrow, wide = (receiver.wait(150, 8).check(160) for receiver in receivers)
        assert {p.payload_type for p in narrow.packets} == {0}
        assert {p.payload_type for p in wide.packets} == {9}
        assert narrow.packets[0].ssrc != wide.packets[0].ssrc
        moments = []
        for stream, codec, least in ((narrow, "PCMU", 35), (wide, "G722", 18)):
            heard, rate = audio.decode(stream, codec)
            match = audio.match(heard[rate // 10:][:2 * rate], library.reference("default", rate), rate)
            assert match.snr >= least, (codec, match)
            moments.append(match.position - stream.packets[0].time)
            assert {p.source[0] for p in stream.packets} == {appliance.address}
            assert stream.longest_gap() <= 0.06
        length = len(library.signals["default"]) / 48000
        apart = min((moments[0] - moments[1]) % length, (moments[1] - moments[0]) % length)
        assert apart <= 0.02
    finally:
        for receiver in receivers:
            receiver.close()
        appliance.stop()
        far.delete()
        near.delete()


def test_a_standby_takes_over_without_a_seam(wire, library, launch):
    """Same SSRC, sequence and timestamp from the clock alone: lost packets and nothing else."""
    appliance, far = wire
    second = launch(
        library.directory, {"music": appliance.configuration["music"], "domain": appliance.configuration["domain"]}, namespace=appliance.namespace,
        address=appliance.namespace.address(26), admin=8081, name="second")
    receiver = join(far, "198.18.9.2")
    receiver.wait(100, 8).check(160)
    appliance.process.popen.kill()
    killed = time.time()
    receiver.wait(100, 10, since=killed + 0.1)
    stream = receiver.stream
    assert len({p.ssrc for p in stream.packets}) == 1
    first = stream.packets[0]
    for p in stream.packets:
        steps = (p.sequence - first.sequence) & 0xFFFF
        assert (p.timestamp - first.timestamp) & 0xFFFFFFFF == steps * 160
        assert p.time - first.time == pytest.approx(steps * 0.02, abs=0.06)
    assert stream.longest_gap() < 3
    assert second.process.is_running
    receiver.close()


def test_the_stream_stops_within_a_second_when_the_class_goes(wire):
    appliance, far = wire
    receiver = join(far, "198.18.9.2")
    receiver.wait(20, 8)
    appliance.configuration["music"]["classes"]["loop"].pop("multicast")
    appliance.write()
    reloaded = time.time()
    appliance.reload()
    until(lambda: time.time() - receiver.stream.packets[-1].time > 0.5, 5, "silence")
    assert receiver.stream.packets[-1].time - reloaded < 1
    receiver.close()


def test_tracks_files_and_reloads_leave_the_stream_as_it_is(launch, tmp_path):
    """G46: one SSRC, one sequence, +160 all the while. The node has two interfaces and no default route."""
    media = tmp_path / "media"
    (media / "lobby").mkdir(parents=True)
    for name, frequency in (("a", 500), ("b", 800), ("c", 1100)):
        audio.write_wav(media / "lobby" / f"{name}.wav", audio.tone(frequency, 1.01), 48000)
    near = Namespace()
    far = Namespace(peer=near, network="198.18.9")
    near.run(["ip", "route", "del", "default"], check=True)
    group = {"group": GROUP, "port": PORT, "codec": "pcmu", "ttl": 8, "interface": "w0"}
    classes = {"lobby": {"order": "alphabetical", "multicast": group}}
    appliance = launch(media, {"music": {"default-class": "lobby", "classes": classes}}, namespace=near)
    receiver = join(far, "198.18.9.2")

    def hears(frequency):
        last = receiver.stream.packets[-12:]
        return len(last) == 12 and abs(audio.dominant(audio.decode_ulaw(b"".join(p.payload for p in last)), 8000) - frequency) < 10

    try:
        for frequency in (500, 800, 1100):
            until(lambda: hears(frequency), 10, f"{frequency} Hz")
        audio.write_wav(media / "lobby" / "d.wav", audio.tone(1400, 1.01), 48000)
        until(lambda: hears(1400), 20, "the new file")
        appliance.configuration["log"] = {"level": "debug"}
        appliance.write()
        start = appliance.process.log_size()
        appliance.reload()
        appliance.process.wait_log("configuration applied", 10, start)
        count = len(receiver.stream)
        assert receiver.wait(count + 60, 5).check(160).longest_gap() <= 0.06
    finally:
        receiver.close()
        appliance.stop()
        far.delete()
        near.delete()


def test_a_phone_that_asks_for_the_group_gets_it(wire, calling):
    appliance, far = wire
    call = calling(appliance, "moh-loop")
    body = call.offer("0", ["a=recvonly"], address=GROUP, port=PORT).replace(f"IP4 {GROUP}\r\nt=", f"IP4 {GROUP}/8\r\nt=")
    response = call.invite(body)
    assert response.status == 200
    assert response.rtp == (GROUP, PORT)
    assert response.direction == "recvonly"
    time.sleep(0.5)
    assert len(call.receiver.stream) == 0


IP_RECVTTL = 12


def hops_left(namespace, interface_address, group, port, seconds):
    """The TTL of the first packet to the group; None when none comes."""
    sock = namespace.socket()
    sock.bind((group, port))
    sock.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    sock.setsockopt(
        socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(interface_address))
    sock.settimeout(seconds)
    try:
        _, ancillary, _, _ = sock.recvmsg(2048, 64)
        return next(struct.unpack("i", data)[0] for level, kind, data in ancillary if kind == socket.IP_TTL)
    except TimeoutError:
        return None
    finally:
        sock.close()


def test_heard_across_a_router(launch, library, tmp_path):
    """Static multicast routes, as LAB.md proved them; the TTL decides how far a class goes."""
    near = Namespace()
    router = Namespace(peer=near, network="198.18.9")
    far = Namespace(peer=router, network="198.18.10")
    router.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
    configuration = tmp_path / "smcroute.conf"
    configuration.write_text("phyint d0 enable\nphyint w0 enable\nmroute from d0 group 239.0.0.0/8 to w0\n")
    daemon = Process(router, [
        "smcrouted", "-n", "-N", "-I", router.name, "-f", configuration, "-P", tmp_path / "smcroute.pid", "-u", tmp_path / "smcroute.sock",
    ], tmp_path / "smcroute.log")
    local = "239.192.1.12"
    try:
        until(lambda: "w0" in router.run(["cat", "/proc/net/ip_mr_vif"]).stdout, 10, "the router's interfaces")
        multicast = {"port": PORT, "codec": "pcmu", "interface": "w0"}
        appliance = launch(library.directory, {"music": {"classes": {
            "loop": {"order": "alphabetical", "multicast": {"group": GROUP, "ttl": 8, **multicast}},
            "wide": {"multicast": {"group": local, "ttl": 1, **multicast}}}}}, namespace=near)
        receiver = join(far, "198.18.10.2")
        stream = receiver.wait(150, 10).check(160)
        heard = audio.decode_ulaw(stream.payload)
        assert audio.match(heard[:16000], library.reference("loop", 8000), 8000).snr >= 35
        assert {p.source[0] for p in stream.packets} == {appliance.address}
        assert stream.longest_gap() <= 0.06
        receiver.close()
        assert hops_left(far, "198.18.10.2", GROUP, PORT, 5) == 7, "one hop less than the eight that were set"
        assert hops_left(router, "198.18.9.2", local, PORT, 5) == 1, "heard on the wire"
        assert hops_left(far, "198.18.10.2", local, PORT, 1) is None, "and not beyond it"
        appliance.stop()
    finally:
        daemon.stop()
        for namespace in (far, router, near):
            namespace.delete()
