"""What ECS would do for FireLens: one document, its errors in ECS's words, and where the agent surprises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.firelens import Runtime, render
from outrider.taskdef.plan import Plan, plan
from outrider.taskdef.plan.document import document
from outrider.taskdef.plan.order import start_order
from outrider.taskdef.plan.plan import NO_SENDER, Wait
from outrider.taskdef.plan.text import text
from outrider.taskdef.source import task_source
from outrider.taskdef.templates import tasks_in

RUNTIME = Runtime("prod", "arn:aws:ecs:us-west-2:111122223333:task/prod/0123", 7)
SENDER = {"name": "app", "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "null"}}}
ROUTER = {"name": "log_router", "firelensConfiguration": {"type": "fluentbit"}}


def task(*containers: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"family": "web", "networkMode": "awsvpc", **members, "containerDefinitions": list(containers)}


def router(**members: Any) -> dict[str, Any]:
    return {**ROUTER, **members}


def sender(options: dict[str, str], **members: Any) -> dict[str, Any]:
    return {"name": "app", "logConfiguration": {"logDriver": "awsfirelens", "options": options, **members}}


def made(value: dict[str, Any], **more: Any) -> Plan:
    source = task_source(json.dumps(value, indent=1), "task.json")
    return plan(source.task, RUNTIME, source.place, **more)


def test_each_container_gets_what_ecs_gives_it() -> None:
    agent = {"name": "agent", "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}}
    options = {"Name": "datadog", "log-driver-buffer-limit": "100"}
    secrets = [{"name": "apikey", "valueFrom": "arn:x"}]
    value = task(agent, router(user="1000"), sender(options, secretOptions=secrets))
    found = made(value, docker_version="19.03")
    other, log_router, app = found.containers
    assert (other.role, other.log_driver, other.log_options) == ("other", "awslogs", {"awslogs-group": "g"})
    assert (other.environment, other.mounts, other.waits) == ({}, [], [])
    assert (log_router.role, log_router.log_driver, log_router.secrets) == ("log router", "", {"apikey_2": "arn:x"})
    assert log_router.mounts[1] == "/var/lib/ecs/data/firelens/0123/socket/:/var/run/"
    assert log_router.socket_owner == "1000:<group of the ECS agent>"
    assert (app.role, app.log_driver) == ("sender", "fluentd")
    assert app.log_options["tag"] == "app-firelens-0123"
    assert app.log_options["fluentd-async-connect"] == "true"
    assert app.log_options["fluentd-buffer-limit"] == "100"
    assert app.environment == {"FLUENT_HOST": "127.0.0.1", "FLUENT_PORT": "24224"}
    assert app.waits == [Wait("log_router", "START", added=True)]
    assert found.start_order == [["agent", "log_router"], ["app"]]
    assert found.configuration == render(value, RUNTIME)
    assert found.errors == []


def test_fluentd_has_another_path_and_its_user() -> None:
    found = made(task(router(firelensConfiguration={"type": "fluentd"}), sender({"@type": "null"})))
    assert found.config_path == "/fluentd/etc/fluent.conf"
    assert found.containers[0].environment == {"FLUENT_UID": "0"}


@pytest.mark.parametrize(("mode", "host"), [("bridge", "<address of log_router on the bridge>"), ("host", None)])
def test_the_address_of_the_router_depends_on_the_network(mode: str, host: str | None) -> None:
    found = made(task(ROUTER, SENDER, networkMode=mode))
    assert found.containers[1].environment.get("FLUENT_HOST") == host
    assert any("FLUENT_HOST" in note.message for note in found.notes)


S3 = {"config-file-type": "s3", "config-file-value": "s3://bucket/key"}
ERRORS = {
    "no router": (task(SENDER), "When awsfirelens log driver is specified in log configuration"),
    "two routers": (task(ROUTER, router(name="second"), SENDER), "only one container"),
    "no sender": (task(ROUTER), NO_SENDER),
    "type": (
        task(router(firelensConfiguration={"type": "vector"}), SENDER),
        "unsupported firelens config type vector",
    ),
    "file type": (
        task(router(firelensConfiguration={"type": "fluentbit", "options": {"config-file-type": "http"}}), SENDER),
        "error parsing firelens options: invalid value http is specified for option config-file-type",
    ),
    "output": (task(ROUTER, sender({"region": "us-east-1"})), "missing output key Name"),
    "role": (
        task(router(firelensConfiguration={"type": "fluentbit", "options": S3}), SENDER),
        "unable to get execution role credentials",
    ),
    "arn": (
        task(router(firelensConfiguration={"type": "fluentbit", "options": S3}), SENDER, executionRoleArn="arn:role"),
        "unable to parse bucket and key from s3 arn: invalid s3 arn: s3://bucket/key",
    ),
    "user": (task(router(user="fluent"), SENDER), "unable to determine the user ID"),
    "ring": (
        task(ROUTER, {**SENDER, "dependsOn": [{"containerName": "app", "condition": "START"}]}),
        "'app' can never start",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_told_in_ecs_words_with_their_place(name: str) -> None:
    value, words = ERRORS[name]
    found = made(value)
    (error,) = [error for error in found.errors if words in error.message]
    assert error.place is not None
    assert error.place.line > 1
    assert text(found).startswith(found.containers[0].name if found.containers else "")


def options(**given: str) -> dict[str, Any]:
    return router(
        firelensConfiguration={"type": "fluentbit", "options": {k.replace("_", "-"): v for k, v in given.items()}}
    )


WAITS = [{"containerName": "agent", "condition": "START"}]
SPLUNK = {"logDriver": "splunk", "secretOptions": [{"name": "splunk-token", "valueFrom": "arn:x"}]}
SURPRISES = {
    "turns metadata off": task(options(enable_ecs_log_metadata="yes"), SENDER),
    "is ignored": task(options(config_file_value="/extra.conf"), SENDER),
    "with the execution role": task(options(config_file_type="s3", config_file_value="arn:aws:s3:::b/k"), SENDER),
    "before all generated outputs": task(options(config_file_type="file", config_file_value="/extra.conf"), SENDER),
    "lets no sender wait": task({"name": "agent"}, router(dependsOn=WAITS), SENDER),
    "comes back to it": task(router(logConfiguration=SENDER["logConfiguration"]), SENDER),
    "25 MB": task(ROUTER, SENDER),
    "half of its memory, in MB": task(router(memory=100), SENDER),
    "half of its memoryReservation": task(router(memory=100, memoryReservation=50), SENDER),
    "fluent-launch --diff": task(router(entryPoint=["/x/fluent-launch"]), SENDER),
    "go to the router, although": task(ROUTER, SENDER, {"name": "other", "logConfiguration": SPLUNK}),
    "wins over the plain one": task(
        ROUTER, sender({"Name": "http", "uri": "/"}, secretOptions=[{"name": "uri", "valueFrom": "arn:x"}])
    ),
    "is named by a secret": task(ROUTER, sender({}, secretOptions=[{"name": "Name", "valueFrom": "arn:x"}])),
    "goes to the output, not": task(ROUTER, sender({"Name": "null", "mode": "non-blocking"})),
    "two lines Match": task(ROUTER, sender({"Name": "null", "Match": "*"})),
    "becomes configuration": task(ROUTER, sender({"Name": "null", "Alias": "a\n[OUTPUT]"})),
    "8192 lines": task(ROUTER, sender({"Name": "null", "log-driver-buffer-limit": "0"})),
    "counts lines": task(ROUTER, sender({"Name": "null", "log-driver-buffer-limit": "8"})),
    "changes from task to task": task(ROUTER, SENDER, {**SENDER, "name": "second"}),
    "stale": task(ROUTER, SENDER, networkMode="bridge"),
    "neither port": task(ROUTER, SENDER, networkMode="none"),
    "is not published": task(ROUTER, SENDER, requiresCompatibilities=["FARGATE"]),
}


@pytest.mark.parametrize("words", SURPRISES)
def test_surprises_are_told_once_and_only_where_they_are(words: str) -> None:
    assert len([note for note in made(SURPRISES[words]).notes if words in note.message]) == 1
    plain = task(router(memory=64, entryPoint=[]), SENDER)
    if words != "half of its memory, in MB":
        assert not [note for note in made(plain).notes if words in note.message]


def test_what_a_template_leaves_open_is_named_or_refused() -> None:
    properties = {
        "RequiresCompatibilities": [{"Ref": "Launch"}],
        "Family": {"Ref": "Name"},
        "ContainerDefinitions": [
            {"Name": "log_router", "Image": {"Ref": "Image"}, "FirelensConfiguration": {"Type": "fluentbit"}},
            {
                "Name": "app",
                "Memory": {"Ref": "Memory"},
                "LogConfiguration": {"LogDriver": "awsfirelens", "Options": {"Name": "s3", "bucket": {"Ref": "Logs"}}},
            },
        ],
    }
    resource = {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}
    (source,) = tasks_in(json.dumps({"Resources": {"Task": resource}}, indent=1), "t.json")
    found = plan(source.task, RUNTIME, source.place)
    assert "    bucket <set at deployment>\n" in found.configuration
    assert "    Record ecs_task_definition <set at deployment>:7\n" in found.configuration
    properties["ContainerDefinitions"][1]["Name"] = {"Ref": "Name"}  # type: ignore[index]
    (source,) = tasks_in(json.dumps({"Resources": {"Task": resource}}, indent=1), "t.json")
    with pytest.raises(UserError, match="the plan depends on name") as refused:
        plan(source.task, RUNTIME, source.place)
    assert refused.value.place is not None
    properties["ContainerDefinitions"][0]["Memory"] = {"Ref": "Memory"}  # type: ignore[index]
    (source,) = tasks_in(json.dumps({"Resources": {"Task": resource}}, indent=1), "t.json")
    with pytest.raises(UserError, match="the plan depends on memory"):
        plan(source.task, RUNTIME, source.place)


def test_the_forms() -> None:
    found = made(task(ROUTER, SENDER, networkMode="host"))
    told = json.loads(document(found))
    assert told["notes"][0].keys() == {"message", "file", "line", "column", "fix"}
    assert told["configuration"] == found.configuration
    assert [container["name"] for container in told["containers"]] == ["log_router", "app"]
    shown = text(found)
    assert "  waits for    log_router START, which ECS adds\n" in shown
    assert "start order  log_router → app\nstop order   app → log_router\n" in shown
    assert "/fluent-bit/etc/fluent-bit.conf:\n    [INPUT]\n        Name forward\n" in shown
    assert text(Plan()) == ""


NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=6))
def test_each_step_needs_only_those_before_it(edges: dict[str, list[str]]) -> None:
    waits = {
        name: [{"containerName": other, "condition": "START"} for other in others] for name, others in edges.items()
    }
    steps, never = start_order(waits)
    done: set[str] = set()
    for step in steps:
        assert step
        assert all(set(edges[name]) <= done for name in step)
        done.update(step)
    assert sorted([*done, *never]) == sorted(edges)
    assert all(set(edges[name]) - done for name in never)


def test_a_long_chain_is_ordered_at_once() -> None:
    waits = {str(n): [{"containerName": str(n - 1), "condition": "START"}] if n else [] for n in range(100_000)}
    assert start_order(waits) == ([[name] for name in waits], [])
