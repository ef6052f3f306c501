"""``outrider firelens plan`` as a command: what is printed where, and the status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from outrider.cli import firelens_plan
from outrider.model.errors import UserError

Run = Callable[..., Result]
TASK: dict[str, Any] = {
    "family": "web",
    "containerDefinitions": [
        {"name": "log_router", "firelensConfiguration": {"type": "fluentbit"}},
        {"name": "app", "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "null"}}},
    ],
}


@pytest.fixture
def outrider() -> Run:
    app = typer.Typer()
    app.callback()(lambda: None)
    firelens_plan.register(app)
    return lambda *words: CliRunner().invoke(app, ["plan", *map(str, words)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "task.json"
    path.write_text(json.dumps(TASK, indent=1))
    return path


def test_the_plan_is_printed_and_notes_are_beside_it(outrider: Run, file: Path) -> None:
    result = outrider(file, "--cluster", "prod", "--revision", "3", "--instance-id", "i-1")
    assert result.exit_code == 0
    assert result.stdout.startswith("log_router (log router)\n  log driver   none of its own\n")
    assert "    Record ec2_instance_id i-1\n        Record ecs_cluster prod\n" in result.stdout
    assert f"{file}:4:3: note: the router has no memory of its own" in result.stderr
    assert "note" not in result.stdout


def test_errors_are_told_before_notes_and_are_status_1(outrider: Run, file: Path) -> None:
    file.write_text(file.read_text().replace('"Name"', '"name"'))
    result = outrider(file)
    assert result.exit_code == 1
    assert "error: unable to generate firelens config file" in result.stderr.splitlines()[0]
    assert "fix: write Name instead of name" in result.stderr.splitlines()[0]
    assert "[INPUT]" not in result.stdout


def test_a_program_gets_all_of_it(outrider: Run, file: Path) -> None:
    result = outrider(file, "--format", "json")
    told = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, told["errors"]) == (0, "", [])
    assert told["notes"][0]["file"] == str(file)


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--format", "yaml", "no such format"),
        ("--resource", "Task", "one task definition"),
        ("--docker-version", "x", "is no version; fix: write what"),
        ("--docker-version", "19", "is no version"),
        ("--task-arn", "foo", "is no ARN of a task; fix: write arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID"),
        ("--task-arn", "arn:aws:ecs:eu-west-1:1:task/x", "is no ARN of a task"),
    ],
)
def test_what_is_not_known_is_refused(outrider: Run, file: Path, option: str, value: str, told: str) -> None:
    result = outrider(file, option, value)
    assert isinstance(result.exception, UserError)
    assert told in str(result.exception)


@pytest.mark.parametrize("arn", ["task/abc", "task/prod/abc"])
def test_arns_of_tasks_and_dockers_versions_are_taken(outrider: Run, file: Path, arn: str) -> None:
    words = ("--task-arn", f"arn:aws-cn:ecs:cn-north-1:123456789012:{arn}", "--docker-version", "20.10.25-ce")
    assert outrider(file, *words).exit_code == 0
