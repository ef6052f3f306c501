"""One container that is agent and log router: added, adopted, updated, taken away; what lint and its like say of it."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.taskdef.protect.definitions import AWSLOGS, OUTRIDER, TASK, app, containers, examples, task

from outrider.model.errors import UserError
from outrider.taskdef.firelens import Runtime, render
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.plan import plan
from outrider.taskdef.protect import PROFILES, Debugging, Migration, migrate, protect, unprotect
from outrider.taskdef.protect.profile import START
from outrider.taskdef.rights import rights_of, scope_of
from outrider.taskdef.source import task_source
from outrider.taskdef.templates import read_tasks
from outrider.taskdef.view import Task

SINGLE = dataclasses.replace(OUTRIDER, single=True)
ADOPT = dataclasses.replace(SINGLE, adopt_router=True)
ROUTER = {"name": "fb", "image": "amazon/aws-for-fluent-bit:2", "firelensConfiguration": {"type": "fluentbit"}}
TO_S3 = {"logDriver": "awsfirelens", "options": {"Name": "s3", "bucket": "b", "region": "eu-west-1"}}
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:join-AbCdEf"
TOLD = {"environment": (("OUTRIDER_SERVER", "https://h:8444"),), "secrets": (("OUTRIDER_TOKEN", SECRET),)}


def refusal(source, wish=SINGLE):
    with pytest.raises(UserError) as caught:
        protect(source, wish)
    return str(caught.value)


def test_the_container():
    result = protect(task(app()), dataclasses.replace(SINGLE, **TOLD))
    application, single = containers(result)
    assert application["logConfiguration"] == {"logDriver": "awsfirelens"}
    assert single == {
        "name": "outrider",
        "image": "outrider:latest",
        "memoryReservation": 100,
        "environment": [{"name": "OUTRIDER_SERVER", "value": "https://h:8444"}],
        "secrets": [{"name": "OUTRIDER_TOKEN", "valueFrom": SECRET}],
        "firelensConfiguration": {"type": "fluentbit"},
        "entryPoint": ["outrider", "agent"],
        "command": ["-c", "/fluent-bit/etc/fluent-bit.conf"],
        "healthCheck": {
            "command": ["CMD", "outrider", "agent", "status"],
            "interval": 30,
            "timeout": 10,
            "retries": 3,
            "startPeriod": 30,
        },
    }
    assert "Mem_Buf_Limit 50MB" in render(result.source.task)


def test_a_second_time_changes_nothing_but_what_is_named():
    once = protect(task_source(TASK, "f"), SINGLE).source
    again = protect(once, SINGLE)
    assert (again.source.source.text, again.changed) == (once.source.text, [])
    named = protect(once, dataclasses.replace(SINGLE, agent_image="own:2", **TOLD))
    single = containers(named)[-1]
    assert (single["image"], single["environment"][0]["value"]) == ("own:2", "https://h:8444")
    assert len(named.changed) == 3


names = st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), min_size=1, max_size=4, unique=True)
styles = st.sampled_from([{}, {"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}])
debugging = st.sampled_from([None, Debugging(True, "g", "eu-west-1")])


@given(names, styles, debugging, st.booleans(), st.sampled_from(["awsvpc", "bridge"]))
def test_protect_and_unprotect_give_the_file_back(applications, style, debugging, told, mode):
    definition = {
        "family": "f",
        "containerDefinitions": [{"name": name, "image": "i", "essential": True} for name in applications],
        "networkMode": mode,
    }
    text = json.dumps(definition, **style) + "\n"
    wish = dataclasses.replace(SINGLE, debugging=debugging, **(TOLD if told else {}))
    protected = protect(task_source(text, "f"), wish)
    result = unprotect(protected.source)
    assert result.source.source.text == text
    assert result.notes == []
    assert unprotect(result.source).changed == []


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"dockerLabels": {"a": "b"}, "memoryReservation": 50, "user": "0"},
        {"environment": [{"name": "A", "value": "b"}], "essential": False},
        {"image": "outrider:1", **START},
    ],
)
@pytest.mark.parametrize("told", [{}, TOLD])
def test_a_router_is_adopted_and_given_back(members, told):
    source = task(app(logConfiguration=TO_S3), {**ROUTER, **members}, app(name="b"))
    protected = protect(source, dataclasses.replace(ADOPT, **told))
    single = containers(protected)[1]
    assert (single["name"], single["image"], single["entryPoint"]) == ("fb", "outrider:latest", ["outrider", "agent"])
    assert single["dockerLabels"]["outrider.router-image"] == {**ROUTER, **members}["image"]
    assert len(containers(protected)) == 3
    result = unprotect(protected.source)
    assert result.source.task == source.task
    assert result.source.source.text == source.source.text or "entryPoint" in members
    assert "the log router 'fb' stays: it takes the logs of 'app'" in " ".join(result.notes)


def test_a_migrated_task():
    migrated = migrate(task(app(logConfiguration=AWSLOGS)), Migration("cloudwatch")).source
    protected = protect(migrated, ADOPT)
    assert [container["name"] for container in containers(protected)] == ["app", "log_router"]
    assert unprotect(protected.source).source.source.text == migrated.source.text
    later = migrate(protect(task(app(), app(name="b")), SINGLE).source, Migration("cloudwatch_logs"))
    assert later.changed == []


def test_a_container_that_logs_with_awslogs_may_migrate_later():
    mixed = protect(task(app(), app(name="b")), SINGLE).source.set(
        ("containerDefinitions", 1), "logConfiguration", AWSLOGS
    )
    result = migrate(mixed, Migration("cloudwatch_logs", keep_streams=True))
    assert containers(result)[1]["logConfiguration"]["options"]["Name"] == "cloudwatch_logs"
    assert [container["name"] for container in containers(result)] == ["app", "b", "outrider"]


@pytest.mark.parametrize(
    ("source", "wish", "words"),
    [
        (task(app(), networkMode="host"), SINGLE, "networkMode is host"),
        (task(app(), networkMode="none"), SINGLE, "would not reach its server"),
        (task(app(name="outrider")), SINGLE, "a container named 'outrider' is there already"),
        (task(app(portMappings=[{"containerPort": 1514}])), SINGLE, "port 1514"),
        (task(app(), ROUTER), SINGLE, "say --adopt-router"),
        (task(app(), {**ROUTER, "image": "own:1"}), ADOPT, "image 'own:1', which is not Fluent Bit's"),
        (task(app(), {**ROUTER, "healthCheck": {"command": ["CMD", "nc"]}}), ADOPT, "healthCheck of its own"),
        (
            task(
                app(),
                {
                    **ROUTER,
                    "firelensConfiguration": {
                        "type": "fluentbit",
                        "options": {"config-file-type": "file", "config-file-value": "/own.conf"},
                    },
                },
            ),
            ADOPT,
            "reads /own.conf, which is not in the agent's image",
        ),
        (task(app(), {**ROUTER, "firelensConfiguration": {"type": "fluentd"}}), ADOPT, "of type fluentd"),
        (
            task(app(logConfiguration={"logDriver": "awsfirelens", "options": {"Name": "kafka-rest"}})),
            SINGLE,
            "leave out --style single, and run Fluent Bit under the launcher",
        ),
        (protect(task(app()), OUTRIDER).source, SINGLE, "protected already, with two sidecars; fix: drop --style"),
        (protect(task(app()), SINGLE).source, OUTRIDER, "protected already, with --style single; fix: say --style"),
    ],
)
def test_refusals(source, wish, words):
    assert words in refusal(source, wish)


def test_a_port_of_a_container_with_a_network_of_its_own_is_free():
    source = task(app(portMappings=[{"containerPort": 1514}]), networkMode="bridge")
    assert len(containers(protect(source, SINGLE))) == 2


def test_a_task_whose_memory_is_reserved():
    result = protect(task(app(memoryReservation=500)), SINGLE)
    assert "memoryReservation" not in containers(result)[1]
    assert any("raise it by 100" in note for note in result.notes)


def test_notes():
    notes = protect(task(app()), SINGLE).notes
    assert any(note.endswith("name it with --agent-image") for note in notes)
    assert any("no join token yet" in note for note in notes)
    bridge = protect(task(app(), networkMode=None), SINGLE).notes
    assert not any("Fargate takes no other" in note for note in bridge)


def test_a_task_of_the_sidecar_alone():
    alone = protect(task(app()), SINGLE).source.remove(("containerDefinitions", 0))
    with pytest.raises(UserError, match="no container beside agent and router"):
        unprotect(alone)


def test_what_the_user_added_is_told():
    protected = protect(task(app()), SINGLE).source.set(("containerDefinitions", 1), "user", "0")
    result = unprotect(protected)
    assert result.notes == ["'outrider' had user too, which went with it"]


def findings(source):
    return {finding.id for finding in check(source, RULES)}


def test_lint_knows_it():
    source = protect(task(app(), requiresCompatibilities=["FARGATE"], cpu="256"), SINGLE).source
    two = protect(task(app(), requiresCompatibilities=["FARGATE"], cpu="256"), OUTRIDER).source
    assert findings(source) <= findings(two)
    log = {"logDriver": "awsfirelens", "options": {"Name": "azure"}}
    assert "output-unknown" in findings(source.set(("containerDefinitions", 0), "logConfiguration", log))
    read_only = source.set(("containerDefinitions", 1), "readonlyRootFilesystem", True)
    assert "router-read-only" in findings(read_only)
    mapped = source.set(("containerDefinitions", 1), "portMappings", [{"containerPort": 1514}])
    assert "router-port-mapped" in findings(mapped)
    port = [{"containerPort": 1514}]
    assert "port-collision" in findings(source.set(("containerDefinitions", 0), "portMappings", port))


def test_rights_and_plan_know_it():
    source = protect(task(app(logConfiguration=TO_S3)), dataclasses.replace(SINGLE, **TOLD)).source
    found = Task(source.task)
    rights = rights_of(found, scope_of(found))
    assert {need.purpose for need in rights.needs} >= {"ReadSecrets"}
    assert not any("is not in the task definition" in note.text for note in rights.notes)
    told = [note.message for note in plan(source.task, Runtime()).notes]
    assert any("bounds those that this limit is not for" in text for text in told)


@pytest.mark.parametrize("path", examples())
def test_published_examples(path):
    """What can be adopted comes back as it was; all else is refused with a reason."""
    if path.parent.name == "dynatrace":
        return  # no JSON
    source = read_tasks(str(path))[0].set((), "networkMode", "awsvpc")
    try:
        protected = protect(source, ADOPT).source
    except UserError:
        return
    render(protected.task)
    result = unprotect(protected)
    assert result.source.source.text == source.source.text or result.notes
    assert PROFILES["outrider"].agent_image not in [container.get("image") for container in containers(result)]
