"""The metrics, as Prometheus's own client reads them."""

import json
import re
import struct

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lab.waiting import until


def families(appliance):
    code, text = appliance.get("/metrics")
    assert code == 200, text
    return text, list(text_string_to_metric_families(text))


def test_the_client_reads_every_family(appliance, calling):
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.receiver.wait(5)
    text, found = families(appliance)
    names = [family.name for family in found]
    assert len(names) == len(set(names)), "each family once"
    told = re.findall(r"^# TYPE (\S+) (\S+)", text, re.MULTILINE)
    assert len(told) == len(found)
    for family in found:
        assert family.name.startswith("intermezzo_")
        assert family.documentation and family.type in ("gauge", "counter", "histogram"), family
        labels = [tuple(sorted(sample.labels.items())) + (sample.name,) for sample in family.samples]
        assert len(labels) == len(set(labels)), f"{family.name} has a sample twice"
        if family.type == "counter":
            assert all(sample.value >= 0 for sample in family.samples)
    values = {family.name: family for family in found}
    assert any(sample.labels == {"class": "default"} and sample.value >= 1 for sample in values["intermezzo_listeners"].samples)


def test_histograms_add_up(appliance):
    _, found = families(appliance)
    histograms = [family for family in found if family.type == "histogram"]
    assert histograms
    for family in histograms:
        buckets = [s for s in family.samples if s.name.endswith("_bucket")]
        edges = [float(s.labels["le"]) for s in buckets]
        counts = [s.value for s in buckets]
        assert edges == sorted(edges) and edges[-1] == float("inf")
        assert counts == sorted(counts)
        (count,) = [s.value for s in family.samples if s.name.endswith("_count")]
        assert count == counts[-1]


def test_counters_only_grow(appliance, calling):
    def counters():
        _, found = families(appliance)
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in found if family.type == "counter" for sample in family.samples}

    before = counters()
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.receiver.wait(5)
    after = counters()
    assert all(after[key] >= value for key, value in before.items())
    assert sum(after.values()) > sum(before.values())


def samples(appliance, name, **labels):
    """The values of the samples named so that carry these labels; the client adds _total to every counter's name."""
    _, found = families(appliance)
    return [sample.value for family in found for sample in family.samples
            if sample.name in (f"intermezzo_{name}", f"intermezzo_{name}_total") and labels.items() <= sample.labels.items()]


def test_streams_by_class_codec_and_kind(appliance, calling):
    labels = {"class": "a1000", "codec": "pcma", "kind": "live"}
    assert sum(samples(appliance, "rtp_streams", **labels)) == 0
    call = calling(appliance, "moh-a1000")
    call.invite(call.offer("8"))
    call.receiver.wait(10)
    until(lambda: samples(appliance, "rtp_streams", **labels) == [1], 5, "the stream")
    assert samples(appliance, "listeners", **{"class": "a1000"}) == [1]
    packets, octets = (sum(samples(appliance, f"rtp_{what}_total", **labels)) for what in ("packets", "octets"))
    assert packets >= 10 and octets >= 1600
    assert call.bye().status == 200
    until(lambda: sum(samples(appliance, "rtp_streams", **labels)) == 0, 5, "its end")
    assert sum(samples(appliance, "rtp_packets_total", **labels)) >= packets, "what was sent stays counted"


@pytest.mark.parametrize("lines", [[], ["a=rtcp-mux"]])
def test_listeners_loss_and_jitter_come_from_their_reports(appliance, calling, lines):
    """RFC 3550 §6.4.1: a quarter lost, and jitter of 80 units of 8 kHz, which is 10 ms. With mux they come to the port of
    RTP and are no sound there (G47)."""
    names = ("listener_reports_total", "listener_lost_fraction_sum", "listener_jitter_seconds_sum")

    def told():
        return [sum(samples(appliance, name, **{"class": "a440"})) for name in names]

    call = calling(appliance, "moh-a440")
    answer = call.invite(call.offer("0", lines))
    assert ("a=rtcp-mux" in answer.body) == bool(lines)
    ssrc = call.receiver.wait(5).packets[0].ssrc
    before, sound = told(), samples(appliance, "rtp_received_total")
    report = struct.pack("!BBHIIIIIII", 0x81, 201, 7, 77, ssrc, 64 << 24, 1000, 80, 0, 0)
    host, port = answer.rtp
    if lines:
        call.receiver.rtp.sendto(report, (host, port))
    else:
        call.receiver.rtcp.sendto(report, (host, port + 1))
    until(lambda: told()[0] == before[0] + 1, 5, "the report")
    assert samples(appliance, "rtp_received_total") == sound
    _, lost, jitter = (b - a for a, b in zip(before, told()))
    assert abs(lost - 0.25) < 0.001 and abs(jitter - 0.01) < 0.0001


def test_sip_by_method_and_code(appliance, calling):
    def told():
        return [sum(samples(appliance, name, **labels)) for name, labels in (
            ("sip_requests_received_total", {"method": "INVITE"}), ("sip_responses_sent_total", {"method": "INVITE", "code": "200"}),
            ("sip_requests_received_total", {"method": "BYE"}), ("sip_responses_sent_total", {"method": "BYE", "code": "200"}),
            ("sip_refusals_total", {"code": "488"}), ("sip_repeated_requests_total", {}))]

    before = told()
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.receiver.wait(5)
    bye = call.text("BYE")
    for _ in range(2):
        call.phone.send(bye)
        call.phone.wait_response((call.cseq, "BYE"), call_id=call.call_id)
    call.to_tag = None
    refused = calling(appliance, "moh-default")
    assert refused.invite(refused.offer("18", ["a=rtpmap:18 G729/8000"])).status == 488
    grown = [b - a for a, b in zip(before, told())]
    assert grown == [2, 1, 2, 2, 1, 1], "what comes again counts again, and as a repeat"


def test_messages_sent_again_are_counted(appliance, calling):
    """A refusal that nobody acknowledges is sent again after T1 (RFC 3261 §17.2.1)."""
    before = sum(samples(appliance, "sip_retransmissions_total"))
    call = calling(appliance, "moh-default")
    response = call.transact("INVITE", call.offer("18", ["a=rtpmap:18 G729/8000"]))
    assert response.status == 488
    until(lambda: sum(samples(appliance, "sip_retransmissions_total")) > before, 5, "the second 488")
    call.ack_failure(response)


def test_status_tells_what_plays_now(appliance, calling):
    call = calling(appliance, "moh-a440")
    call.invite(call.offer("0"))
    call.receiver.wait(5)
    told = json.loads(appliance.command("status", "--json", "--config", appliance.file).stdout)
    played = next(c for c in told["classes"] if c["name"] == "a440")
    assert played["listeners"] >= 1 and played["tracks"] == 1
    assert "track" in played["title"] and 0 <= played["position"] < played["titleLength"] == 2
    assert told["calls"] >= 1 and told["streams"] >= 1
    assert any(file["path"].endswith("a440/track.wav") for file in told["files"])
