"""Terraform's task definitions: what the resource's own language leaves to be told, and plans as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.compare import differences
from outrider.taskdef.deploy.definition import definition_of, deployable, only
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.templates import read_tasks, tasks_in

OPEN = 'resource "aws_ecs_task_definition" "web" {\n  family = "web"\n'
CONTAINERS = '  container_definitions = jsonencode([{ name = "web", image = "a:1" }])\n'


def task(text: str) -> dict[str, Any]:
    (found,) = tasks_in(f"{OPEN}{text}\n}}\n", "f.tf")
    return found.task


@pytest.mark.parametrize(
    ("text", "containers"),
    [
        ('jsonencode([{ name = "a" }])', [{"name": "a"}]),
        ("jsonencode([local.web])", [UNKNOWN]),
        ("jsonencode(local.containers)", UNKNOWN),
        ("local.containers", UNKNOWN),
        ('"[{\\"name\\": \\"a\\"}]"', [{"name": "a"}]),
        ('"[${local.web}]"', UNKNOWN),
        ('<<EOF\n[{"name": "a"}]\nEOF', [{"name": "a"}]),
        ('<<EOF\n[{"name": "a ${var.x} b", "cpu": ${var.cpu}}]\nEOF', [{"name": UNKNOWN, "cpu": UNKNOWN}]),
        ('<<EOF\n[{"name": "\\"${f("}")}", "user": "$${u}"}]\nEOF', [{"name": UNKNOWN, "user": "${u}"}]),
        ('<<EOF\n[{"${var.key}": "a"}]\nEOF', [UNKNOWN]),
        ('<<EOF\n[{"name": "a" ${var.more}}]\nEOF', UNKNOWN),
        ('<<EOF\n[%{ for x in y }{"name": "a"},%{ endfor }]\nEOF', UNKNOWN),
        ('file("other.json")', UNKNOWN),
        ("templatefile(var.file, {})", UNKNOWN),
    ],
)
def test_containers_are_read_however_they_are_written(text: str, containers: Any) -> None:
    assert task(f"  container_definitions = {text}")["containerDefinitions"] == containers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.tf:1:1: container_definitions is missing"),
        ("container_definitions = 5", "f.tf:3:25: containerDefinitions is an array, this is a number"),
        ("container_definitions = jsonencode([])", "f.tf:3:36: containerDefinitions is empty"),
        ('container_definitions = <<EOF\n[\n  {"name" "a"}]\nEOF', "f.tf:5:11: not JSON: ':' was expected"),
        ('container_definitions = <<EOF\n[{"name": "a"\n]\nEOF', "f.tf:4:14: not JSON: ',' or '}' was expected"),
        ('container_definitions = "[{\\"name\\": 5]"', "f.tf:3:25: not JSON: ',' or '}' was expected"),
        ("container_definitions = jsonencode([{ name = 5 }])", "f.tf:3:46: name is a string, this is a number"),
    ],
)
def test_faults_have_their_place(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        task(text)
    assert message in str(caught.value)


def test_dynamic_blocks_and_open_attributes_are_open() -> None:
    text = (
        f'{CONTAINERS}  dynamic "runtime_platform" {{\n    content {{}}\n  }}\n  tags = local.tags\n  cpu = var.cpu\n'
    )
    found = task(f"{text}  host_path = 1\n  proxy_configuration {{\n    properties = var.p\n  }}")
    assert [found[key] for key in ("runtimePlatform", "tags", "cpu")] == [UNKNOWN] * 3
    assert found["proxyConfiguration"] == {"properties": UNKNOWN}
    assert "hostPath" not in found


def test_a_file_without_task_definitions_says_so() -> None:
    with pytest.raises(UserError, match=r"f.tf:1:1: the file has no aws_ecs_task_definition; fix: .*terraform show"):
        tasks_in('resource "aws_s3_bucket" "logs" {}\n', "f.tf")


def test_terraform_is_known_without_its_name() -> None:
    (found,) = tasks_in(f"# web\n\n{OPEN}{CONTAINERS}}}\n", "standard input")
    assert found.task["family"] == "web"


def test_what_was_read_is_not_edited_and_not_deployed() -> None:
    (found,) = tasks_in(f"{OPEN}{CONTAINERS}}}\n", "f.tf")
    assert not found.source.can_be_edited
    for edit in (
        lambda: found.set(("containerDefinitions", 0), "image", "b:1"),
        lambda: found.append(("containerDefinitions",), {}),
        lambda: found.rename(("containerDefinitions", 0), "image", "b"),
        lambda: found.remove(("containerDefinitions", 0)),
    ):
        with pytest.raises(UserError, match=r"f\.tf:3:\d+: Terraform is not edited"):
            edit()
    with pytest.raises(UserError, match="Terraform is not deployed"):
        deployable(found)
    two = f"{OPEN}{CONTAINERS}}}\n{OPEN.replace('web', 'api')}{CONTAINERS}}}\n"
    with pytest.raises(UserError, match="the file has 2 task definitions: web, api"):
        only(tasks_in(two, "f.tf"))


def test_it_compares_with_what_ecs_has() -> None:
    (found,) = tasks_in(f"{OPEN}  cpu = 256\n  execution_role_arn = var.role\n{CONTAINERS}}}\n", "f.tf")
    (registered,) = tasks_in('{"family": "web", "cpu": "256", "containerDefinitions": [{"name": "web"}]}', "t.json")
    told = [str(one) for one in differences(definition_of(registered), definition_of(found))]
    assert len(told) == 1
    assert "image" in told[0]


def files(folder: Path, path: str) -> Path:
    (folder / "deep").mkdir(exist_ok=True)
    (folder / "deep" / "web.tf").write_text(f'{OPEN}  container_definitions = file("{path}")\n}}\n')
    return folder / "deep" / "web.tf"


def test_a_file_outside_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("[]")
    for path in ("../secret.json", str(tmp_path / "secret.json"), "/etc/passwd"):
        (found,) = read_tasks(str(files(tmp_path, path)))
        assert found.task["containerDefinitions"] is UNKNOWN


def test_a_file_that_is_not_there_is_told_at_its_call(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"web\.tf:3:27: cannot read gone\.json: there is no such file"):
        read_tasks(str(files(tmp_path, "gone.json")))


def test_a_file_with_a_fault_is_told_with_its_own_place(tmp_path: Path) -> None:
    path = files(tmp_path, "web.json")
    (path.parent / "web.json").write_text('[\n  {"name": }\n]')
    with pytest.raises(UserError, match=r"web\.json:2:12: not JSON"):
        read_tasks(str(path))


def test_a_plan_without_task_definitions_says_so() -> None:
    with pytest.raises(UserError, match=r"p\.json:1:1: the plan has no aws_ecs_task_definition"):
        tasks_in('{"format_version": "1.2", "planned_values": {"root_module": {}}}', "p.json")


def test_a_state_is_read_like_a_plan() -> None:
    values = {"family": "web", "container_definitions": '[{"name": "web"}]'}
    resource = {"type": "aws_ecs_task_definition", "mode": "managed", "address": "a.web", "values": values}
    other = {**resource, "mode": "data", "address": "data.a.web"}
    state = {"format_version": "1.0", "values": {"root_module": {"resources": [resource, other]}}}
    (found,) = tasks_in(json.dumps(state), "s.json")
    assert found.task == {"family": "web", "containerDefinitions": [{"name": "web"}]}
    assert found.name == "a.web"


def test_a_fault_in_the_string_of_a_plan_stands_where_the_string_does() -> None:
    values = {"container_definitions": '[\n{"name" 5}]'}
    resource = {"type": "aws_ecs_task_definition", "address": "a.web", "values": values}
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": [resource]}}}
    with pytest.raises(UserError, match=r"p\.json:1:\d{3}: not JSON: ':' .* \(in its line 2, column 9\)"):
        tasks_in(json.dumps(plan), "p.json")


NAMES = st.sampled_from(
    [
        *("family", "cpu", "volume", "name", "host_path", "tags", "properties", "proxy_configuration", "x"),
        *("container_definitions", "size_in_gib", "ephemeral_storage", "labels", "requires_compatibilities"),
        "runtime_platform",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["", "a", "[]", '[{"name": "a"}]']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def place_of_fault(text: str, file: str) -> None:
    """Reads a text, which may have a fault, but none without a place."""
    try:
        (found,) = tasks_in(text, file)
    except UserError as error:
        place = error.place
    else:
        place = found.place(())
        assert "containerDefinitions" in found.task
    assert place is not None


@given(values, values)
def test_any_plan_gives_task_definitions_or_an_error_with_a_place(value: Any, later: Any) -> None:
    resource = {"type": "aws_ecs_task_definition", "address": "a", "values": value}
    change = {"address": "a", "change": {"after_unknown": later}}
    root = {"format_version": "1", "planned_values": {"root_module": {"resources": [resource]}}}
    place_of_fault(json.dumps({**root, "resource_changes": [change]}), "p.json")


@given(st.text(max_size=60))
def test_any_heredoc_gives_containers_or_an_error_with_a_place(text: str) -> None:
    place_of_fault(f"{OPEN}  container_definitions = <<EOF\n{text}\nEOF\n}}\n", "f.tf")
