"""All rules on task definitions that are wrong in ways that nobody thought of."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from tests.unit.taskdef.mutations import FILES, REFERENCE, mutated, paths, template

from outrider.model.errors import UserError
from outrider.taskdef.lint import RULES, Rule, check, mend
from outrider.taskdef.templates import tasks_in


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


TERRAFORM = """
resource "aws_ecs_task_definition" "web" {
  family = "web"
  cpu    = 256
  tags   = { cost = 5 }
  ephemeral_storage {
    size_in_gib = "21"
  }
  volume {
    name = "v"
    docker_volume_configuration {
      autoprovision = "true"
      driver_opts   = { size = 5 }
    }
  }
  container_definitions = jsonencode([{ name = "web", image = "nginx:1.27", essential = ESSENTIAL }])
}
"""
CLOUDFORMATION = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
      - Name: web
        Image: nginx:1.27
        Essential: ESSENTIAL
        PortMappings:
        - ContainerPort: PORT
"""


@pytest.mark.parametrize(
    ("text", "file", "messages"),
    [
        (TERRAFORM.replace("ESSENTIAL", "true"), "a.tf", []),
        (TERRAFORM.replace("ESSENTIAL", '"true"'), "a.tf", ["'essential' is a boolean, this is a string"]),
        (CLOUDFORMATION.replace("ESSENTIAL", "'true'").replace("PORT", "'80'"), "a.yaml", []),
        (
            CLOUDFORMATION.replace("ESSENTIAL", "'maybe'").replace("PORT", "'eighty'"),
            "a.yaml",
            ["'essential' is a boolean, this is a string", "'containerPort' is a whole number, this is a string"],
        ),
    ],
)
def test_types_are_those_that_the_tool_of_the_file_gives_to_ecs(text: str, file: str, messages: list[str]) -> None:
    (source,) = tasks_in(text, file)
    asked = [rule for rule in RULES if rule.id in ("member-type", "member-missing")]
    assert [found.message for found in check(source, asked)] == messages
