"""Every task definition that is exported: what protect makes of it, what lint says of it, what its roles may do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.export.description import Description
from outrider.export.kinds import ecs_daemon, fargate
from outrider.export.tasks import application, fargate_size, fargate_task, wish
from outrider.model.errors import UserError
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.protect import protect
from outrider.taskdef.source import task_source

TASK = {"family": "outrider", "networkMode": "awsvpc", "containerDefinitions": [application(Description())]}
OURS = ("healthCheck", "linuxParameters", "memory", "memoryReservation", "logConfiguration")
KNOWN = {"long-lines-split"}
"""A note: the router of 'task protect' leaves the pieces of lines above 16 KiB as they are."""


def findings(text: str) -> set[str]:
    return {finding.id for finding in check(task_source(text, "task.json"), RULES)}


def test_the_sidecars_are_those_of_task_protect() -> None:
    d = Description(image="registry.example.com/outrider:1.0")
    files = fargate.KIND.make(d)
    sidecars: list[dict[str, Any]] = json.loads(files["sidecars.json"])
    made = protect(task_source(json.dumps(TASK), "task.json"), wish(d)).source.task["containerDefinitions"][1:]
    assert [{key: one[key] for key in one if key not in OURS} for one in sidecars] == made
    assert json.loads(files["task-definition.json"])["containerDefinitions"][1:] == sidecars


def test_protecting_the_exported_task_changes_nothing() -> None:
    d = Description(image="registry.example.com/outrider:1.0")
    assert not protect(task_source(json.dumps(fargate_task(d)), "task.json"), wish(d)).changed


def test_lint_finds_nothing() -> None:
    d = Description(image="registry.example.com/outrider:1.0")
    assert findings(fargate.KIND.make(d)["task-definition.json"]) == KNOWN


@given(st.integers(1, 15_000))
def test_the_task_has_room_for_both_sidecars(memory: int) -> None:
    d = Description(image="registry.example.com/outrider:1.0", memory=memory, memory_reservation=min(memory, 100))
    assert 2 * memory < fargate_size(d)[1]
    if memory >= 100:
        assert findings(json.dumps(fargate_task(d))) == KNOWN


def test_sidecars_that_are_too_large_are_refused() -> None:
    with pytest.raises(UserError, match="too much for a task"):
        fargate_size(Description(memory=20_000))


def test_a_secret_and_a_server_that_cannot_be_are_refused() -> None:
    with pytest.raises(UserError, match="names no secret"):
        fargate_task(Description(token_secret="my token"))
    with pytest.raises(UserError, match="not the address of a server"):
        fargate_task(Description(server="https://h:port"))


def test_the_daemon_is_linted_and_has_no_privilege() -> None:
    d = Description(image="registry.example.com/outrider:1.0")
    text = ecs_daemon.KIND.make(d)["task-definition.json"]
    assert findings(text) == set()
    task: dict[str, Any] = json.loads(text)
    writable = [
        (container["name"], mount["containerPath"])
        for container in task["containerDefinitions"]
        for mount in container["mountPoints"]
        if not mount.get("readOnly")
    ]
    assert writable == [("outrider-agent", "/var/lib/outrider"), ("log_router", ecs_daemon.STATE)]
    for container in task["containerDefinitions"]:
        assert container["readonlyRootFilesystem"]
        assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in container
    assert all("TOKEN" not in item["name"] for item in task["containerDefinitions"][0]["environment"])


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("", "ssm put-parameter --region us-east-1 --type SecureString --name /outrider/join-token --value"),
        ("/x/y", "--name /x/y --value"),
        ("arn:aws:secretsmanager:us-east-1:123456789012:secret:t-AbCdEf", "put-secret-value --region us-east-1 --sec"),
    ],
)
def test_the_script_says_how_the_token_is_kept(secret: str, told: str) -> None:
    assert told in ecs_daemon.KIND.make(Description(token_secret=secret))["deploy.sh"]
