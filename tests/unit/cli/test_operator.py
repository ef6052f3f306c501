"""Wrong words on the command line: what is wrong, what is near, status 2, and never a traceback."""

from __future__ import annotations

import pytest

from outrider.cli import operator


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["demo", "--onec"], "--once"),
        (["task", "protcet", "x"], "Did you mean 'protect'"),
        (["task", "protect"], "Missing argument 'TASKDEF.json'"),
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
