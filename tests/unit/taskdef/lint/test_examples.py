"""Task definitions that others have published: no alarm without a fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import UserError
from outrider.taskdef.firelens import Runtime, render
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.lint.reports import FORMATS
from outrider.taskdef.plan import plan
from outrider.taskdef.templates import read_tasks

EXAMPLES = Path(__file__).parents[5] / "shared" / "firelens-examples" / "fluent-bit"
FOUND = {
    "logstash/task-definition.json": ["error member-type"],  # portMappings is an object
    "sematext/task-definition.json": ["warning output-match-set"],  # FireLens writes a Match of its own
}
"""Errors and warnings in AWS's examples; the others have none."""


def examples() -> list[Any]:
    if not EXAMPLES.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"needs the published examples in {EXAMPLES}"))]
    paths = [path for path in sorted(EXAMPLES.rglob("*task*def*.json")) if path.parent.name != "dynatrace"]
    return [pytest.param(path, id=str(path.relative_to(EXAMPLES))) for path in paths]


@pytest.mark.parametrize("path", examples())
def test_published_examples(path: Path) -> None:
    found = check(read_tasks(str(path))[0], RULES)
    bad = [f"{finding.level} {finding.id}" for finding in found if finding.level != "note"]
    assert bad == FOUND.get(str(path.relative_to(EXAMPLES)), [])


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason=f"needs the published examples in {EXAMPLES}")
def test_a_published_example_that_is_not_json() -> None:
    with pytest.raises(UserError, match=r":33:32: not JSON"):
        read_tasks(str(EXAMPLES / "dynatrace" / "task-definition.json"))[0]


@pytest.mark.parametrize("path", examples())
def test_findings_as_json_and_the_plan(path: Path) -> None:
    """Each finding has its place and its remedy, and ECS would refuse none of these tasks."""
    source = read_tasks(str(path))[0]
    found = json.loads(FORMATS["json"](check(source, RULES), {}))
    keys = {"id", "level", "message", "file", "line", "column", "fix", "url"}
    assert all(finding.keys() == keys and finding["fix"] and finding["line"] > 0 for finding in found)
    made = plan(source.task, Runtime(), source.place)
    assert made.errors == []
    assert made.configuration == render(source.task, Runtime())
