"""The pipeline's behaviour, as tests that users could have written: ``tests/behaviour``, with ``outrider test``."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrider.cli import operator

FILES = sorted((Path(__file__).resolve().parents[1] / "behaviour").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_behaviour(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main(["test", str(path)]) == 0, capsys.readouterr().out
