"""Where the music starts: live for all, at the beginning, or where this caller last stopped."""

import time

import numpy as np
import pytest

from lab import audio


def position(call, library, name="default", packets=100, since=0.0):
    """(arrival time of the first packet, its place in the class's loop in seconds)"""
    stream = call.receiver.wait(packets, 8, since=since)
    heard = audio.decode_ulaw(stream.payload)[: packets * 160]
    match = audio.match(heard, library.reference(name, 8000), 8000)
    assert match.snr > 30, match
    return stream.packets[0].time, match.position


def difference(a, b, length):
    """Between two places of a loop."""
    d = (a - b) % length
    return min(d, length - d)


def test_live_is_one_moment_for_all(appliance, library, calling):
    places = []
    for _ in range(3):
        call = calling(appliance, "moh-default")
        call.invite(call.offer("0"))
        arrival, place = position(call, library)
        places.append((place - arrival) % 8)
    assert max(difference(a, places[0], 8) for a in places) < 0.020, places


def test_live_is_one_moment_in_two_processes(launch, library, calling, appliance):
    """Another process with the same files plays the same instant, with no word between the two."""
    second = launch(library.directory, {"music": {"default-class": "default"}}, namespace=appliance.namespace,
                    address=appliance.namespace.address(26), admin=8081, name="second")
    places = []
    for node in (appliance, second):
        call = calling(node, "moh-default")
        call.invite(call.offer("0"))
        arrival, place = position(call, library)
        places.append((place - arrival) % 8)
    assert difference(*places, 8) < 0.020, places


def test_live_goes_on_where_it_would_be_after_a_restart(launch, library, calling):
    appliance = launch(library.directory)
    places = []
    for _ in range(2):
        call = calling(appliance, "moh-default")
        call.invite(call.offer("0"))
        arrival, place = position(call, library)
        places.append((place - arrival) % 8)
        call.to_tag = None
        appliance.stop()
        appliance.start()
    assert difference(*places, 8) < 0.020, places


def test_beginning_is_the_beginning(appliance, library, calling):
    for _ in range(2):
        call = calling(appliance, "moh-wide")
        call.invite(call.offer("9", ["a=rtpmap:9 G722/8000"]))
        stream = call.receiver.wait(100)
        heard = audio.decode_g722(stream.payload)
        match = audio.match(heard[: 2 * 16000 - 640], library.reference("wide", 16000), 16000)
        assert difference(match.position, 0, 4) < 0.005, match


def test_resume_where_this_caller_stopped(launch, library, calling):
    """Some seconds heard, then held again after a while: it goes on there, within 20 ms; another caller starts afresh."""
    appliance = launch(library.directory, {"music": {"classes": {"default": {"start": "resume", "order": "alphabetical"}}}})
    call = calling(appliance, "moh-default", host=35, user="alice")
    call.invite(call.offer("0"))
    first = call.receiver.wait(150)
    assert call.bye().status == 200
    time.sleep(0.3)
    heard = len(call.receiver.stream) * 0.02
    start = audio.match(audio.decode_ulaw(first.payload)[:16000], library.reference("default", 8000), 8000).position
    time.sleep(1)
    again = calling(appliance, "moh-default", host=35, user="alice")
    again.invite(again.offer("0"))
    _, place = position(again, library)
    assert difference(place, start + heard, 8) < 0.020, (place, start + heard)
    other = calling(appliance, "moh-default", user="bob")
    other.invite(other.offer("0"))
    _, place = position(other, library)
    assert difference(place, 0, 8) < 0.005
