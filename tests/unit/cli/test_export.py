from __future__ import annotations

from pathlib import Path

import pytest

from outrider.cli.operator import main


def test_one_file_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "docker-run", "--set", "name=shop"]) == 0
    assert "--name shop-agent" in capsys.readouterr().out


def test_a_key_that_the_kind_does_not_use_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "docker-run", "--set", "cluster=x"]) == 2
    assert "docker-run does not use it" in capsys.readouterr().err


def test_faults_of_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["export", "docker-run", "--set", "name"]) == 2
    assert "KEY=VALUE" in capsys.readouterr().err
    assert main(["export", "docker-run", "--from", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().err
    assert main(["export", "docker-rum"]) == 2
    capsys.readouterr()


def test_help_has_keys_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "docker-run", "--help"]) == 0
    told = capsys.readouterr().out
    assert "memory_reservation" in told
    assert "Example: outrider export docker-run" in told
