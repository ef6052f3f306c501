"""What ECS takes of a file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outrider.model.errors import UserError
from outrider.taskdef.deploy import definition_of, deployable, only, short
from outrider.taskdef.source import TaskSource, task_source
from outrider.taskdef.templates import tasks_in

WEB: dict[str, Any] = {"family": "web", "containerDefinitions": [{"name": "web", "image": "web:1"}]}


def source(value: Any) -> TaskSource:
    return task_source(json.dumps(value), "task.json")


def test_what_describe_adds_goes() -> None:
    described = {
        **WEB,
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:1:task-definition/web:3",
        "revision": 3,
        "status": "ACTIVE",
        "requiresAttributes": [],
        "compatibilities": ["EC2"],
        "registeredAt": 1700000000.0,
        "registeredBy": "somebody",
        "deregisteredAt": 1700000000.0,
        "taskRoleArn": None,
    }
    tags = [{"key": "team", "value": "a"}, {"key": "aws:cloudformation:stack-name", "value": "b"}]
    assert definition_of(source({"taskDefinition": described})) == WEB
    assert definition_of(source({"taskDefinition": described, "tags": tags})) == {**WEB, "tags": tags[:1]}
    assert definition_of(source({"taskDefinition": described, "tags": []})) == {**WEB, "tags": []}
    assert definition_of(source(described)) == WEB


def test_nulls_go_and_sizes_are_text() -> None:
    written = {**WEB, "cpu": 256, "memory": 512, "containerDefinitions": [{"name": "web", "image": "i", "user": None}]}
    assert definition_of(source(written)) == {
        "family": "web",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "web", "image": "i"}],
        "tags": [],
    }


def test_who_writes_a_definition_tells_its_tags() -> None:
    assert definition_of(source(WEB))["tags"] == []


def test_family_is_needed() -> None:
    with pytest.raises(UserError, match=r"task.json:1:1: family is missing"):
        deployable(source({**WEB, "family": ""}))


TEMPLATE = """
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ContainerDefinitions: [{Name: web, Image: !Ref Image}]
"""


def test_templates_are_for_cloudformation() -> None:
    with pytest.raises(UserError, match=r"deploy its stack"):
        deployable(only(tasks_in(TEMPLATE, "web.yaml")))


def test_several_definitions_are_refused() -> None:
    two = TEMPLATE + TEMPLATE.replace("Web:", "Api:").replace("\nResources:\n", "")
    with pytest.raises(UserError, match=r"2 task definitions: Web, Api"):
        only(tasks_in(two, "web.yaml"))


def test_short() -> None:
    assert short("arn:aws:ecs:eu-west-1:1:task-definition/web:3") == "web:3"
    assert short("web:3") == "web:3"


def test_yaml_is_deployed_as_json_is() -> None:
    value = {"family": "web", "cpu": 256, "containerDefinitions": [{"name": "a", "command": None}]}
    text = "# one\nfamily: web\ncpu: 256\ncontainerDefinitions:\n- name: a\n  command: null\n"
    (found,) = tasks_in(text, "task.yaml")
    assert deployable(found) == deployable(source(value))
    inner = "".join(f"  {line}\n" for line in text.splitlines())
    described = f"taskDefinition:\n{inner}tags: [{{key: a, value: b}}]\n"
    (found,) = tasks_in(described, "task.yaml")
    assert deployable(found)["tags"] == [{"key": "a", "value": "b"}]
