"""The Debian package, of the debug build: what is in it, and its service under systemd in a copy of this host."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from lab.appliance import binary
from lab.host import Host
from lab.waiting import until

# One host for all of them.
pytestmark = pytest.mark.xdist_group("package")
REPOSITORY = pathlib.Path(__file__).parents[2]


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    out = tmp_path_factory.mktemp("package")
    # A debug build is large: compressing it would take most of the time.
    environment = {**os.environ, "DPKG_DEB_COMPRESSOR_TYPE": "none"}
    return pathlib.Path(run(REPOSITORY / "packaging/make-package", binary(), out, env=environment).strip())


def test_the_package_is_listed_whole(package):
    paths = {line.split(None, 5)[5].removeprefix(".") for line in run("dpkg-deb", "--contents", package).splitlines()}
    expected = {"/usr/bin/intermezzo", "/lib/systemd/system/intermezzo.service", "/etc/intermezzo/intermezzo.yaml",
                "/usr/share/doc/intermezzo/README.md", "/usr/share/doc/intermezzo/CHANGELOG.md", "/usr/share/doc/intermezzo/copyright"}
    assert expected <= paths
    for directory, installed in (("Media", "/usr/share/intermezzo/Media"), ("docs", "/usr/share/doc/intermezzo/docs")):
        for file in (REPOSITORY / directory).rglob("*"):
            if file.is_file():
                assert f"{installed}/{file.relative_to(REPOSITORY / directory)}" in paths
    fields = run("dpkg-deb", "--field", package)
    assert "Package: intermezzo\n" in fields
    depends = next(line for line in fields.splitlines() if line.startswith("Depends:"))
    assert all(library in depends for library in ("libsndfile1", "libopus0", "libsoxr0", "libspandsp2", "libcurl4", "libidn2-0")), depends


def test_its_binary_runs_from_an_extracted_root(package, tmp_path):
    run("dpkg-deb", "--extract", package, tmp_path)
    assert "USAGE: intermezzo" in run(tmp_path / "usr/bin/intermezzo", "--help")
    run(tmp_path / "usr/bin/intermezzo", "check", "--config", tmp_path / "etc/intermezzo/intermezzo.yaml", cwd=tmp_path)


def test_systemd_takes_the_unit(package, tmp_path):
    """The capabilities are what SCHED_FIFO, locked memory and ports below 1024 need, and no more."""
    run("dpkg-deb", "--extract", package, tmp_path)
    unit = tmp_path / "lib/systemd/system/intermezzo.service"
    lines = unit.read_text().splitlines()
    # The programs that it names have to be there.
    unit.write_text(unit.read_text().replace("/usr/bin/intermezzo", str(tmp_path / "usr/bin/intermezzo")))
    run("systemd-analyze", "verify", "--man=no", unit)
    wanted = "CAP_SYS_NICE CAP_IPC_LOCK CAP_NET_BIND_SERVICE"
    assert f"AmbientCapabilities={wanted}" in lines and f"CapabilityBoundingSet={wanted}" in lines
    exposure = run("systemd-analyze", "security", "--offline=true", "--threshold=25", unit)
    assert "OK" in exposure.splitlines()[-1]


@pytest.fixture(scope="module")
def host(package):
    """A host with the package installed as an administrator does it."""
    host = Host()
    yield host
    host.delete()


def traces(host):
    """Files with its name, and its account."""
    found = host.run("find", "/etc", "/usr", "/lib", "/var", "/opt", "/srv", "-xdev", "-name", "*intermezzo*",
                     "-not", "-path", "/var/lib/dpkg/*").stdout
    accounts = [line for file in ("passwd", "group") for line in host.path(f"/etc/{file}").read_text().splitlines() if "intermezzo" in line]
    return sorted(found.split() + accounts)


@pytest.fixture(scope="module")
def installed(host, package):
    before = traces(host)
    with open(package, "rb") as source, open(host.path("/tmp/intermezzo.deb"), "wb") as target:
        shutil.copyfileobj(source, target)
    host.run("dpkg", "--install", "/tmp/intermezzo.deb")
    host.run("sox", "-n", "-r", "48000", "/tmp/tone.wav", "synth", "5", "sine", "500", "gain", "-10")
    host.run("install", "-D", "--owner=intermezzo", "/tmp/tone.wav", "/var/lib/intermezzo/Media/tone/tone.wav")
    until(lambda: any(one["name"] == "tone" and one["tracks"] for one in status(host)["classes"]), 30, "the class")
    return before


def is_active(host):
    """To be asked after `main_process`: systemd may not have noticed yet that the last one is gone."""
    return host.unit("intermezzo", "ActiveState", "SubState") == {"ActiveState": "active", "SubState": "running"}


def main_process(host):
    return int(host.unit("intermezzo", "MainPID")["MainPID"])


def hears(host):
    """Music has pauses, so that one second of it may be silent: a class without any is listened to."""
    return host.run("intermezzo", "call", "sip:moh-tone@127.0.0.1", "--seconds", "1")


def status(host):
    return json.loads(host.run("intermezzo", "status", "--json").stdout)


def test_installing_starts_the_service_as_its_user(host, installed):
    assert is_active(host), host.journal("intermezzo")
    assert host.run("systemctl", "is-enabled", "intermezzo").stdout.strip() == "enabled"
    assert host.run("stat", "--format=%U:%a", "/var/lib/intermezzo").stdout.strip() == "intermezzo:750"
    assert host.run("stat", "--format=%U:%G:%a", "/etc/intermezzo").stdout.strip() == "root:intermezzo:750"
    assert host.run("ps", "-o", "user:32=", "-p", main_process(host)).stdout.strip() == "intermezzo"
    hears(host)


def test_its_sending_threads_are_real_time_under_the_unit(host, installed):
    """AmbientCapabilities and LimitRTPRIO are enough, and health agrees."""
    hears(host)
    classes = host.run("ps", "-L", "-o", "cls=,rtprio=", "-p", main_process(host)).stdout.split("\n")
    assert any(line.split() == ["FF", "50"] for line in classes), classes
    assert "real-time" not in host.run("curl", "--silent", "http://127.0.0.1:8080/healthz").stdout


def test_the_journal_has_the_call_id_as_a_field(host, installed):
    hears(host)
    entries = host.run("journalctl", "--no-pager", "--output=json", "--unit=intermezzo").stdout.splitlines()
    assert any("CALL_ID" in json.loads(entry) for entry in entries), entries[-3:]


def test_a_reload_under_systemd_keeps_the_calls(host, installed):
    process = main_process(host)
    call = host.start("intermezzo", "call", "sip:moh@127.0.0.1", "--seconds", "3")
    until(lambda: status(host)["calls"] == 1, 10, "a call")
    host.run("systemctl", "reload", "intermezzo")
    out, _ = call.communicate(timeout=30)
    assert call.returncode == 0, out
    assert main_process(host) == process and is_active(host)


def test_a_killed_daemon_is_started_again(host, installed):
    process = main_process(host)
    host.run("kill", "-KILL", process)
    until(lambda: main_process(host) != process and is_active(host), 30, "another process")
    hears(host)


def test_a_daemon_that_hangs_is_started_again(host, installed):
    """The watchdog, with its times shortened by a drop-in. A stopped process takes no SIGABRT, only SIGKILL after that."""
    drop = host.path("/etc/systemd/system/intermezzo.service.d")
    drop.mkdir(parents=True)
    (drop / "watchdog.conf").write_text("[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\n")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "restart", "intermezzo")
    process = main_process(host)
    host.run("kill", "-STOP", process)
    until(lambda: main_process(host) != process and is_active(host), 60, "another process")
    hears(host)
    shutil.rmtree(drop)
    host.run("systemctl", "daemon-reload")


def test_a_faulty_configuration_is_said_and_not_tried_again(host, installed):
    configuration = host.path("/etc/intermezzo/intermezzo.yaml")
    text = configuration.read_text()
    configuration.write_text(text.replace("redirect: never", "redirect: perhaps"))
    assert host.run("systemctl", "restart", "intermezzo", check=False).returncode != 0
    assert re.search(r"intermezzo\.yaml:\d+:\d+: .*perhaps", host.journal("intermezzo")), host.journal("intermezzo")
    assert host.unit("intermezzo", "ActiveState") == {"ActiveState": "failed"}
    configuration.write_text(text)
    host.run("systemctl", "restart", "intermezzo")
    hears(host)


def test_the_packet_ring_needs_the_drop_in_of_the_manual(host, installed):
    configuration = host.path("/etc/intermezzo/intermezzo.yaml")
    text = configuration.read_text()
    manual = (REPOSITORY / "docs/operation.md").read_text()
    section = manual[manual.index("## Packet ring"):]
    drop_in = re.search(r"(?:      .*\n)+", section).group().replace("      ", "")
    assert drop_in.startswith("[Service]")
    alarms = []
    configuration.write_text(text.replace("packet-ring: false", "packet-ring: true"))
    drop = host.path("/etc/systemd/system/intermezzo.service.d")
    for content in "", drop_in:
        drop.mkdir(parents=True, exist_ok=True)
        (drop / "ring.conf").write_text(content)
        host.run("systemctl", "daemon-reload")
        host.run("systemctl", "restart", "intermezzo")
        hears(host)
        alarms.append(host.run("curl", "--silent", "http://127.0.0.1:8080/healthz").stdout)
    assert "CAP_NET_RAW" in alarms[0] and "CAP_NET_RAW" not in alarms[1], alarms
    configuration.write_text(text)
    shutil.rmtree(drop)
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "restart", "intermezzo")


def test_stopping_ends_calls_and_succeeds(host, installed):
    call = host.start("intermezzo", "call", "sip:moh@127.0.0.1", "--seconds", "30")
    until(lambda: status(host)["calls"] == 1, 10, "a call")
    host.run("systemctl", "stop", "intermezzo")
    call.communicate(timeout=20)
    assert host.unit("intermezzo", "Result", "ExecMainStatus") == {"Result": "success", "ExecMainStatus": "0"}
    host.run("systemctl", "start", "intermezzo")


def test_purging_leaves_nothing_behind(host, installed):
    """The last of these tests."""
    host.run("dpkg", "--remove", "intermezzo")
    assert host.path("/etc/intermezzo/intermezzo.yaml").exists(), "removal takes no configuration"
    host.run("dpkg", "--purge", "intermezzo")
    assert traces(host) == installed
