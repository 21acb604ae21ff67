"""`rtp.packet-ring`: packets that take a way of their own past UDP are good ones, and take the kernel's way
whenever that changes."""

import contextlib
import re
import socket
import subprocess

import pytest

from lab import audio, cgroup
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
    tap = near.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    tap.bind(("w0", 0))
    call = hear(calling, appliance, far, address)
    grows(appliance, 150)
    tap.setblocking(False)
    marked = set()
    with contextlib.suppress(BlockingIOError), tap:
        while True:
            octets, (_, protocol, kind, *_) = tap.recvfrom(2048)
            if kind == socket.PACKET_OUTGOING and protocol in (0x0800, 0x86DD):
                marked.add((protocol, octets[0] >> 4))
    assert marked and marked <= {(0x0800, 4), (0x86DD, 6)}, "what queues and filters of the device go by"
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


def test_the_better_wire_comes_back(wires, calling, tmp_path):
    """Of a route that a device makes good again when it has its carrier back Linux says nothing."""
    near, far, start = wires
    near.run(["sysctl", "-qw", "net.ipv4.conf.w0.ignore_routes_with_linkdown=1", "net.ipv6.conf.w0.disable_ipv6=1"])
    ip("-n", near.name, "route", "add", BEHIND, "via", "198.18.10.2", "metric", "100")
    ip("-n", far.name, "route", "replace", "default", "via", "198.18.10.1")
    appliance = start()
    ip("-n", far.name, "link", "set", "d0", "down")
    call = hear(calling, appliance, far, BEHIND)
    grows(appliance)
    ip("-n", far.name, "link", "set", "d0", "up")
    until(lambda: "w0" in near.run(["ip", "route", "get", BEHIND]).stdout, 5, "the kernel's own change")
    sent_by(near, "w0", call, appliance, tmp_path)


def sent_by(near, interface, call, appliance, tmp_path):
    """That the ring's packets leave by the interface."""
    grows(appliance)
    capture = Capture(near, tmp_path / f"pcap-{interface}", "udp", interface=interface)
    grows(appliance)
    capture.stop()
    assert sum(map(len, capture.streams(destination_port=call.receiver.port).values())) >= 40


def test_ways_of_equal_cost(wires, calling, tmp_path):
    """The kernel chooses by ports too: each call keeps to one wire, whether ring or socket sends."""
    near, far, start = wires
    near.run(["sysctl", "-qw", "net.ipv4.fib_multipath_hash_policy=1"])
    ip("-n", near.name, "route", "replace", BEHIND, "nexthop", "via", "198.18.9.2", "nexthop", "via", "198.18.10.2")
    appliance = start()
    captures = [Capture(near, tmp_path / f"pcap-{interface}", "udp", interface=interface) for interface in ("w0", "w1")]
    calls = [hear(calling, appliance, far, BEHIND) for _ in range(24)]
    grows(appliance, 1200)
    ports = {call.receiver.port for call in calls}
    first, second = ({destination[1] for _, _, destination, _ in capture.stop().datagrams()} & ports for capture in captures)
    assert first | second == ports and not first & second
    assert first and second


@pytest.mark.parametrize("rule", [
    ["ipproto", "udp", "sport", "1024-65534"], ["dport", "1024-65534"], ["tos", "0x10", "from", "192.0.2.10"]])
def test_rules_that_look_at_more_than_addresses(wires, calling, tmp_path, rule):
    near, far, start = wires
    ip("-n", near.name, "route", "add", BEHIND, "via", "198.18.10.2", "table", "7")
    ip("-n", near.name, "rule", "add", *rule, "lookup", "7")
    appliance = start({"rtp": {**RING["rtp"], "dscp": 4}} if "tos" in rule else RING)
    call = hear(calling, appliance, far, BEHIND)
    sent_by(near, "w1", call, appliance, tmp_path)


def test_sockets_that_are_bound_to_a_device(wires, calling, tmp_path):
    """As BindNetworkInterface of systemd and `ip vrf exec` do, in a VRF for one."""
    near, far, start = wires
    ip("-n", near.name, "route", "add", BEHIND, "via", "198.18.10.2", "metric", "100")
    ip("-n", far.name, "route", "replace", "default", "via", "198.18.10.1")
    with cgroup.that_binds_sockets(near, "w1") as wrapper:
        appliance = start(wrapper=wrapper)
        call = hear(calling, appliance, far, BEHIND)
        sent_by(near, "w1", call, appliance, tmp_path)


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


def test_without_a_word_from_the_kernel_the_socket_sends_and_health_says_so(wires, calling, tmp_path):
    """No AF_NETLINK, as by RestrictAddressFamilies."""
    near, far, start = wires
    source = tmp_path / "deaf.c"
    source.write_text("""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <sys/socket.h>
        int socket(int family, int type, int protocol) {
            if (family == AF_NETLINK && (type & 15) == SOCK_RAW && protocol == 0) { errno = EAFNOSUPPORT; return -1; }
            return ((int (*)(int, int, int))dlsym(RTLD_NEXT, "socket"))(family, type, protocol);
        }""")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", source.with_suffix(".so"), source], check=True)
    appliance = start(wrapper=["env", f"LD_PRELOAD={source.with_suffix('.so')}"])
    call = hear(calling, appliance, far, "198.18.9.2")
    call.receiver.wait(100).check(160)
    assert by_ring(appliance) == 0
    code, health = appliance.get("/healthz")
    assert code == 200 and "AF_NETLINK" in health


def test_the_ring_may_hold_more_than_the_systems_usual_limit(wires, library):
    """By CAP_NET_ADMIN, as the sockets."""
    near, far, start = wires
    start()
    held = re.findall(r"skmem:\(.*?tb(\d+)", near.run(["ss", "-0", "--memory", "--numeric"]).stdout)
    assert held and all(int(octets) == 16 << 20 for octets in held), held


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
