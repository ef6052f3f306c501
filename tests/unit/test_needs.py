"""Tests that need something of the machine are skipped with a remedy, and fail where they must run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
TESTS = """
import pytest

@pytest.mark.docker
def test_docker(): pass

@pytest.mark.golden
def test_golden(): pass

@pytest.mark.chromium
def test_chromium(): pass

def test_plain(): pass
"""


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    tests = folder / "tests"
    tests.mkdir()
    (tests / "conftest.py").write_text(CONFTEST.read_text("utf-8"), "utf-8")
    (tests / "test_it.py").write_text(TESTS, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  docker:\n  golden:\n  chromium:\n", "utf-8")
    env = {"PATH": str(folder / "empty"), "DOCKER_HOST": f"unix://{folder}/none.sock", **environment}
    command = [sys.executable, "-m", "pytest", "-rsE", "-p", "no:cacheprovider", str(tests)]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_skip_says_how_to_get_it(tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    folder.mkdir()
    done = run(folder)
    assert done.returncode == 0
    assert "1 passed, 3 skipped" in done.stdout
    for remedy in ("apt-get install docker.io; dockerd &", "apt-get install chromium", f"folder at {tmp_path}/shared"):
        assert remedy in done.stdout


def test_required_fails_instead(tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    folder.mkdir()
    done = run(folder, OUTRIDER_REQUIRE="docker, chromium")
    assert done.returncode == 1
    assert "1 passed, 1 skipped, 2 errors" in done.stdout
    assert "OUTRIDER_REQUIRE names docker" in done.stdout


def test_present_runs(tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    folder.mkdir()
    (tmp_path / "shared").mkdir()
    (folder / "bin").mkdir()
    (folder / "bin" / "chromium").touch(0o755)
    done = run(folder, PATH=str(folder / "bin"), OUTRIDER_REQUIRE="golden,chromium")
    assert "3 passed, 1 skipped" in done.stdout


def test_unknown_name_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    folder.mkdir()
    done = run(folder, OUTRIDER_REQUIRE="dokcer")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "names dokcer; allowed: docker, compose, root, chromium, compiler, golden, helm" in done.stderr + done.stdout
