"""``outrider task protect --style``."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from outrider.cli import task
from outrider.model.errors import UserError

TEXT = json.dumps(
    {
        "family": "web",
        "networkMode": "awsvpc",
        "memory": "512",
        "containerDefinitions": [{"name": "app", "image": "i"}],
    }
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "task.json"
    path.write_text(TEXT)
    return path


def outrider(*words: object):
    app = typer.Typer()
    task.register(app)
    return CliRunner().invoke(app, ["task", *map(str, words)])


def test_one_container_and_back(file: Path) -> None:
    done = outrider("protect", file, "--style", "single", "--server", "https://h:8444", "--in-place")
    assert done.exception is None
    assert "added 'outrider', agent and log router in one (outrider:latest)" in done.stderr
    added = json.loads(file.read_text())["containerDefinitions"][1]
    assert (added["name"], added["entryPoint"]) == ("outrider", ["outrider", "agent"])
    again = outrider("protect", file, "--style", "single", "--in-place")
    assert f"{file} is protected already; nothing changed" in again.stderr
    assert outrider("unprotect", file, "--in-place").exception is None
    assert file.read_text() == TEXT


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--style", "daemon"], "fix: outrider export ecs-daemon prints its task definition"),
        (["--style", "singel"], "did you mean 'single'?"),
        (["--style", "single", "--profile", "alertlogic"], "--style single is for profile outrider"),
        (["--style", "single", "--router-image", "x:1"], "fix: give --agent-image alone"),
    ],
)
def test_refusals(file: Path, words: list[str], said: str) -> None:
    done = outrider("protect", file, *words)
    assert isinstance(done.exception, UserError)
    assert said in str(done.exception)
    assert done.stdout == ""
