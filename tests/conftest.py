"""What some tests need of the machine: a test that misses it is skipped and says how to get it.

Where ``OUTRIDER_REQUIRE`` names what it needs (``docker,compose,root,chromium,compiler,golden,helm``) the same test
is an error instead.
"""

from __future__ import annotations

import functools
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RECORDED = ROOT.parent / "shared"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REQUIRE = "OUTRIDER_REQUIRE"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background jobs have it so, and hand it down
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _docker() -> str:
    address = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    path = address.removeprefix("unix://")
    if path != address:
        with socket.socket(socket.AF_UNIX) as daemon:
            daemon.settimeout(5)
            try:
                daemon.connect(path)
                daemon.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
                answer = daemon.recv(64)
            except OSError as error:
                answer = str(error).encode()
        if b" 200 " in answer:
            return ""
    return f"needs a Docker daemon, none answers at {address}; to run it: apt-get install docker.io; dockerd &"


def _compose() -> str:
    if shutil.which("docker-compose"):
        return ""
    if shutil.which("docker"):
        done = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if done.returncode == 0:
            return ""
    return "needs Docker Compose; to run it: apt-get install docker-compose"


def _root() -> str:
    return "" if os.geteuid() == 0 else "needs root; to run it: sudo make test"


def _chromium() -> str:
    if any(shutil.which(name) for name in BROWSERS):
        return ""
    return "needs Chromium; to run it: apt-get install chromium"


def _compiler() -> str:
    if shutil.which("gcc") and glob.glob("/usr/lib/python3.*/config-*/libpython3.*.a"):
        return ""
    return "needs gcc and Debian's static libpython; to run it: sudo make launcher, which installs them"


def find_helm() -> str | None:
    """Helm's executable: that of ``make helm``, else one that is installed, of version 4."""
    return shutil.which("helm", path=str(Path(sys.executable).parent)) or shutil.which("helm")


def _helm() -> str:
    return "" if find_helm() else "needs Helm; to run it: make helm"


def _golden() -> str:
    if RECORDED.is_dir():
        return ""
    return f"needs the recorded reference cases; to run it: put their folder at {RECORDED}"


MISSING: dict[str, Callable[[], str]] = {
    "docker": functools.cache(_docker),
    "compose": functools.cache(_compose),
    "root": functools.cache(_root),
    "chromium": functools.cache(_chromium),
    "compiler": functools.cache(_compiler),
    "golden": functools.cache(_golden),
    "helm": functools.cache(_helm),
}


def required() -> frozenset[str]:
    """What may not be missing: the comma-separated names in ``OUTRIDER_REQUIRE``."""
    return frozenset(filter(None, os.environ.get(REQUIRE, "").replace(" ", "").split(",")))


def pytest_configure(config: pytest.Config) -> None:
    unknown = required() - MISSING.keys()
    if unknown:
        raise pytest.UsageError(f"{REQUIRE} names {', '.join(sorted(unknown))}; allowed: {', '.join(MISSING)}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for name, missing in MISSING.items():
        if item.get_closest_marker(name) and (why := missing()):
            if name in required():
                pytest.fail(f"{why} ({REQUIRE} names {name})", pytrace=False)
            pytest.skip(why)


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory whose path is short enough for unix sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="or-", ignore_cleanup_errors=True) as name:
        yield Path(name)
