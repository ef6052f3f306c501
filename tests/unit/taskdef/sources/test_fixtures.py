"""Whole files of other tools: the task definitions in them, and where each value stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outrider.taskdef.lint import RULES, check
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.shape import Path as Steps
from outrider.taskdef.source import TaskSource
from outrider.taskdef.templates import read_tasks

FIXTURES = Path(__file__).parent / "fixtures"
FILES = [
    "terraform/every.tf",
    "terraform/web.tf",
    "terraform/files.tf",
    "terraform/plan.json",
    "compose/shop.yaml",
    "copilot/frontend.yml",
]


def test_every_file_is_looked_at() -> None:
    found = {str(path.relative_to(FIXTURES)) for path in FIXTURES.glob("*/*.*") if not path.match("*.expected.json")}
    assert found == {*FILES}


def written(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [written(item) for item in value]
    return "<open>" if value is UNKNOWN else value


@pytest.mark.parametrize("name", FILES)
def test_a_file_gives_its_task_definitions(name: str) -> None:
    expected = json.loads((FIXTURES / f"{name}.expected.json").read_text("utf-8"))
    assert {task.name: written(task.task) for task in read_tasks(str(FIXTURES / name))} == expected


@pytest.mark.parametrize("name", FILES)
def test_every_member_has_the_name_and_the_form_that_ecs_takes(name: str) -> None:
    found = [finding for task in read_tasks(str(FIXTURES / name)) for finding in check(task, RULES)]
    assert [finding for finding in found if finding.id.startswith("member-")] == []


def leaves(value: Any, path: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, dict | list):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, step))
    else:
        yield path, value


def stands_there(task: TaskSource, path: Steps, value: Any) -> bool:
    """Whether the text at the place of a value is that value."""
    source, place = task.home(path), task.place(path)
    start, end = task.span(path)
    assert place.file == source.file
    before = source.text[:start]
    assert (place.line, place.column) == (before.count("\n") + 1, start - before.rfind("\n"))
    there = source.text[start:end]
    return str(value) in re.sub(r"\\(.)|\$(\$)|%(%)", r"\1\2\3", there) or value in (True, False)


MADE = {
    "terraform/plan.json": set(),
    "terraform/web.tf": {'echo "${HOME}" %{a} $5\n'},
    "compose/shop.yaml": {"CMD-SHELL", "START", "HEALTHY", "SUCCESS", 256, 60, 90, "file"},
    "copilot/frontend.yml": {"awsvpc", "FARGATE", "START", "awsfirelens", "awslogs", "fluentbit", "file", "true"}
    | {"firelens_log_router"},
}
"""Values that stand in the file in other words, or that the tool puts there."""


@pytest.mark.parametrize("name", FILES)
def test_every_value_has_the_place_where_it_is_written(name: str) -> None:
    for task in read_tasks(str(FIXTURES / name)):
        for path, value in leaves(task.task):
            if value is not UNKNOWN and value not in MADE.get(name, set()):
                assert stands_there(task, path, value), (path, value)


FINDINGS = {
    "terraform/every.tf": [],
    "terraform/web.tf": ["buckt' web.tf:35", "awslogs-grup' web.tf:82", "sourcePath web.tf:49"],
    "terraform/files.tf": ["newest release plain.json:2", "DB_PASSWORD plain.json:3"],
    "terraform/plan.json": ["newest release plan.json:10"],
    "compose/shop.yaml": ["log_stream_prefix shop.yaml:5", "no healthCheck shop.yaml:20"],
    "copilot/frontend.yml": ["log_group_nam frontend.yml:19"],
}


@pytest.mark.parametrize("name", FILES)
def test_faults_are_told_where_they_are(name: str) -> None:
    told = [
        f"{finding.message} {Path(finding.place.file).name}:{finding.place.line}"
        for task in read_tasks(str(FIXTURES / name))
        for finding in check(task, RULES)
    ]
    for expected in FINDINGS[name]:
        words, _, place = expected.rpartition(" ")
        assert any(words in line and line.endswith(f" {place}") for line in told), (expected, told)
