"""Task definitions that others have published: no alarm without a fault, and each known cause of failure is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import UserError
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.source import read_task, task_source

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
    found = check(read_task(str(path)), RULES)
    bad = [f"{finding.level} {finding.id}" for finding in found if finding.level != "note"]
    assert bad == FOUND.get(str(path.relative_to(EXAMPLES)), [])


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason=f"needs the published examples in {EXAMPLES}")
def test_a_published_example_that_is_not_json() -> None:
    with pytest.raises(UserError, match=r":33:32: not JSON"):
        read_task(str(EXAMPLES / "dynatrace" / "task-definition.json"))


ROUTER = """
-s Scheduler.Cap 60 -i Mem_Buf_Limit 50M -- -e /fluent-bit/cloudwatch.so -F record_modifier -m * -p Record=pid~1
-o syslog -m * -p Mode=tcp -p Host=127.0.0.1 -p Port=1514 -p Retry_Limit=False -p Syslog_Format=rfc3164
-p Syslog_Maxsize=786432 -p Syslog_Hostname_Key=container_id -p Syslog_Appname_Key=container_name
-p Syslog_Procid_Key=pid -p Syslog_Message_Key=log
"""
DOCUMENT: dict[str, Any] = {
    "family": "web",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "512",
    "memory": "1024",
    "executionRoleArn": "arn:aws:iam::123456789012:role/ecs",
    "taskRoleArn": "arn:aws:iam::123456789012:role/web",
    "containerDefinitions": [
        {
            "name": "al-agent",
            "image": "public.ecr.aws/alertlogic/al-agent-container:1",
            "environment": [{"name": "KEY", "value": "0123456789abcdef0123456789abcdef"}],
        },
        {
            "name": "log_router",
            "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:2.32.3",
            "firelensConfiguration": {"type": "fluentbit"},
            "volumesFrom": [{"sourceContainer": "al-agent"}],
            "dependsOn": [{"containerName": "al-agent", "condition": "START"}],
            "entryPoint": ["/var/alertlogic/lib/fluent-bit/fluent-launch"],
            "command": [word.replace("~", " ") for word in ROUTER.split()],
        },
        {
            "name": "application",
            "image": "nginx:1.27",
            "dependsOn": [{"containerName": "log_router", "condition": "START"}],
            "logConfiguration": {
                "logDriver": "awsfirelens",
                "options": {
                    "Name": "cloudwatch",
                    "auto_create_group": "true",
                    "log_group_name": "application-log-group",
                    "region": "us-east-1",
                    "log_stream_prefix": "application-stream-prefix/",
                    "log_key": "log",
                },
            },
        },
    ],
}
"""As the agent's document for Fargate has it, with CloudWatch and a registration key."""


def ids(task: Any, *levels: str) -> list[str]:
    found = check(task_source(json.dumps(task, indent=1), "task.json"), RULES)
    return sorted({finding.id for finding in found if finding.level in levels})


def test_the_documented_task_is_clean() -> None:
    assert ids(DOCUMENT, "error", "warning") == []


def agent(task: Any) -> Any:
    return task["containerDefinitions"][0]


def router(task: Any) -> Any:
    return task["containerDefinitions"][1]


def options(task: Any) -> Any:
    return task["containerDefinitions"][2]["logConfiguration"]["options"]


def change(action: Callable[[Any], object]) -> Any:
    task = copy.deepcopy(DOCUMENT)
    action(task)
    return task


CAUSES: dict[str, tuple[str, Callable[[Any], object]]] = {
    "an incorrect registration key": (
        "agent-key-placeholder",
        lambda task: agent(task).update(environment=[{"name": "KEY", "value": "your_registration_key_here"}]),
    ),
    "too little memory for all containers": (
        "memory-over-task",
        lambda task: router(task).update(memoryReservation=2048),
    ),
    "no -- between the arguments": ("launcher-without-dashes", lambda task: router(task)["command"].remove("--")),
    "an unknown option": ("output-option-ignored", lambda task: options(task).update(log_groupname="x")),
    "characters that CloudWatch refuses": (
        "cloudwatch-name-invalid",
        lambda task: options(task).update(log_group_name="application log group"),
    ),
    "a plug-in that is not loaded": (
        "go-plugin-not-loaded",
        lambda task: router(task).update(command=[w for w in router(task)["command"] if w not in ("-e", _PLUGIN)]),
    ),
    "no task role": ("task-role-missing", lambda task: task.pop("taskRoleArn")),
    "still as while testing": ("sidecar-not-essential", lambda task: router(task).update(essential=False)),
}
"""Why agent and router end, in the words of that document's list, and the rule that tells it."""
_PLUGIN = "/fluent-bit/cloudwatch.so"


@pytest.mark.parametrize("cause", CAUSES)
def test_each_known_cause_of_failure_is_found(cause: str) -> None:
    rule, action = CAUSES[cause]
    before, after = ids(DOCUMENT, "error", "warning", "note"), ids(change(action), "error", "warning", "note")
    assert set(after) - set(before) == {rule}
