"""What ECS's words and exit statuses stand for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.deploy.causes import NO_ROLES, Roles, explain, explain_exits, roles_of

ROLES = Roles("log_router", "agent", frozenset({"web", "log_router", "agent"}))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (
            "ResourceInitializationError: resource cannot be initialized for task arn:…: unable to generate firelens "
            "config file: unable to generate firelens config: unable to apply log options of container app to firelens "
            "config: missing output key Name which is required for firelens configuration of type fluentbit",
            "none names the output",
        ),
        ("missing output key @type which is required for firelens configuration of type fluentd", "names the output"),
        (
            "error parsing firelens options: invalid value x is specified for option config-file-type",
            "neither file nor s3",
        ),
        ("option config-file-type is specified but config-file-value is not specified", "without config-file-value"),
        ("unsupported firelens config type syslog", "neither fluentbit nor fluentd"),
        ("invalid firelens configuration type: syslog", "neither fluentbit nor fluentd"),
        ("unable to get execution role credentials", "execution role"),
        ("unable to parse bucket and key from s3 arn: invalid s3 arn: s3://b/k", "no ARN"),
        ("Invalid arn syntax.", "no ARN"),
        ("unable to download s3 config k from bucket b", "cannot be fetched from S3"),
        ("unable to initialize s3 client for bucket b", "cannot be fetched from S3"),
        ("unable to initialize resource directory d: unable to create config directory", "folders"),
        ("unable to determine the user ID", "name"),
        ("If 'user' field is specified on firelens container, then 'UID' has to be '0'.", "root"),
        (
            "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be "
            "configured in one of the containers.",
            "no container is a log router",
        ),
        (
            "When a firelensConfiguration object is specified, at least one container has to be configured with the "
            "awsfirelens log driver.",
            "nobody logs to it",
        ),
        ("One or more of the requested capabilities are not supported.", "lacks"),
        ("failed to get fluentd logdriver arguments: logging driver specified of container X", "old Fargate"),
        (
            "CannotStartContainerError: failed to initialize logging driver: dial unix /x/fluent.sock: connect: "
            "no such file",
            "before the log router listened",
        ),
        ("CannotStartContainerError: Bridge IP not available to use for firelens", "address"),
        ("CannotPullContainerError: ref pull has been retried 5 time(s)", "cannot be fetched"),
        ("ResourceInitializationError: unable to pull secrets or registry auth", "secret"),
        ("OutOfMemoryError: Container killed due to memory usage", "more memory"),
        ("(service web) (task t) failed container health checks.", "health check"),
        ("Task failed ELB health checks in (target-group arn)", "health check"),
        ("(service web) was unable to place a task because no container instance met all of its requirements.", "room"),
        ("ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task", "assume"),
        ("Timeout waiting for network interface provisioning to complete.", "network interface"),
    ],
)
def test_words(words: str, why: str) -> None:
    found = list(explain(words))
    assert why in " ".join(cause.why for cause in found)
    assert all(cause.fix for cause in found)


def test_nothing_is_made_up() -> None:
    assert list(explain("Essential container in task exited")) == []


def ends(*containers: dict[str, Any], roles: Roles = ROLES) -> list[tuple[str, str]]:
    return [(name, cause.why) for name, cause in explain_exits(containers, roles)]


@pytest.mark.parametrize(
    ("code", "why"),
    [(255, "property"), (1, "property"), (2, "arguments"), (126, "executed"), (127, "not there"), (139, "crashed")],
)
def test_the_router_ends(code: int, why: str) -> None:
    ((name, told),) = ends({"name": "log_router", "exitCode": code}, {"name": "web", "exitCode": 143})
    assert name == "log_router"
    assert why in told


def test_others_end() -> None:
    assert "token" in ends({"name": "agent", "exitCode": 1})[0][1]
    assert ends({"name": "web", "exitCode": 1}) == []
    assert "killed" in ends({"name": "web", "exitCode": 137}, {"name": "log_router", "exitCode": 0})[0][1]
    memory = {"name": "web", "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}
    assert "memory" in ends(memory, {"name": "log_router", "exitCode": 137})[0][1]
    assert len(ends(memory, {"name": "log_router", "exitCode": 137})) == 1


def test_who_ends_well_counts_where_nobody_else_does() -> None:
    done = {"name": "web", "exitCode": 0}
    assert [name for name, _ in ends(done)] == ["web"]
    assert ends(done, {"name": "agent", "exitCode": 137})[0][0] == "agent"
    assert ends({**done, "name": "init"}) == []


def test_roles() -> None:
    router = {"name": "r", "firelensConfiguration": {"type": "fluentbit"}, "volumesFrom": [{"sourceContainer": "a"}]}
    web = {"name": "web", "essential": False}
    assert roles_of({"containerDefinitions": [web, router]}) == Roles("r", "a", frozenset({"r"}))
    assert roles_of({"containerDefinitions": [web]}) == NO_ROLES


@given(st.text())
def test_any_words(text: str) -> None:
    list(explain(text))
    list(explain_exits([{"name": text, "exitCode": len(text), "reason": text}, {"reason": text}], ROLES))
