"""Manifests of Copilot: what Copilot makes of them, and what only it knows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.templates import tasks_in


def manifest(**more: Any) -> dict[str, Any]:
    text = json.dumps({"name": "web", "type": "Backend Service", "image": {"location": "a:1"}, **more})
    (found,) = tasks_in(text, "manifest.yml")
    return found.task


def test_without_a_log_router_everything_goes_to_cloudwatch() -> None:
    for logging in ({}, {"logging": {"retention": 30}}):
        task = manifest(**logging)
        (web,) = task["containerDefinitions"]
        assert web["logConfiguration"] == {"logDriver": "awslogs", "options": UNKNOWN}
        assert web["image"] == "a:1"
        assert (task["networkMode"], task["requiresCompatibilities"]) == ("awsvpc", ["FARGATE"])
        assert task["taskRoleArn"] is UNKNOWN


def test_logging_makes_a_log_router() -> None:
    logging = {
        "destination": {"Name": "s3", "total": 5},
        "secretOptions": {"token": "/a/b"},
        "enableMetadata": False,
        "variables": {"A": "b"},
    }
    sidecars = {"nginx": {"image": {"location": "n:1"}, "port": "53/udp", "depends_on": {"web": "start"}}}
    web, router, nginx = manifest(logging=logging, sidecars=sidecars)["containerDefinitions"]
    assert web["logConfiguration"] == {
        "logDriver": "awsfirelens",
        "options": {"Name": "s3", "total": "5"},
        "secretOptions": [{"name": "token", "valueFrom": "/a/b"}],
    }
    assert router["name"] == "firelens_log_router"
    assert router["image"] is UNKNOWN
    assert router["firelensConfiguration"] == {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "false"}}
    assert router["environment"] == [{"name": "A", "value": "b"}, UNKNOWN]
    assert nginx["logConfiguration"]["logDriver"] == "awslogs"
    assert nginx["image"] == "n:1"
    assert nginx["portMappings"] == [{"containerPort": 53, "protocol": "udp"}]
    assert nginx["dependsOn"] == [{"containerName": "web", "condition": "START"}]


def test_volumes_are_mounted_where_the_manifest_says() -> None:
    efs = {"data": {"efs": {"id": "fs-1"}, "path": "/data", "read_only": True}, "side": {"efs": True}}
    sidecars = {"s": {"image": "s:1", "mount_points": [{"source_volume": "side", "path": "/side"}]}}
    task = manifest(storage={"volumes": efs, "ephemeral": 30, "readonly_fs": True}, sidecars=sidecars)
    web, side = task["containerDefinitions"]
    assert web["mountPoints"] == [{"sourceVolume": "data", "containerPath": "/data", "readOnly": True}]
    assert side["mountPoints"] == [{"sourceVolume": "side", "containerPath": "/side"}]
    assert [volume["name"] for volume in task["volumes"]] == ["data", "side"]
    assert task["ephemeralStorage"] == {"sizeInGiB": 30}
    assert web["readonlyRootFilesystem"] is True


def test_what_copilot_puts_in_is_open() -> None:
    task = manifest(
        image={"build": "./Dockerfile", "healthcheck": {"command": ["CMD", "a"], "start_period": "1m"}},
        variables={"A": "${COPILOT_ENVIRONMENT_NAME}", "B": {"from_cfn": "x"}},
        secrets={"S": {"secretsmanager": "x"}},
        platform="linux/arm64",
        cpu=256,
    )
    (web,) = task["containerDefinitions"]
    assert web["image"] is UNKNOWN
    assert web["environment"] == [{"name": "A", "value": UNKNOWN}, {"name": "B", "value": UNKNOWN}, UNKNOWN]
    assert web["secrets"] == [{"name": "S", "valueFrom": UNKNOWN}]
    assert web["healthCheck"] == {"command": ["CMD", "a"], "startPeriod": 60}
    assert task["runtimePlatform"] is UNKNOWN
    assert task["cpu"] == "256"


def test_other_kinds_are_no_tasks() -> None:
    with pytest.raises(UserError, match="containerDefinitions is missing"):
        tasks_in("name: web\ntype: Static Site\n", "manifest.yml")


KEYS = st.sampled_from(
    [
        *("image", "location", "port", "healthcheck", "command", "depends_on", "labels", "variables", "secrets"),
        *("logging", "destination", "Name", "secretOptions", "configFilePath", "enableMetadata", "sidecars", "nginx"),
        *("storage", "volumes", "efs", "path", "ephemeral", "mount_points", "cpu", "memory", "entrypoint", "name"),
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "a", "${A}", "80", "1m"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=15,
)


@given(st.dictionaries(KEYS, values, max_size=6))
def test_any_manifest_gives_a_task_definition_or_an_error_with_a_place(more: dict[str, Any]) -> None:
    text = json.dumps({"type": "Worker Service", **more})
    try:
        (found,) = tasks_in(text, "m.json")
    except UserError as error:
        place = error.place
    else:
        place = found.place(("containerDefinitions", 0))
    assert place is not None
