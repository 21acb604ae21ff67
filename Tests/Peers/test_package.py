"""The Debian package. `packaging/test-package` installs a release; here its contents, from the debug build."""

import os
import pathlib
import subprocess

import pytest

from lab.appliance import binary

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
    assert all(library in depends for library in ("libsndfile1", "libopus0", "libsoxr0", "libspandsp2", "libcurl4")), depends


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
