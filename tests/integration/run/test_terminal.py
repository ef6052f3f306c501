"""What containers print, where it is shown on a terminal and where it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

OUTRIDER = Path(sys.executable).with_name("outrider")
PRINTED = r"printf '\033]0;pwned\007\033[2Jhello\n'; exit 3"


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    definition = {
        "family": "t",
        "containerDefinitions": [{"name": "app", "image": "x", "command": ["sh", "-c", PRINTED]}],
    }
    (tmp_path / "task.json").write_text(json.dumps(definition))
    return [str(OUTRIDER), "task", "run", "--backend", "process", "--show-output", str(tmp_path / "task.json")]


def test_a_container_does_not_steer_the_terminal(words: list[str]) -> None:
    terminal, stderr = os.openpty()
    with open(terminal, "rb", buffering=0) as screen:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=stderr, timeout=60, check=False)
        os.close(stderr)
        seen = screen.read(65536)
    assert done.returncode == 3
    assert "app | \ufffd]0;pwned\ufffd\ufffd[2Jhello" in seen.decode()
    assert "    \ufffd]0;pwned\ufffd\ufffd[2Jhello" in done.stdout.decode()
    assert b"\x1b" not in seen + done.stdout


def test_bytes_stay_in_a_pipe(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    assert b"app | \x1b]0;pwned\x07\x1b[2Jhello\n" in done.stderr
    assert b"\x1b" not in done.stdout
