"""Outrider's image as ``make image`` builds it without a registry, and what its containers need."""

from __future__ import annotations

import fcntl
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.helpers import wait_for
from tests.integration.server.conftest import Server

ROOT = Path(__file__).resolve().parents[3]
BUSYBOX = Path("/bin/busybox")


def docker(*words: str | Path) -> str:
    """What a command of Docker prints; what it says on standard error is in the failure."""
    done = subprocess.run(["docker", *map(str, words)], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"docker {' '.join(map(str, words))}: {done.stderr}"
    return done.stdout.strip()


class Containers:
    """Containers, volumes and images of one test, gone after it."""

    def __init__(self) -> None:
        self.name = f"outrider-test-{uuid.uuid4().hex[:12]}"
        self.names: list[str] = []
        self.images: list[str] = []

    def run(self, name: str, *words: str | Path) -> str:
        """Start a container in the background; its name."""
        full = f"{self.name}-{name}"
        self.names.append(full)
        docker("run", "--detach", "--name", full, *words)
        return full

    def image(self, name: str, dockerfile: str, folder: Path) -> str:
        """Build an image from the files of a folder."""
        tag = f"{self.name}-{name}"
        self.images.append(tag)
        (folder / "Dockerfile").write_text(dockerfile)
        docker("build", "--quiet", "--tag", tag, folder)
        return tag

    def health(self, name: str) -> str:
        return docker("inspect", "--format", "{{.State.Health.Status}}", name)

    def wait_healthy(self, name: str) -> None:
        wait_for(lambda: self.health(name) == "healthy", lambda: self.log(name))

    def log(self, name: str) -> str:
        """What a container has printed, and what its health checks said."""
        done = subprocess.run(["docker", "logs", name], capture_output=True, text=True, check=False, timeout=60)
        state = docker("inspect", "--format", "{{json .State}}", name)
        return f"{done.stdout}{done.stderr}\n{state}"

    def remove(self) -> None:
        made = {"rm -fv": self.names, "volume rm -f": [f"{self.name}-state"], "rmi": self.images}
        for command, names in made.items():
            if names:
                subprocess.run(["docker", *command.split(), *names], capture_output=True, check=False, timeout=120)


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image's name. Workers of one run share it: the first one builds."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with open(folder / "image.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "image.made"
        if not made.exists():
            subprocess.run([ROOT / "tools" / "image" / "build", "outrider:tested", "local"], check=True, timeout=600)
            made.touch()
    return "outrider:tested"


@pytest.fixture
def containers() -> Iterator[Containers]:
    made = Containers()
    yield made
    made.remove()


@pytest.fixture(scope="session")
def busybox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image with busybox alone."""
    folder = tmp_path_factory.mktemp("busybox")
    name = f"outrider-test-busybox-{uuid.uuid4().hex[:12]}"
    (folder / "Dockerfile").write_text('FROM scratch\nCOPY busybox /bin/sh\nENTRYPOINT ["/bin/sh", "-c"]\n')
    (folder / "busybox").write_bytes(BUSYBOX.read_bytes())
    (folder / "busybox").chmod(0o755)
    docker("build", "--quiet", "--tag", name, folder)
    yield name
    subprocess.run(["docker", "rmi", name], capture_output=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server") / "data")
    yield made
    made.stop()


def logs(server: Server, text: str) -> list[dict[str, Any]]:
    """The stored records whose message has ``text``."""
    found: dict[str, Any] = server.call("/api/v1/logs", q=f'"{text}"', limit="1000")
    return list(found["records"])
