"""The doctor inside of real containers: what it says of limits, capabilities, users and read-only file systems."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docker
ROOT = Path(__file__).resolve().parents[3]
MAIN = "import sys; from outrider.cli import main; sys.exit(main())"
Doctor = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image with nothing but folders."""
    name, archive = f"outrider-doctor-{uuid.uuid4().hex[:12]}", tmp_path_factory.mktemp("image") / "image.tar"
    with tarfile.open(archive, "w") as made:
        for folder in ("tmp", "var/run", "run"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
            made.addfile(entry)
    subprocess.run(["docker", "import", str(archive), name], capture_output=True, check=True, timeout=120)
    yield name
    subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True, check=True, timeout=120)


@pytest.fixture
def doctor(image: str) -> Doctor:
    """Run it in a container that borrows this machine's Python; the lines by check."""
    folders = {"/usr", "/lib", "/lib64", "/bin", sys.prefix, sys.base_prefix, str(ROOT / "src")}
    mounts = [word for path in sorted(folders) if Path(path).exists() for word in ("-v", f"{path}:{path}:ro")]

    def run(*options: str) -> dict[str, dict[str, str]]:
        command = ["docker", "run", "--rm", "--network", "none", *mounts, "-e", f"PYTHONPATH={ROOT / 'src'}", *options]
        words = [*command, image, sys.executable, "-c", MAIN, "doctor", "--json"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode in (0, 1), done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return {line["check"]: line for line in found}

    return run


def test_memory_and_open_files(doctor: Doctor) -> None:
    lines = doctor("--memory", "120m", "--ulimit", "nofile=500")
    assert lines["memory"]["what"].startswith("the container has 120 MiB, and 128")
    assert (lines["memory"]["level"], lines["open-files"]["level"]) == ("warn", "warn")
    lines = doctor("--memory", "512m", "--ulimit", "nofile=4096")
    assert (lines["memory"]["level"], lines["open-files"]["level"]) == ("ok", "ok")


def test_capabilities(doctor: Doctor) -> None:
    low = (
        "-e",
        "OUTRIDER_SYSLOG_PORT=514",
        "--sysctl",
        "net.ipv4.ip_unprivileged_port_start=1024",
        "--cap-drop",
        "ALL",
    )
    lines = doctor(*low)
    assert lines["capabilities"]["level"] == "fail"
    assert "NET_BIND_SERVICE" in lines["capabilities"]["fix"]
    lines = doctor(*low, "--cap-add", "NET_BIND_SERVICE")
    assert lines["capabilities"]["level"] == "ok"
    assert "NET_ADMIN and NET_RAW" in lines["capabilities"]["what"]


def test_a_read_only_root_and_a_state_directory_that_is_not_ours(doctor: Doctor, tmp_path: Path) -> None:
    lines = doctor("--read-only", "--tmpfs", "/tmp", "-e", "OUTRIDER_TOKEN=x")
    assert lines["file-system"]["level"] == "ok"
    assert "read-only" in lines["file-system"]["what"]
    assert "Read-only file system" in lines["state-directory"]["what"]
    assert lines["state-directory"]["level"] == "fail"
    (tmp_path / "state").mkdir(mode=0o755)
    lines = doctor("--cap-drop", "ALL", "--user", "4711", "-v", f"{tmp_path / 'state'}:/var/lib/outrider")
    assert lines["user"]["level"] == "warn"
    assert lines["state-directory"]["level"] == "fail"


def test_no_way_out(doctor: Doctor) -> None:
    lines = doctor("-e", "OUTRIDER_SERVER=https://10.1.2.3:8444", "-e", "OUTRIDER_TOKEN=x")
    assert "Network is unreachable" in lines["server-connection"]["what"]
    assert "token" in lines["token"]["what"]
    assert lines["server-answer"]["level"] == "skipped"
