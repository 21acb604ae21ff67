"""Every codec, heard by plain sockets, sipp, baresip and linphone: the right music, at the right level."""

import numpy as np
import pytest

from lab import audio
from lab.baresip import Baresip
from lab.capture import Capture
from lab.linphone import Linphone
from lab.sipp import Sipp

# formats and attributes of the offer, codec, rate, timestamp step of a packet (20 ms, or what fits a packet), least SNR in dB
CODECS = {
    "PCMU": ("0", [], "PCMU", 8000, 160, 35),
    "PCMA": ("8", [], "PCMA", 8000, 160, 35),
    "G722": ("9", ["a=rtpmap:9 G722/8000"], "G722", 16000, 160, 18),
    "opus": ("107", ["a=rtpmap:107 opus/48000/2"], "opus", 48000, 960, 12),
    "opus stereo": ("107", ["a=rtpmap:107 opus/48000/2", "a=fmtp:107 stereo=1"], "opus", 48000, 960, 12),
    "L16 8000": ("97", ["a=rtpmap:97 L16/8000"], "L16", 8000, 160, 45),
    "L16 16000": ("98", ["a=rtpmap:98 L16/16000"], "L16", 16000, 320, 45),
    "L16 44100": ("11", [], "L16", 44100, 441, 45),
    "L16 48000": ("99", ["a=rtpmap:99 L16/48000"], "L16", 48000, 480, 45),
}


@pytest.mark.parametrize("name", CODECS)
def test_sockets_hear_the_source(appliance, library, calling, name):
    formats, lines, codec, rate, step, least = CODECS[name]
    call = calling(appliance, "moh-default")
    answer = call.invite(call.offer(formats, lines))
    assert answer.status == 200
    assert answer.formats == [int(formats)]
    stream = call.receiver.wait(150, 8)
    stream.check(step)
    assert stream.packets[0].marker
    assert not any(p.marker for p in stream.packets[1:])
    channels = 2 if "stereo" in name else 1
    heard, rate = audio.decode(stream, codec, rate, channels)
    if channels == 2:
        assert stream.packets[0].payload[0] & 4, "the TOC says stereo"
        heard = heard.mean(axis=1)
    # An Opus decoder begins in silence and with a delay.
    heard = heard[len(heard) // 10:]
    match = audio.match(heard, library.reference("default", rate), rate)
    assert match.snr >= least, match
    assert match.gain > 0, "polarity"


def test_loudness_is_the_configured_one(appliance, calling):
    for formats, lines, codec, rate, _, _ in (CODECS["PCMU"], CODECS["G722"], CODECS["opus"]):
        call = calling(appliance, "moh-default")
        call.invite(call.offer(formats, lines))
        heard, rate = audio.decode(call.receiver.wait(200, 8), codec, rate)
        assert audio.loudness(heard[rate // 10:], rate) == pytest.approx(-23, abs=0.5), codec


@pytest.mark.parametrize("name, low, high", [("PCMU", 350, 3000), ("G722", 150, 6000), ("opus", 150, 6000)])
def test_frequency_response_is_flat_in_band(appliance, library, calling, name, low, high):
    """The spectrum against the source's in third octaves: within 1 dB."""
    formats, lines, codec, rate, _, _ = CODECS[name]
    source = "default" if name == "PCMU" else "wide"
    call = calling(appliance, f"moh-{source}")
    call.invite(call.offer(formats, lines))
    heard, rate = audio.decode(call.receiver.wait(210, 8), codec, rate)
    heard = heard[rate // 10:]
    match = audio.match(heard, library.reference(source, rate), rate)
    reference = np.roll(np.tile(library.reference(source, rate), 3), -int(match.position * rate))[: len(heard)] * match.gain
    frequencies = np.fft.rfftfreq(len(heard), 1 / rate)
    a, b = np.abs(np.fft.rfft(heard)) ** 2, np.abs(np.fft.rfft(reference)) ** 2
    centre = low * 1.2
    while centre * 1.13 < high:
        band = (frequencies > centre / 1.12) & (frequencies < centre * 1.12)
        difference = 10 * np.log10(a[band].sum() / b[band].sum())
        assert abs(difference) < 1, f"{difference:.2f} dB at {centre:.0f} Hz"
        centre *= 1.26


@pytest.mark.parametrize("milliseconds", [10, 20, 30, 40, 60])
@pytest.mark.parametrize("name", ["PCMU", "G722", "opus", "L16 8000"])
def test_packet_times(appliance, calling, name, milliseconds):
    """Step of the timestamp = samples of the payload = step of the clock, for each codec and packet time (G08)."""
    formats, lines, codec, rate, step, _ = CODECS[name]
    call = calling(appliance, "moh-default")
    answer = call.invite(call.offer(formats, [*lines, f"a=ptime:{milliseconds}"]))
    assert f"a=ptime:{milliseconds}" in answer.body
    stream = call.receiver.wait(1200 // milliseconds, 8).check(step * milliseconds // 20)
    heard, rate = audio.decode(stream, codec, rate)
    assert len(heard) == len(stream) * rate * milliseconds // 1000
    assert np.median(stream.spacing) == pytest.approx(milliseconds / 1000, abs=0.001)


def test_l16_never_asks_for_more_than_a_packet_holds(appliance, library, calling):
    """20 ms at 48 kHz are 1920 octets: who asks for them is told of 10 ms, and gets them."""
    call = calling(appliance, "moh-default")
    answer = call.invite(call.offer("99", ["a=rtpmap:99 L16/48000", "a=ptime:20"]))
    assert "a=ptime:10" in answer.body
    assert {len(p.payload) for p in call.receiver.wait(100, 8).check(480).packets} == {960}


def test_a_packet_over_the_path_mtu_goes_in_fragments(launch, library, calling):
    """A tunnel on the way: the kernel learns of it, and the music goes on."""
    appliance = launch(library.directory)
    appliance.namespace.run(["ip", "link", "set", "lo", "mtu", "1000"], check=True)
    call = calling(appliance, "moh-default", host=30)
    answer = call.invite(call.offer("98", ["a=rtpmap:98 L16/16000", "a=ptime:40"]))
    assert "a=ptime:40" in answer.body
    heard, rate = audio.decode(call.receiver.wait(50, 8).check(640), "L16", 16000)
    assert audio.match(heard, library.reference("default", rate), rate).snr >= 45


def test_sipp_hears_each_g711(appliance, library, tmp_path):
    capture = Capture(appliance.namespace, tmp_path / "rtp.pcap", "udp and portrange 17000-17011")
    runs = [
        ("PCMU", Sipp(appliance.namespace, tmp_path, appliance.namespace.address(21), appliance.server, "moh-default", calls=3,
                      formats="0", lines=["a=rtpmap:0 PCMU/8000"], media_port=17000, port=5090, name="u")),
        ("PCMA", Sipp(appliance.namespace, tmp_path, appliance.namespace.address(22), appliance.server, "moh-default", calls=3,
                      formats="8", lines=["a=rtpmap:8 PCMA/8000"], media_port=17010, port=5092, transport="t1", name="a")),
    ]
    for _, sipp in runs:
        assert sipp.wait() == 0, sipp.process.log()[-2000:]
    capture.stop()
    for codec, sipp in runs:
        streams = capture.streams(sipp.media_port, source=appliance.address)
        assert len(streams) == 3
        for stream in streams.values():
            heard, rate = audio.decode(stream.check(160), codec)
            assert audio.match(heard[:16000], library.reference("default", rate), rate).snr >= 35


def test_sipp_hears_over_ipv6(launch, library, tmp_path):
    address = "2001:db8::10"
    appliance = launch(library.directory, {
        "node": {"address": address}, "domain": "pbx.example.com",
        "sip": {"listen": [f"udp:[{address}]:5060", f"tcp:[{address}]:5060"]}})
    capture = Capture(appliance.namespace, tmp_path / "rtp.pcap", "udp and portrange 17000-17011")
    sipp = Sipp(appliance.namespace, tmp_path, "2001:db8::21", (address, 5060), "moh-default", calls=3)
    assert sipp.wait() == 0, sipp.process.log()[-2000:]
    streams = capture.stop().streams(sipp.media_port, source=address)
    assert len(streams) == 3
    for stream in streams.values():
        heard, rate = audio.decode(stream.check(160), "PCMU")
        assert audio.match(heard[:16000], library.reference("default", rate), rate).snr >= 35


@pytest.mark.parametrize("codec, channels, rate, least", [
    ("pcmu", 1, 8000, 33), ("pcma", 1, 8000, 33), ("g722", 1, 16000, 18), ("opus/48000/2", 1, 48000, 12),
    ("opus/48000/2", 2, 48000, 12), ("l16/8000/1", 1, 8000, 40), ("l16/16000/1", 1, 16000, 40),
    ("l16/44100/1", 1, 44100, 40), ("l16/48000/1", 1, 48000, 40)])
def test_baresip_hears(appliance, library, tmp_path, codec, channels, rate, least):
    phone = Baresip(appliance.namespace, tmp_path, appliance.namespace.address(23), codecs=codec, channels=channels,
                    source="aubridge,none")
    try:
        phone.dial(appliance.uri("moh-default"))
        phone.process.wait_log(r"Set audio decoder")
        appliance.namespace.run(["sleep", "3.2"])
        phone.hang_up()
        phone.wait_event("CALL_CLOSED")
    finally:
        phone.stop()
    heard, recorded = audio.read_wav(phone.recording())
    if heard.ndim > 1:
        heard = heard.mean(axis=1)
    assert recorded == rate
    assert len(heard) / recorded > 2.5
    heard = heard[recorded // 2: recorded // 2 + 2 * recorded]
    match = audio.match(heard, library.reference("default", recorded), recorded)
    assert match.snr >= least, match


@pytest.mark.parametrize("codec", ["PCMU", "PCMA", "G722", "opus"])
def test_linphone_hears(appliance, library, tmp_path, codec):
    """linphone's recording passes its own mixer and resampler: it is judged by likeness."""
    phone = Linphone(appliance.namespace, tmp_path, appliance.namespace.address(20), codec=codec)
    try:
        phone.dial(appliance.uri("moh-default"))
        appliance.namespace.run(["sleep", "4"])
        phone.hang_up()
    finally:
        phone.stop()
    heard, rate = audio.read_wav(phone.heard)
    if heard.ndim > 1:
        heard = heard.mean(axis=1)
    piece = heard[int(1.5 * rate): int(2.5 * rate)]
    match = audio.match(piece, library.reference("default", rate), rate)
    assert match.correlation > 0.9, match
