"""Fixtures. A worker of pytest has one namespace with one appliance in it; tests that change or stop an
appliance make their own with `launch`, in a namespace of its own."""

import functools
import itertools
import os
import pathlib
import shutil
import socket
import sys

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lab import audio  # noqa: E402
from lab.appliance import Intermezzo  # noqa: E402
from lab.deposit import start_office  # noqa: E402
from lab.mail import ScriptedServer  # noqa: E402
from lab.mailnode import MailNode  # noqa: E402
from lab.namespace import Namespace, sweep  # noqa: E402
from lab.rtp import Receiver, Talker  # noqa: E402
from lab.sip import Call, Phone  # noqa: E402


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("network namespaces need root", 1)
    if not hasattr(config, "workerinput"):
        sweep()


# What the classes play: every name is used by a test.
NOISE_SECONDS = 8
LOOP_SECONDS = 1.5
WIDE_SECONDS = 4
TONES = {"a440": 440, "a1000": 1000}


class Library:
    """The media directory and the signals in it, at 48 kHz."""

    def __init__(self, directory):
        self.directory = directory
        self.signals = {
            "default": audio.seamless_noise(NOISE_SECONDS, seed=1),
            "loop": audio.seamless_noise(LOOP_SECONDS, seed=2),
            "wide": audio.seamless_noise(WIDE_SECONDS, low=100, high=6500, seed=3),
        }
        for name, frequency in TONES.items():
            self.signals[name] = audio.tone(frequency, 2)
        for name, samples in self.signals.items():
            (directory / name).mkdir(parents=True)
            audio.write_wav(directory / name / "track.wav", samples, 48000)

    def reference(self, name, rate):
        """The signal at another rate, as it sounds when it goes round: its end is heard before its beginning."""
        samples = self.signals[name]
        length = len(samples) * rate // 48000
        return audio.resample(np.tile(samples, 3), 48000, rate)[length: 2 * length]


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return Library(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="session")
def namespace():
    made = Namespace()
    yield made
    made.delete()


CLASSES = {
    "default": {"start": "live"},
    "loop": {"order": "alphabetical", "start": "beginning"},
    "wide": {"start": "beginning"},
    "a440": {"start": "live"},
    "a1000": {"start": "live"},
}


@pytest.fixture(scope="session")
def appliance(namespace, library, tmp_path_factory):
    made = Intermezzo(
        namespace, tmp_path_factory.mktemp("appliance"), library.directory,
        change={
            "media": {"codecs": ["opus", "g722", "pcmu", "pcma", "l16", "l16/44100", "l16/48000"]},
            "music": {"default-class": "default", "classes": CLASSES}})
    yield made
    made.stop()


@pytest.fixture
def launch(tmp_path):
    """Starts an appliance of the test's own: `launch(media, change={...})`, in a new namespace unless one is given."""
    made, namespaces = [], []

    def start(media, change=None, namespace=None, **options):
        if namespace is None:
            namespace = Namespace()
            namespaces.append(namespace)
        appliance = Intermezzo(namespace, tmp_path, media, change=change, **options)
        made.append(appliance)
        return appliance

    yield start
    for appliance in made:
        appliance.stop()
    for namespace in namespaces:
        namespace.delete()


@pytest.fixture
def office(launch, library):
    """Starts an appliance with mailboxes: `office({"voicemail": {...}})`."""
    return functools.partial(start_office, launch, library)


@pytest.fixture
def network():
    """A namespace of the test's own."""
    made = Namespace()
    yield made
    made.delete()


@pytest.fixture
def node(network, tmp_path):
    """`node(mail={...})` makes an appliance that delivers; it isn't started."""
    made = []

    def make(mail=None, **options):
        made.append(MailNode(network, tmp_path, mail, name=f"node{len(made)}", **options))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def server(network):
    """`server(script, ...)` makes a scripted mail server on port 2500."""
    made = []

    def make(script=None, port=2500, **options):
        made.append(ScriptedServer(network, port, script, **options))
        return made[-1]

    yield make
    for one in made:
        if not one.closed:
            one.close()


hosts = itertools.cycle(range(30, 60))


@pytest.fixture
def calling(request):
    """Makes a caller with its own address: `calling(appliance, "moh-loop")` returns a Call that isn't sent yet."""
    made = []

    def make(appliance, dialled="moh", host=None, transport="udp", rtcp=True, address=None, namespace=None, **options):
        namespace = namespace or appliance.namespace
        address = address or namespace.address(host or next(hosts))
        phone = Phone(namespace, address, transport=transport, server=appliance.server)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        receiver = Receiver(namespace, address, family=family, rtcp=rtcp)
        call = Call(phone, appliance.uri(dialled), receiver, **options)
        made.append(call)
        return call

    yield make
    for call in made:
        if call.to_tag:
            try:
                call.phone.send(call.text("BYE"))
            except OSError:
                pass
        call.phone.close()
        call.receiver.close()


@pytest.fixture
def talking():
    """Starts a Talker that ends with the test."""
    made = []

    def start(*arguments, **options):
        made.append(Talker(*arguments, **options))
        return made[-1]

    yield start
    for talker in made:
        talker.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Puts the end of each appliance's log under a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for value in item.funcargs.values():
            if isinstance(value, Intermezzo) and value.process:
                report.sections.append(("appliance log", value.process.log()[-4000:]))
