"""Why tasks and their sidecars fail, as the published documents list it: each cause is found before, or told after.

A line of the table is a cause, the command that finds it, and the change that brings it about.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from outrider.doctor.checks.configuration import Configuration
from outrider.doctor.checks.memory import Memory, MemoryLimit
from outrider.doctor.checks.server_connection import ServerConnection
from outrider.doctor.checks.server_name import ServerName
from outrider.doctor.checks.token import Token
from outrider.doctor.checks.token_accepted import TokenAccepted
from outrider.doctor.examine import examine
from outrider.doctor.subject import Subject
from outrider.model.errors import UserError
from outrider.pipeline.config.findings import Findings
from outrider.protocols.uplink import Reason, Refusal
from outrider.taskdef.deploy.causes import explain, explain_exits, roles_of
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.ports import closing, read_groups
from outrider.taskdef.rights import TASK, compare, read_granted, rights_of, scope_of
from outrider.taskdef.source import Source, task_source
from outrider.taskdef.view import Task

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
"""As the agent's document for Fargate has it, with CloudWatch and a registration key; nothing is wrong with it."""

Change: TypeAlias = Callable[[Any], object]


def agent(task: Any) -> Any:
    return task["containerDefinitions"][0]


def router(task: Any) -> Any:
    return task["containerDefinitions"][1]


def application(task: Any) -> Any:
    return task["containerDefinitions"][2]


def options(task: Any) -> Any:
    return application(task)["logConfiguration"]["options"]


def output(task: Any, **given: str) -> None:
    application(task)["logConfiguration"]["options"] = given


def unloaded(task: Any, **given: str) -> None:
    """An output of a Go plug-in that the router's command does not load."""
    at = router(task)["command"].index("-e")
    del router(task)["command"][at : at + 2]
    output(task, **given)


def depends(task: Any, condition: str) -> None:
    application(task)["dependsOn"] = [{"containerName": "log_router", "condition": condition}]


def logs_to_console(task: Any, **more: str) -> None:
    log = {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p", **more}
    router(task)["logConfiguration"] = {"logDriver": "awslogs", "options": log}


def config_file(task: Any, kind: str, value: str) -> None:
    router(task)["firelensConfiguration"]["options"] = {"config-file-type": kind, "config-file-value": value}


CLOUDWATCH = {"Name": "cloudwatch", "region": "us-east-1", "log_group_name": "g", "log_stream_prefix": "p/"}
LINT: dict[str, tuple[str, Change]] = {
    # the agent's document, "Common reasons for al-agent and log_router crashes"
    "an incorrect registration key": (
        "agent-key-placeholder",
        lambda task: agent(task).update(environment=[{"name": "KEY", "value": "your_registration_key_here"}]),
    ),
    "less memory for the task than its containers reserve": (
        "memory-over-task",
        lambda task: router(task).update(memoryReservation=2048),
    ),
    "less memory for the router than its buffer needs": (
        "sidecar-memory-small",
        lambda task: router(task).update(memory=40),
    ),
    "no -- between the arguments": ("launcher-without-dashes", lambda task: router(task)["command"].remove("--")),
    "a wrong option of Fluent Bit's": ("router-arguments", lambda task: router(task)["command"].append("--what")),
    "an unknown option": (
        "output-option-unknown",
        lambda task: output(task, **CLOUDWATCH | {"Name": "cloudwatch_logs", "log_groupname": "x"}),
    ),
    "an option that the Go plug-in does not know": (
        "output-option-ignored",
        lambda task: options(task).update(log_groupname="x"),
    ),
    "an unsupported option: one of awslogs": (
        "driver-option-in-output",
        lambda task: output(task, **CLOUDWATCH | {"Name": "cloudwatch_logs", "mode": "non-blocking"}),
    ),
    "characters in log_group_name": (
        "cloudwatch-name-invalid",
        lambda task: options(task).update(log_group_name="application log group"),
    ),
    "characters in log_stream_prefix": (
        "cloudwatch-name-invalid",
        lambda task: options(task).update(log_stream_prefix="application:"),
    ),
    "characters in log_stream_name": (
        "cloudwatch-name-invalid",
        lambda task: output(
            task, Name="cloudwatch", region="us-east-1", log_group_name="g", log_stream_name="a*", log_key="log"
        ),
    ),
    "-e is missing for CloudWatch": ("go-plugin-not-loaded", lambda task: unloaded(task, **CLOUDWATCH)),
    "-e is missing for Firehose": (
        "go-plugin-not-loaded",
        lambda task: unloaded(task, Name="firehose", region="us-east-1", delivery_stream="s"),
    ),
    "-e is missing for Kinesis": (
        "go-plugin-not-loaded",
        lambda task: unloaded(task, Name="kinesis", region="us-east-1", stream="s", partition_key="k"),
    ),
    "no task role": ("task-role-missing", lambda task: task.pop("taskRoleArn")),
    "no execution role for the sidecars' console": (
        "execution-role-missing",
        lambda task: (task.pop("executionRoleArn"), logs_to_console(task)),
    ),
    "still as while testing": ("sidecar-not-essential", lambda task: router(task).update(essential=False)),
    # the FireLens guide, considerations
    "FireLens on Windows": (
        "router-on-windows",
        lambda task: task.update(runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}),
    ),
    "two containers with a FireLens configuration": (
        "two-routers",
        lambda task: task["containerDefinitions"].append(copy.deepcopy(router(task)) | {"name": "second"}),
    ),
    "awsfirelens without a FireLens configuration": (
        "sender-without-router",
        lambda task: router(task).pop("firelensConfiguration"),
    ),
    "port 24224 is mapped": (
        "router-port-mapped",
        lambda task: router(task).update(portMappings=[{"containerPort": 24224}]),
    ),
    "the agent's port 1514 is mapped": (
        "router-port-mapped",
        lambda task: agent(task).update(portMappings=[{"containerPort": 1514}]),
    ),
    "a dependency that is neither START nor HEALTHY": ("dependency-on-the-end", lambda task: depends(task, "COMPLETE")),
    "HEALTHY without a health check": ("dependency-without-health-check", lambda task: depends(task, "HEALTHY")),
    "a switch for metadata that is no switch": (
        "metadata-switch-invalid",
        lambda task: router(task)["firelensConfiguration"].update(options={"enable-ecs-log-metadata": "no"}),
    ),
    "a configuration in S3 on Fargate": (
        "config-file-on-fargate",
        lambda task: config_file(task, "s3", "arn:aws:s3:::examplebucket/folder_name/config_file_name"),
    ),
    "a configuration in the place of ECS's own": (
        "config-file-generated",
        lambda task: config_file(task, "file", "/fluent-bit/etc/fluent-bit.conf"),
    ),
    "a buffer limit above 512 MiB": (
        "buffer-limit-invalid",
        lambda task: options(task).update({"log-driver-buffer-limit": "536870913"}),
    ),
    "buffers that the task's memory does not hold": (
        "buffer-limit-memory",
        lambda task: options(task).update({"log-driver-buffer-limit": "300000000"}),
    ),
    "a buffer limit for another log driver": (
        "awslogs-option-unknown",
        lambda task: logs_to_console(task, **{"log-driver-buffer-limit": "2097152"}),
    ),
}


def found(task: Any) -> set[str]:
    return {finding.id for finding in check(task_source(json.dumps(task, indent=1), "task.json"), RULES)}


def test_the_documented_task_is_clean() -> None:
    findings = check(task_source(json.dumps(DOCUMENT, indent=1), "task.json"), RULES)
    assert [finding.id for finding in findings if finding.level != "note"] == []


@pytest.mark.parametrize("cause", LINT)
def test_lint_finds_it(cause: str) -> None:
    rule, change = LINT[cause]
    task = copy.deepcopy(DOCUMENT)
    change(task)
    assert found(task) - found(DOCUMENT) == {rule}


def test_iam_finds_a_task_role_without_the_rights() -> None:
    """That of the execution role, which was enough for awslogs, lacks one for the plug-in."""
    task = Task(task_source(json.dumps(DOCUMENT), "task.json").task)
    statement = {
        "Effect": "Allow",
        "Resource": "*",
        "Action": ["logs:PutLogEvents", "logs:CreateLogStream", "logs:CreateLogGroup"],
    }
    granted = read_granted(Source(json.dumps({"Statement": [statement]}), "role.json"))
    lacks = compare(rights_of(task, scope_of(task)).of(TASK), granted.statements).missing
    assert [lack.action for lack in lacks] == ["logs:DescribeLogStreams"]


@pytest.mark.parametrize(("protocol", "port"), [("tcp", 1514), ("udp", 1514), ("tcp", 24224)])
def test_security_group_finds_open_ports(protocol: str, port: int) -> None:
    rule = {"IpProtocol": protocol, "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    text = json.dumps({"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [rule]}]})
    (group,) = read_groups(Source(text, "groups.json"))
    assert [opened.opens() for opened in closing(group).open] == [[(protocol, port)]]


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        # no way out to the registry
        ("CannotPullContainerError: dial tcp 3.1.2.3:443: i/o timeout", "the subnet reaches the registry"),
        # pull rate limits
        ("CannotPullContainerError: toomanyrequests: You have reached your pull rate limit", "pull-through cache"),
        ("OutOfMemoryError: Container killed due to memory usage", "raise the task's memory"),
        ("ResourceInitializationError: unable to pull secrets or registry auth", "the execution role may read it"),
    ],
)
def test_deploy_says_why_a_task_did_not_start(words: str, fix: str) -> None:
    assert fix in " ".join(cause.fix for cause in explain(words))


@pytest.mark.parametrize(
    ("name", "status", "fix"),
    [
        ("al-agent", 1, "check token or key, the way out of the subnet"),
        ("log_router", 2, 'write "--" before'),
        ("log_router", 255, "check logConfiguration.options"),
        ("log_router", 1, "need -e"),
        ("log_router", 137, "raise the memory"),
    ],
)
def test_deploy_says_why_a_sidecar_ended(name: str, status: int, fix: str) -> None:
    ended = [{"name": name, "exitCode": status}, {"name": "application", "exitCode": 143}]
    ((who, cause),) = explain_exits(ended, roles_of(DOCUMENT))
    assert who == name
    assert fix in cause.fix


SERVED = Subject(server="https://127.0.0.1:9", token=f"orj1.abcd.{'s' * 32}.{'p' * 43}")
SEEN: dict[str, tuple[type[Any], Any]] = {
    "an incorrect token": (Token, SERVED.token[:-1]),
    "a token that is over": (TokenAccepted, Refusal(Reason.TOKEN_EXPIRED, "it has expired", "ask for one")),
    "too little memory": (MemoryLimit, Memory(50 << 20, True, 10 << 20, 0)),
    "a configuration that the router refuses": (Configuration, Findings([UserError("no option 'x'", fix="y")])),
}


@pytest.mark.parametrize("cause", SEEN)
def test_doctor_sees_it_from_inside(cause: str) -> None:
    make, seen = SEEN[cause]
    verdict = make(SERVED).judge(seen)
    assert verdict.level == "fail"
    assert verdict.fix


async def test_doctor_sees_that_there_is_no_way_out_to_the_server() -> None:
    _, line = await examine([ServerName(SERVED), ServerConnection(SERVED)], 60)
    assert line.level == "fail"
    assert line.fix.startswith("let TCP out to this port")
