"""All rules on task definitions that are wrong in ways that nobody thought of."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.lint import RULES, Rule, check, mend
from outrider.taskdef.templates import tasks_in

FILES = sorted((Path(__file__).parent / "fixtures").glob("*/*.json"))
SCALARS: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        10**40,
        "",
        "x",
        "-1",
        "9" * 5_000,
        "1 GB",
        "${A}",
        "web",
        "START",
        "s3",
        "init-x",
    ),
    *("web", "START", "s3", "init-x", "FARGATE", "awsfirelens", "awslogs", "\x1b[31m", "日本", "a" * 300),
]
VALUES = st.recursive(
    st.sampled_from(SCALARS) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
REFERENCE = {"Ref": "Parameter"}


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Those of everything inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, member in inside for found in [(*path, key), *paths(member, (*path, key))]]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A file of another test with some of its values replaced, removed or written twice."""
    task = copy.deepcopy(json.loads(draw(st.sampled_from(FILES)).read_text()))
    for _ in range(draw(st.integers(1, 4))):
        *above, last = draw(st.sampled_from([("family",), *paths(task)]))
        holder = task
        for step in above:
            holder = holder[step]
        act = draw(st.sampled_from(["replace", "replace", "open", "remove", "repeat"]))
        if act == "remove":
            holder.pop(last, None) if isinstance(holder, dict) else holder.pop(last)
        elif act == "repeat" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[int(last)]))
        else:
            holder[last] = draw(VALUES) if act == "replace" else dict(REFERENCE)
    return task


def template(task: Any) -> str:
    properties = spelled(task)
    return json.dumps({"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}}}, indent=1)


def spelled(value: Any) -> Any:
    """As CloudFormation has it; what stands in options are the user's words."""
    if isinstance(value, list):
        return [spelled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name[:1].upper() + name[1:]: member if name == "options" else spelled(member) for name, member in value.items()
    }


@given(mutated(), st.booleans())
def test_rules_take_everything_that_has_the_shape(task: dict[str, Any], is_template: bool) -> None:
    text = template(task) if is_template else json.dumps(task, indent=1)
    try:
        (source,) = tasks_in(text, "task.json")
    except UserError as error:
        event(f"refused: {error.place is not None}")
        return
    for finding in check(source, RULES):
        assert finding.place.line > 0
        assert finding.place.column > 0
        assert len(finding.message) < 3_000
    mended, _ = mend(source, RULES)
    (again,) = tasks_in(mended.source.text, "task.json")
    assert mend(again, RULES)[1] == []


GOOD = [(rule, path) for rule in RULES for path in FILES if path.parent.name == rule.id and path.stem[:4] == "good"]


@pytest.mark.parametrize(("rule", "path"), GOOD, ids=lambda value: value.id if isinstance(value, Rule) else value.stem)
def test_what_a_template_leaves_open_breaks_no_rule(rule: Rule, path: Path) -> None:
    """Each value in turn is open in files that are right."""
    task = json.loads(path.read_text())
    for *above, last in paths(task):
        opened = copy.deepcopy(task)
        holder = opened
        for step in above:
            holder = holder[step]
        holder[last] = dict(REFERENCE)
        found = check(tasks_in(template(opened), "t")[0], [rule])
        assert found == [], (*above, last)


@given(st.sampled_from(FILES), st.data())
def test_a_file_that_is_cut_or_has_a_hole_is_checked_or_refused(path: Path, data: st.DataObject) -> None:
    text = path.read_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)) | st.just(len(text)))
    try:
        tasks = tasks_in(text[:start] + text[end:], "task.json")
    except UserError as error:
        event(f"refused: {error.place is not None}")
        return
    for task in tasks:
        check(task, RULES)
