"""The types of what stands in a task definition."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.unit.taskdef.mutations import FILES, mutated

from outrider.model.errors import UserError
from outrider.taskdef.membertypes import check_types
from outrider.taskdef.run.plan import plan
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.source import task_source

RIGHT: dict[str, Any] = {
    "family": "f",
    "cpu": "256",
    "containerDefinitions": [
        {
            "name": "a",
            "cpu": 10,
            "memory": None,
            "essential": True,
            "command": ["x"],
            "environment": [{"name": "A", "value": "1"}],
            "portMappings": [{"containerPort": 80, "protocol": "tcp"}],
            "healthCheck": {"command": ["CMD", "x"], "retries": 3},
            "dockerLabels": {"cpu": "x", "retries": "3"},
            "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
            "restartPolicy": {"enabled": True, "ignoredExitCodes": [1]},
            "image": UNKNOWN,
        }
    ],
}


def test_what_has_its_types() -> None:
    check_types(RIGHT)


@pytest.mark.parametrize(
    ("member", "value", "told"),
    [
        ("cpu", "10", "cpu is a whole number, this is a string"),
        ("memory", True, "memory is a whole number, this is a boolean"),
        ("essential", "false", "essential is a boolean, this is a string"),
        ("command", "x", "command is an array, this is a string"),
        ("command", [1], "command holds a string each, this is a number"),
        ("links", [None], "links holds a string each, this is null"),
        ("environment", [None], "environment holds an object each, this is null"),
        ("environment", [{"name": "A", "value": 1}], "value is a string, this is a number"),
        ("healthCheck", {"command": ["CMD", "x"], "retries": 1.5}, "retries is a whole number, this is a number"),
        ("dockerLabels", {"a": 1}, "a is a string, this is a number"),
        ("linuxParameters", [], "linuxParameters is an object, this is an array"),
    ],
)
def test_what_has_not(member: str, value: Any, told: str) -> None:
    (container,) = RIGHT["containerDefinitions"]
    with pytest.raises(UserError) as refused:
        check_types({**RIGHT, "containerDefinitions": [container | {member: value}]})
    assert refused.value.message == told


@given(mutated())
def test_a_run_of_anything_is_planned_or_refused(definition: dict[str, Any]) -> None:
    with contextlib.suppress(UserError):
        source = task_source(json.dumps(definition, indent=1), "task.json")
        plan(source.task, locate=source.place)


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem.startswith("good")], ids=lambda path: str(path.parent.name)
)
def test_right_files_have_their_types(path: Path) -> None:
    source = task_source(path.read_text(), "task.json")
    check_types(source.task, source.place)
