"""The launcher as one file, and images that have nothing but it and a router."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
VOLUME = "/var/alertlogic/lib/fluent-bit"
ROUTER = "/fluent-bit/bin/fluent-bit"


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The executable, as ``make launcher`` builds it."""
    path = tmp_path_factory.mktemp("launcher") / "fluent-launch"
    subprocess.run([ROOT / "tools" / "launcher" / "build", sys.executable, path], check=True)
    return path


@pytest.fixture(scope="session")
def router(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A router that needs nothing either."""
    path = tmp_path_factory.mktemp("router") / "fluent-bit"
    subprocess.run(["gcc", "-static", "-o", path, Path(__file__).with_name("router.c")], check=True)
    return path


class Containers:
    """An agent's container, which has the launcher in its volume, and the router's image."""

    def __init__(self, launcher: Path, router: Path, folder: Path) -> None:
        self.name = f"outrider-launcher-{uuid.uuid4().hex[:12]}"
        self.folder = folder
        self._import("agent", {f"{VOLUME[1:]}/fluent-launch": launcher}, "--change", f"VOLUME {VOLUME}")
        self._import("router", {ROUTER[1:]: router})
        self._docker("create", "--name", self.name, f"{self.name}-agent", f"{VOLUME}/fluent-launch")

    def _import(self, name: str, files: dict[str, Path], *options: str) -> None:
        archive = self.folder / f"{name}.tar"
        with tarfile.open(archive, "w") as made:
            for path, file in files.items():
                made.add(file, path)
        self._docker("import", *options, str(archive), f"{self.name}-{name}")

    def _docker(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["docker", *words], capture_output=True, text=True, check=True, timeout=120)

    def run(self, config: Path, *words: str, options: tuple[str, ...] = (), volume: str = "") -> list[str]:
        """Start the router's container as ECS does; what it prints, standard error after standard output."""
        mounts = ["--volumes-from", self.name + volume, "-v", f"{config}:/fluent-bit/etc:ro"]
        command = ["run", "--rm", "--network", "none", *mounts, *options]
        done = self._docker(*command, "--entrypoint", f"{VOLUME}/fluent-launch", f"{self.name}-router", *words)
        return [*done.stdout.splitlines(), *done.stderr.splitlines()]

    def remove(self) -> None:
        """Remove everything that was made."""
        for words in (["rm", "-fv", self.name], ["rmi", f"{self.name}-agent", f"{self.name}-router"]):
            subprocess.run(["docker", *words], capture_output=True, check=False, timeout=120)


@pytest.fixture(scope="session")
def containers(launcher: Path, router: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """Two images made from scratch: no Python, no shell, no C library."""
    made = Containers(launcher, router, tmp_path_factory.mktemp("images"))
    yield made
    made.remove()
