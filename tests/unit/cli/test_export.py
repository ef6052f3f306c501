from __future__ import annotations

from pathlib import Path

import pytest

from outrider.cli.operator import main
from outrider.export.registry import KINDS


def test_one_file_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "docker-run", "--set", "name=shop"]) == 0
    assert "--name shop-agent" in capsys.readouterr().out


def test_a_key_that_the_kind_does_not_use_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "docker-run", "--set", "cluster=x"]) == 2
    assert "docker-run does not use it" in capsys.readouterr().err


def test_a_file_may_have_keys_of_other_kinds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "description.yaml"
    file.write_text("name: shop\ncluster: x\n")
    assert main(["export", "docker-run", "--from", str(file)]) == 0
    assert "--name shop-agent" in capsys.readouterr().out


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


def test_the_kinds_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(KINDS)
    assert "image           The Dockerfile of Outrider's image, for agent and router" in lines


@pytest.mark.parametrize("name", KINDS)
def test_the_example_of_each_kind_works(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["export", name, "--help"]) == 0
    example = " ".join(capsys.readouterr().out.split("Example: ")[1].partition("Options:")[0].split())
    words = example.removeprefix("outrider ").replace("deploy/", f"{tmp_path}/").split()
    assert words[:2] == ["export", name]
    assert main(words) == 0
    assert any(tmp_path.rglob("*"))
