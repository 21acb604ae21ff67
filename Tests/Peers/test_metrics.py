"""The metrics, as Prometheus's own client reads them."""

import re

from prometheus_client.parser import text_string_to_metric_families


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
