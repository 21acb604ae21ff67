"""`rtp.packet-ring`: packets that take a way of their own past UDP are good ones, and take the kernel's way
whenever that changes."""

import subprocess

import pytest

from lab import audio
from lab.capture import Capture
from lab.namespace import Namespace, ip
from lab.waiting import until

RING = {"rtp": {"packet-ring": True, "max-streams": 100}}
# Of the phone that stands behind both wires.
BEHIND = "198.51.100.2"
EXPEDITED = 46 << 2


def by_ring(appliance):
    return appliance.metrics()["intermezzo_rtp_ring_packets_total"]


def grows(appliance, packets=50):
    """Waits until so many more packets have left by the ring."""
    start = by_ring(appliance)
    until(lambda: by_ring(appliance) >= start + packets, 15, f"{packets} packets by the ring")


@pytest.fixture
def wires(launch, library):
    """An appliance with two wires to the namespace of its phones."""
    near = Namespace()
    far = Namespace(peer=near, network="198.18.9")
    ip("-n", near.name, "link", "add", "w1", "type", "veth", "peer", "name", "e0", "netns", far.name)
    for name, interface, host in (near.name, "w1", 1), (far.name, "e0", 2):
        ip("-n", name, "addr", "add", f"198.18.10.{host}/24", "dev", interface)
        ip("-n", name, "link", "set", interface, "up")
    for name, interface, host in (near.name, "w0", 1), (far.name, "d0", 2):
        ip("-n", name, "addr", "add", f"2001:db8:9::{host}/64", "dev", interface, "nodad")
    ip("-n", far.name, "route", "add", "2001:db8::/64", "via", "2001:db8:9::1")
    ip("-n", far.name, "addr", "add", f"{BEHIND}/32", "dev", "lo")
    # Answers may come back by the other wire.
    for interface in "all", "d0", "e0":
        far.run(["sysctl", "-qw", f"net.ipv4.conf.{interface}.rp_filter=0"])
    ip("-n", near.name, "route", "add", BEHIND, "via", "198.18.9.2")
    yield near, far, lambda change=RING, **options: launch(library.directory, change, namespace=near, **options)
    far.delete()
    near.delete()


def hear(calling, appliance, far, address, formats="0", lines=()):
    call = calling(appliance, "moh-loop", namespace=far, address=address, rtcp=False)
    assert call.invite(call.offer(formats, lines)).status == 200
    call.ack()
    return call


def lost(stream):
    sequences = [p.sequence for p in stream.packets]
    return ((sequences[-1] - sequences[0]) & 0xFFFF) + 1 - len(set(sequences))


@pytest.mark.parametrize("address", ["198.18.9.2", "2001:db8:9::2"])
def test_music_by_the_ring(wires, library, calling, tmp_path, address):
    near, far, start = wires
    appliance = start()
    own = appliance.address
    if ":" in address:
        own = "2001:db8::10"
        appliance.stop()
        appliance.configuration["sip"]["listen"].append(f"udp:[{own}]:5060")
        appliance.start()
        appliance.address = own
    capture = Capture(near, tmp_path / "pcap", "udp", interface="w0")
    call = hear(calling, appliance, far, address)
    grows(appliance, 150)
    # The receiving kernel has checked the sums of IP and UDP.
    stream = call.receiver.wait(150).check(160)
    assert lost(stream) == 0 and stream.longest_gap() <= 0.06
    assert len({p.source for p in stream.packets}) == 1 and stream.packets[0].source[0] == own
    if "." in address:
        assert {p.tos for p in stream.packets} == {EXPEDITED}
    heard = audio.decode_ulaw(stream.payload)
    assert audio.match(heard[:16000], library.reference("loop", 8000), 8000).snr >= 35
    capture.stop()
    seen = capture.streams(destination_port=call.receiver.port)
    assert sum(map(len, seen.values())) >= 150, "an administrator's tcpdump sees what leaves by the ring"


def test_every_checksum_is_right(wires, calling, tmp_path):
    """Payloads of odd and even length in many packets: Wireshark finds no sum that is wrong."""
    near, far, start = wires
    appliance = start()
    opus = ["a=rtpmap:96 opus/48000/2"]
    calls = [hear(calling, appliance, far, "198.18.9.2", *offer) for offer in (
        ("0", ["a=ptime:10"]), ("8", ["a=ptime:60"]), ("9", ["a=ptime:30"]), ("96", opus), ("96", [*opus, "a=ptime:40"]))]
    grows(appliance, 400)
    capture = Capture(near, tmp_path / "pcap", f"udp and src host {appliance.address}", interface="w0")
    grows(appliance, 600)
    capture.stop()
    for call in calls:
        assert lost(call.receiver.stream) == 0
    listed = subprocess.run(
        ["tshark", "-r", capture.path, "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields",
         *(f"-e{field}" for field in ("udp.dstport", "ip.checksum.status", "udp.checksum.status", "ip.flags.df", "udp.payload"))],
        capture_output=True, text=True, check=True).stdout
    ports = {call.receiver.port for call in calls}
    rows = [line.split("\t") for line in listed.splitlines()]
    # Those of the socket, each 256th, are left to the device to sum up.
    ours = [row[1:4] for row in rows if int(row[0]) in ports and row[4][6:8] != "00"]
    assert len(ours) >= 500
    assert all(row == ["1", "1", "1"] for row in ours), [row for row in ours if row != ["1", "1", "1"]][:3]


def test_the_neighbour_has_another_link_address(wires, calling):
    near, far, start = wires
    appliance = start()
    call = hear(calling, appliance, far, "198.18.9.2")
    grows(appliance)
    far.run(["sysctl", "-qw", "net.ipv4.conf.d0.arp_notify=1"])
    before = len(call.receiver.stream)
    ip("-n", far.name, "link", "set", "d0", "address", "02:00:00:00:09:99")
    call.receiver.wait(before + 100, 15)
    grows(appliance)
    assert lost(call.receiver.stream) <= 3, "what was on its way at the change"


def test_the_route_moves_and_comes_back(wires, calling, tmp_path):
    near, far, start = wires
    appliance = start()
    call = hear(calling, appliance, far, BEHIND)
    grows(appliance)
    for gateway, interface in ("198.18.10.2", "w1"), ("198.18.9.2", "w0"):
        ip("-n", near.name, "route", "replace", BEHIND, "via", gateway)
        grows(appliance)
        capture = Capture(near, tmp_path / f"pcap-{interface}", "udp", interface=interface)
        grows(appliance)
        capture.stop()
        there = capture.streams(destination_port=call.receiver.port)
        assert sum(map(len, there.values())) >= 40, f"music goes by {interface}"
    stream = call.receiver.stream
    assert lost(stream) <= 2 and stream.longest_gap() <= 0.1


def test_a_wire_is_cut(wires, calling):
    """The other route takes over; until the appliance has heard of it the kernel sends."""
    near, far, start = wires
    appliance = start()
    ip("-n", near.name, "route", "add", BEHIND, "via", "198.18.10.2", "metric", "100")
    call = hear(calling, appliance, far, BEHIND)
    grows(appliance)
    ip("-n", near.name, "link", "set", "w0", "down")
    before = len(call.receiver.stream)
    call.receiver.wait(before + 100, 15)
    grows(appliance)
    assert lost(call.receiver.stream) <= 5


def test_a_next_hop_changes_under_its_route(wires, calling, tmp_path):
    """As FRR does it: routes name a next hop by its number, and no route changes."""
    near, far, start = wires
    appliance = start()
    ip("-n", near.name, "nexthop", "add", "id", "7", "via", "198.18.9.2", "dev", "w0")
    ip("-n", near.name, "route", "replace", BEHIND, "nhid", "7")
    call = hear(calling, appliance, far, BEHIND)
    grows(appliance)
    ip("-n", near.name, "nexthop", "replace", "id", "7", "via", "198.18.10.2", "dev", "w1")
    grows(appliance)
    capture = Capture(near, tmp_path / "pcap", "udp", interface="w1")
    grows(appliance)
    capture.stop()
    assert sum(map(len, capture.streams(destination_port=call.receiver.port).values())) >= 40
    assert lost(call.receiver.stream) <= 2


def test_what_stays_on_the_host_and_what_is_long_goes_by_the_socket(wires, library, calling):
    near, far, start = wires
    appliance = start({"media": {"codecs": ["pcmu", "l16/48000"]}, **RING})
    here = calling(appliance, "moh-loop", rtcp=False)
    assert here.invite(here.offer("0")).status == 200
    here.ack()
    here.receiver.wait(100).check(160)
    call = calling(appliance, "moh-loop", namespace=far, address="198.18.9.2", rtcp=False)
    assert call.invite(call.offer("96", ["a=rtpmap:96 L16/48000", "a=ptime:10"])).status == 200
    call.ack()
    call.receiver.wait(200)
    assert by_ring(appliance) == 0


def test_without_the_right_the_socket_sends_and_health_says_so(wires, calling):
    near, far, start = wires
    appliance = start(wrapper=["setpriv", "--inh-caps=-net_raw", "--bounding-set=-net_raw", "--"])
    call = hear(calling, appliance, far, "198.18.9.2")
    call.receiver.wait(100).check(160)
    assert by_ring(appliance) == 0
    code, health = appliance.get("/healthz")
    assert code == 200 and "CAP_NET_RAW" in health


def test_reloaded_mark(wires, calling):
    """A changed code point is on the packets of the ring too."""
    near, far, start = wires
    appliance = start()
    call = hear(calling, appliance, far, "198.18.9.2")
    grows(appliance)
    appliance.configuration["rtp"]["dscp"] = "cs3"
    appliance.write()
    appliance.reload()
    until(lambda: call.receiver.stream.packets[-1].tos == 24 << 2, 10, "packets marked CS3")
    grows(appliance)
    assert {p.tos for p in call.receiver.stream.packets[-40:]} == {24 << 2}
