"""Reload, refusal of a bad configuration, the end, and what an administrator sees."""

import json
import signal
import socket
import time

import pytest

from lab import audio
from lab.baresip import Baresip
from lab.rtp import Receiver
from lab.sip import Call, Phone
from lab.sipp import Sipp
from lab.waiting import until

# RTCP: an empty report, and BYE.
GOODBYE = b"\x80\xc9\x00\x01\x00\x00\x12\x34" + b"\x81\xcb\x00\x01\x00\x00\x12\x34"


def test_reload_applies_changes_and_drops_no_call(launch, library, calling):
    appliance = launch(library.directory, {"music": {"default-class": "default"}})
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.receiver.wait(25)
    appliance.configuration["music"] = {"default-class": "a1000"}
    appliance.write()
    start = appliance.process.log_size()
    appliance.reload()
    appliance.process.wait_log("(?i)reload|applied", 10, start)

    def mapped():
        other = calling(appliance, "moh")
        other.invite(other.offer("0"))
        heard = audio.decode_ulaw(other.receiver.wait(15).payload)
        return abs(audio.dominant(heard, 8000) - 1000) < 5

    until(mapped, 10, "the new class")

    # A faulty one changes nothing and says where.
    appliance.file.write_text(appliance.file.read_text() + "musik: {}\nrtp: 7\n")
    start = appliance.process.log_size()
    appliance.reload()
    appliance.process.wait_log(r"intermezzo\.yaml:\d+:\d+", 10, start)
    assert mapped()
    stream = call.receiver.stream.check(160)
    assert stream.longest_gap() <= 0.060
    assert appliance.process.is_running
    assert call.bye().status == 200


def test_check_finds_every_fault(launch, library, tmp_path):
    appliance = launch(library.directory, start=False)
    appliance.write()
    assert appliance.command("check", "--config", appliance.file).returncode == 0
    bad = tmp_path / "bad.yaml"
    bad.write_text("site: x\nmusik: {}\nrtp: {ports: 5-3, thread: 1}\nsip:\n  listen: [\"udp:1.2.3.4\"]\n")
    out = appliance.command("check", "--config", bad)
    assert out.returncode == 78
    lines = [line for line in out.stderr.splitlines() if line.startswith(f"{bad}:")]
    assert len(lines) >= 4, out.stderr
    assert "music" in out.stderr, "the nearest key"
    assert any(line.startswith(f"{bad}:2:1:") for line in lines)


def test_sigterm_ends_every_call_with_bye(launch, library, calling):
    appliance = launch(library.directory)
    calls = [calling(appliance, "moh-default", transport=t) for t in ("udp", "udp", "tcp")]
    for call in calls:
        call.invite(call.offer("0"))
        call.receiver.wait(5)
    start = time.monotonic()
    appliance.process.signal(signal.SIGTERM)
    for call in calls:
        bye = call.phone.wait_request("BYE", 8)
        assert bye["call-id"] == call.call_id
        call.to_tag = None
    assert appliance.process.wait(15) == 0
    assert time.monotonic() - start < 12


def test_sigterm_does_not_wait_for_a_phone_that_is_gone(launch, library, calling):
    appliance = launch(library.directory)
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.phone.auto_answer = set()
    call.to_tag = None
    appliance.process.signal(signal.SIGTERM)
    assert appliance.process.wait(20) == 0


@pytest.mark.parametrize("listen", ["192.0.2.10", "0.0.0.0", "2001:db8::10", "::"])
def test_sigterm_does_not_wait_where_nobody_listens(launch, library, listen):
    """A BYE that nobody answers takes 32 s; ICMP says at once that nobody is there."""
    six = ":" in listen
    address, phones = ("2001:db8::10", "2001:db8::21") if six else ("192.0.2.10", "192.0.2.31")
    host = f"[{listen}]" if six else listen
    appliance = launch(
        library.directory, {
            "domain": "example.com", "node": {"address": address},
            "sip": {"drain": "60s", "listen": [f"udp:{host}:5060", f"tcp:{host}:5060"]}}, address=address)
    receiver = Receiver(appliance.namespace, phones, family=socket.AF_INET6 if six else socket.AF_INET)
    calls = [Call(Phone(appliance.namespace, phones, server=(address, 5060)), appliance.uri("moh-default"), receiver) for _ in range(20)]
    for call in calls:
        assert call.invite(call.offer("0")).status == 200
    for call in calls:
        call.phone.close()
    appliance.process.signal(signal.SIGTERM)
    assert appliance.process.wait(20) == 0
    assert "can't be reached" in appliance.process.log()
    receiver.close()


def test_a_bye_that_reaches_nobody_ends_at_once(appliance, calling):
    before = appliance.metrics()
    start = appliance.process.log_size()
    call = calling(appliance, "moh-default")
    answer = call.invite(call.offer("0"))
    call.receiver.wait(10)
    call.phone.close()
    call.to_tag = None
    call.receiver.rtcp.sendto(GOODBYE, (answer.rtp[0], answer.rtp[1] + 1))
    line = appliance.process.wait_log(r".*can't be reached.*", 10, start).group(0)
    assert call.call_id in line and f"{call.phone.address}:{call.phone.port}" in line
    ended = 'intermezzo_sip_icmp_errors_total{effect="ended"}'
    after = appliance.metrics()
    assert after[ended] == before[ended] + 1
    assert after["intermezzo_sip_timeouts_total"] == before["intermezzo_sip_timeouts_total"]
    # Who comes after that is served.
    other = calling(appliance, "moh-default")
    assert other.invite(other.offer("0")).status == 200
    assert other.bye().status == 200
    other.to_tag = None


def test_a_bye_to_a_phone_without_power_ends_when_its_neighbours_say_so(appliance, calling):
    """Nobody answers ARP for it: the kernel says so every 3 s, and a moment without an answer is no end."""
    before = appliance.metrics()
    call = calling(appliance, "moh-default")
    call.phone.address = appliance.namespace.address(99)
    answer = call.invite(call.offer("0"))
    call.receiver.wait(10)
    call.to_tag = None
    start = time.monotonic()
    call.receiver.rtcp.sendto(GOODBYE, (answer.rtp[0], answer.rtp[1] + 1))
    ended = 'intermezzo_sip_icmp_errors_total{effect="ended"}'
    until(lambda: appliance.metrics()[ended] == before[ended] + 1, 25, "the end of the BYE")
    assert time.monotonic() - start > 6


def test_metrics_health_and_status(appliance, calling):
    before = appliance.metrics()
    call = calling(appliance, "moh-a440")
    call.invite(call.offer("9"))
    call.receiver.wait(10)
    code, text = appliance.get("/healthz")
    assert code == 200, text
    after = appliance.metrics()

    def total(samples, *words):
        return sum(value for name, value in samples.items() if all(word in name for word in words))

    assert total(after, "requests", "INVITE") >= total(before, "requests", "INVITE") + 1
    assert total(after, "rtp_streams", "a440", "g722") >= 1
    assert total(after, "listeners", "a440") >= 1
    assert total(after, "packets") > total(before, "packets")
    status = appliance.status()
    assert {"name": "a440", "listeners": 1, "tracks": 1, "length": 2.0}.items() <= next(
        c for c in status["classes"] if c["name"] == "a440").items()
    assert status["calls"] >= 1 and not status["failures"]
    out = appliance.command("status", "--config", appliance.file)
    assert out.returncode == 0 and "a440" in out.stdout
    out = appliance.command("status", "--json", "--config", appliance.file)
    assert out.returncode == 0 and json.loads(out.stdout)["node"] == status["node"]


def test_the_log_names_the_call(appliance, calling):
    start = appliance.process.log_size()
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.bye()
    appliance.process.wait_log(call.call_id, 5, start)
    call.to_tag = None


def test_the_log_says_why_a_call_has_no_music(appliance, calling):
    """A description that is refused tells its reason to the operator, not to the caller alone."""
    call = calling(appliance)
    start = appliance.process.log_size()
    assert call.invite(call.offer("3")).status == 488
    line = appliance.process.wait_log(r".*refuses the description.*", 5, start).group(0)
    assert call.call_id in line and "No codec in common" in line


def test_the_test_phone_hears_music(appliance, library, tmp_path):
    recording = tmp_path / "heard.wav"
    out = appliance.command("call", appliance.uri("moh-default"), "--seconds", "3", "--record", recording, "--codec", "pcmu")
    assert out.returncode == 0, out.stdout + out.stderr
    heard, rate = audio.read_wav(recording)
    if heard.ndim > 1:
        heard = heard.mean(axis=1)
    piece = heard[rate // 2: rate // 2 + 2 * rate]
    assert audio.match(piece, library.reference("default", rate), rate).snr > 30
    out = appliance.command("call", appliance.uri("nobody"), "--seconds", "1")
    assert out.returncode != 0


def test_a_redirect_by_policy(launch, library, calling):
    """The address that is called sends callers to the node's own."""
    appliance = launch(
        library.directory,
        {"anycast": {"address": "192.0.2.50"}, "sip": {"redirect": "always", "listen": ["udp:192.0.2.50:5060", "udp:192.0.2.10:5060"]}})
    call = calling(appliance, "moh-default")
    call.phone.server = ("192.0.2.50", 5060)
    call.uri = call.target = "sip:moh-default@192.0.2.50"
    response = call.transact("INVITE", call.offer("0"))
    assert response.status == 302
    assert response.source[0] == "192.0.2.50", "the answer leaves from the address that was called"
    assert "sip:moh-default@192.0.2.10" in response["contact"]
    call.ack_failure(response)


def test_overload_is_503_at_once(launch, library, calling):
    appliance = launch(library.directory, {"rtp": {"max-streams": 3}})
    calls = [calling(appliance, "moh-default") for _ in range(4)]
    answers = []
    for call in calls:
        start = time.monotonic()
        answers.append(call.invite(call.offer("0")))
        assert time.monotonic() - start < 1
    assert [a.status for a in answers] == [200, 200, 200, 503]
    assert int(answers[3]["retry-after"]) > 0


def test_dead_listeners_are_noticed(appliance, calling):
    """A port that nobody listens at any more: the call is ended by us."""
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.receiver.wait(10)
    call.receiver.close()
    call.phone.wait_request("BYE", 40)
    call.to_tag = None


def test_a_goodbye_by_rtcp_ends_the_call(appliance, calling):
    call = calling(appliance, "moh-default")
    answer = call.invite(call.offer("0"))
    call.receiver.wait(10)
    call.receiver.rtcp.sendto(GOODBYE, (answer.rtp[0], answer.rtp[1] + 1))
    call.phone.wait_request("BYE", 10)
    call.to_tag = None
