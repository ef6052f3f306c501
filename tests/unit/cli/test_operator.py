"""Wrong words on the command line: what is wrong, what is near, status 2, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from outrider.cli import operator


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["demo", "--onec"], "--once"),
        (["task", "protcet", "x"], "Did you mean 'protect'"),
        (["task", "protect"], "Missing argument 'TASKDEF'"),
        (["server", "run", "--heartbeat", "0"], "Invalid value for '--heartbeat'"),
        ([], "Usage: outrider"),
        (["task", "protect", "/nonexistent.json"], "/nonexistent.json"),
    ],
)
def test_usage_errors(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main(arguments) == 2
    shown = capsys.readouterr()
    assert text in shown.err + shown.out
    assert "Traceback" not in shown.err + shown.out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("outrider ")


def test_names_that_the_terminal_does_not_have_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "task.json"
    path.write_text('{"family": "x", "containerDefinitions": [{"name": "\u65e5\u672c", "image": "x:1"}]}', "utf-8")
    command = [sys.executable, "-c", "from outrider.cli import main; raise SystemExit(main())", "task", "lint", path]
    environment = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"the name '\\u65e5\\u672c'" in done.stdout
    assert b"Traceback" not in done.stderr
