"""What protecting put in is taken away, and nothing else."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.taskdef.protect.definitions import ALERTLOGIC, AWSLOGS, OUTRIDER, TASK, app, containers, examples, task

from outrider.model.errors import UserError
from outrider.taskdef.compare import differences
from outrider.taskdef.firelens import render
from outrider.taskdef.protect import PROFILES, Debugging, Migration, Wish, migrate, protect, unprotect
from outrider.taskdef.source import task_source
from outrider.taskdef.templates import read_tasks

TO_CLOUDWATCH = {"logDriver": "awsfirelens", "options": {"Name": "cloudwatch", "region": "r"}}
ROUTER = {"name": "fb", "image": "aws-for-fluent-bit:2", "firelensConfiguration": {"type": "fluentbit"}}


def named(source, name):
    return next(container for container in source.task["containerDefinitions"] if container["name"] == name)


names = st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), min_size=1, max_size=4, unique=True)
styles = st.sampled_from(
    [{}, {"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}, {"indent": 1, "separators": (" ,", " : ")}]
)
wishes = st.builds(
    Wish,
    st.sampled_from([*PROFILES.values()]),
    environment=st.sampled_from([(), (("KEY", "k"),)]),
    debugging=st.sampled_from([None, Debugging(True, "g", "eu-west-1")]),
)


@given(names, styles, wishes, st.booleans())
def test_protect_and_unprotect_give_the_file_back(applications, style, wish, described):
    definition = {
        "family": "f",
        "containerDefinitions": [{"name": name, "image": "i", "essential": True} for name in applications],
        "networkMode": "awsvpc",
    }
    text = json.dumps({"taskDefinition": definition} if described else definition, **style) + "\n"
    protected = protect(task_source(text, "f"), wish)
    result = unprotect(protected.source)
    assert result.source.source.text == text
    assert result.notes == []
    assert unprotect(result.source).changed == []


@pytest.mark.parametrize("wish", [OUTRIDER, ALERTLOGIC])
def test_the_router_of_a_migration_stays(wish):
    migrated = migrate(task(app(logConfiguration=AWSLOGS), app(name="b")), Migration("cloudwatch")).source
    adopting = Wish(wish.profile, adopt_router=True)
    protected = protect(migrated, adopting).source
    result = unprotect(protected)
    assert result.source.source.text == migrated.source.text
    assert "stays: it takes the logs of 'app' to destinations of their own" in " ".join(result.notes)


def test_waits_and_volumes_of_an_adopted_router_stay():
    source = task(
        app(name="envoy"),
        app(logConfiguration=TO_CLOUDWATCH),
        ROUTER | {"dependsOn": [{"containerName": "envoy", "condition": "HEALTHY"}], "essential": False},
    )
    protected = protect(source, Wish(PROFILES["outrider"], adopt_router=True, debugging=Debugging(True, "g", "r")))
    result = unprotect(protected.source)
    assert containers(result)[2]["dependsOn"] == [{"containerName": "envoy", "condition": "HEALTHY"}]
    plain = unprotect(protect(source, Wish(PROFILES["outrider"], adopt_router=True)).source)
    assert plain.source.source.text == source.source.text


def test_what_waits_for_a_container_that_is_gone_forgets_it():
    protected = protect(task(app(), app(name="b")), OUTRIDER).source
    waits = [{"containerName": "log_router", "condition": "START"}, {"containerName": "b", "condition": "START"}]
    protected = protected.set(("containerDefinitions", 0), "dependsOn", waits)
    protected = protected.set(("containerDefinitions", 1), "volumesFrom", [{"sourceContainer": "outrider-agent"}])
    result = unprotect(protected)
    assert containers(result) == [app(dependsOn=waits[1:]), app(name="b")]
    assert "'app' no longer names 'log_router'" in result.changed
    assert "'b' no longer names 'outrider-agent'" in result.changed


def test_what_the_user_added_to_the_sidecars_is_told():
    definition = protect(task_source(TASK, "f"), OUTRIDER).source.task
    definition["containerDefinitions"][1]["logConfiguration"] = {"logDriver": "awsfirelens"}
    definition["containerDefinitions"][2]["memoryReservation"] = 64
    result = unprotect(task_source(json.dumps(definition), "f"))
    assert "'outrider-agent' had memoryReservation too, which went with it" in result.notes
    assert len(containers(result)) == 2


def test_words_of_the_command_are_told():
    protected = protect(task(app(logConfiguration=TO_CLOUDWATCH), ROUTER), Wish(OUTRIDER.profile, adopt_router=True))
    command = [*containers(protected)[1]["command"], "-o", "s3", "-p", "bucket=b"]
    result = unprotect(protected.source.set(("containerDefinitions", 1), "command", command))
    assert "words of the command of 'fb' that are not from protect: s3 bucket=b" in result.notes


def test_outriders_own_image_is_told_to_route():
    wanted = Migration("cloudwatch_logs", router_image="outrider:latest")
    migrated = migrate(task(app(logConfiguration=AWSLOGS)), wanted).source
    protected = protect(migrated, Wish(OUTRIDER.profile, adopt_router=True)).source
    assert unprotect(protected).source.source.text == migrated.source.text
    other = protected.set(("containerDefinitions", 1), "image", "own:1")
    (note,) = [note for note in unprotect(other).notes if "runs as its image says" in note]
    assert '"entryPoint": ["/fluent-bit/bin/fluent-bit"]' in note


def test_bare_containers_of_a_router_with_its_own_configuration_stay():
    options = {"config-file-type": "file", "config-file-value": "/own.conf"}
    router = ROUTER | {"firelensConfiguration": {"type": "fluentbit", "options": options}}
    source = task(app(logConfiguration={"logDriver": "awsfirelens"}), router)
    result = unprotect(protect(source, Wish(OUTRIDER.profile, adopt_router=True)).source)
    assert result.source.source.text == source.source.text
    assert any("'app' still logs through awsfirelens" in note for note in result.notes)


def test_a_router_that_stood_before_the_agent_stays():
    source = task(app(logConfiguration={"logDriver": "awsfirelens"}), ROUTER | {"image": "own:1"})
    result = unprotect(protect(source, Wish(OUTRIDER.profile, adopt_router=True)).source)
    assert result.source.source.text == source.source.text


def test_empty_arrays_are_written_where_others_are():
    empty = {"volumesFrom": [], "entryPoint": [], "command": []}
    source = task(app(logConfiguration=TO_CLOUDWATCH, **empty), {**ROUTER, **empty})
    protected = protect(source, Wish(OUTRIDER.profile, adopt_router=True)).source
    assert unprotect(protected).source.source.text == source.source.text


def test_a_protection_without_its_agent():
    result = unprotect(protect(task(app()), OUTRIDER).source.remove(("containerDefinitions", 1)))
    assert "stays: there is no agent" in " ".join(result.notes)
    assert [container["name"] for container in containers(result)] == ["app", "log_router"]
    assert unprotect(result.source).changed == []


def test_not_protected():
    result = unprotect(task(app(), app(name="al-agent")))
    assert result.changed == []
    assert result.notes == ["'al-agent' stays: no log router in the task runs its launcher"]
    assert unprotect(task(app())).notes == []


def test_a_task_of_sidecars_alone():
    protected = protect(task(app()), OUTRIDER).source.remove(("containerDefinitions", 0))
    with pytest.raises(UserError, match="no container beside agent and router"):
        unprotect(protected)


@pytest.mark.parametrize("path", examples())
def test_published_examples(path):
    """Protected around their own routers, they come back as ECS sees them, but for what is told."""
    if path.parent.name == "dynatrace":
        return
    source = read_tasks(str(path))[0].set((), "networkMode", "awsvpc")
    assert unprotect(source).changed == []
    protected = protect(source, Wish(PROFILES["alertlogic"], adopt_router=True)).source
    result = unprotect(protected)
    render(result.source.task)
    told = [note.split("'")[1] for note in result.notes if "still logs through awsfirelens" in note]
    found = differences(source.task, result.source.task)
    assert len(found) == len([name for name in told if "logConfiguration" not in named(source, name)])


def test_a_router_that_debug_left_not_essential_is_told():
    console = {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "r"}}
    router = app(
        name="log_router", essential=True, firelensConfiguration={"type": "fluentbit"}, logConfiguration=console
    )
    to_s3 = {"logDriver": "awsfirelens", "options": {"Name": "s3"}}
    wish = dataclasses.replace(ALERTLOGIC, adopt_router=True, debugging=Debugging(True, "g", "r"))
    result = unprotect(protect(task(router, app(logConfiguration=to_s3)), wish).source)
    assert containers(result)[0]["essential"] is False
    assert "'log_router' is not essential, as --debug leaves it: its end does not end the task" in result.notes
