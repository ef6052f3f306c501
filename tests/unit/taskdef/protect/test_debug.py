"""The sidecars while a task is tested, as the documents advise it."""

import json
from pathlib import Path

import pytest
from tests.unit.taskdef.protect.definitions import ALERTLOGIC, AWSLOGS, app, containers, task

from outrider.model.errors import UserError
from outrider.taskdef.protect import PROFILES, Debugging, Wish, protect
from outrider.taskdef.source import task_source

ON = Wish(ALERTLOGIC.profile, debugging=Debugging(True, "debug-log-group-name", "us-east-1"))
OFF = Wish(ALERTLOGIC.profile, debugging=Debugging(False))


def test_as_the_document_has_it():
    document = json.loads((Path(__file__).parent / "seeds" / "newer-debug.json").read_text())
    result = protect(task(app()), ON)
    assert json.dumps(containers(result)[1:]) == json.dumps(document["containerDefinitions"][:2])
    assert protect(result.source, ON).changed == []


@pytest.mark.parametrize("profile", [*PROFILES.values()])
def test_it_is_taken_back(profile):
    plain = protect(task(app()), Wish(profile)).source
    debugged = protect(plain, Wish(profile, debugging=ON.debugging))
    back = protect(debugged.source, Wish(profile, debugging=OFF.debugging))
    assert back.source.source.text == plain.source.text
    assert protect(plain, Wish(profile, debugging=OFF.debugging)).changed == []


def test_a_log_configuration_of_the_users_stays():
    plain = protect(task(app()), ALERTLOGIC).source.set(("containerDefinitions", 1), "logConfiguration", AWSLOGS)
    result = protect(plain, ON)
    assert containers(result)[1]["logConfiguration"] == AWSLOGS
    assert "'al-agent' has a logConfiguration of its own, which stays" in result.notes
    assert containers(protect(result.source, OFF))[1]["logConfiguration"] == AWSLOGS


def test_group_and_region():
    roles = {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/f:1"}
    result = protect(task(app(), **roles), Wish(ALERTLOGIC.profile, debugging=Debugging(True)))
    options = containers(result)[1]["logConfiguration"]["options"]
    assert (options["awslogs-group"], options["awslogs-region"]) == ("/outrider/debug/f", "eu-west-1")
    moved = protect(result.source, ON)
    assert containers(moved)[2]["logConfiguration"]["options"]["awslogs-group"] == "debug-log-group-name"
    kept = protect(moved.source, Wish(ALERTLOGIC.profile, debugging=Debugging(True)))
    assert kept.changed == []
    with pytest.raises(UserError, match="give --region"):
        protect(task(app()), Wish(ALERTLOGIC.profile, debugging=Debugging(True)))


def test_the_region_of_a_log_driver_that_goes():
    wish = Wish(ALERTLOGIC.profile, replace_log_driver=True, debugging=Debugging(True))
    result = protect(task(app(logConfiguration=AWSLOGS)), wish)
    assert containers(result)[1]["logConfiguration"]["options"]["awslogs-region"] == "us-east-1"


def test_notes():
    notes = " ".join(protect(task(app()), ON).notes)
    assert "the execution role needs logs:CreateLogGroup" in notes
    assert "add executionRoleArn" in notes
    assert "make an application essential" not in notes
    assert "make an application essential" in " ".join(protect(task(app(essential=False)), ON).notes)


def test_an_init_image_under_the_launcher_is_noted():
    router = {"name": "r", "image": "aws-for-fluent-bit:init-2", "firelensConfiguration": {"type": "fluentbit"}}
    text = json.dumps(task(app(), router).task)
    notes = protect(task_source(text, "f"), Wish(ALERTLOGIC.profile, adopt_router=True)).notes
    assert any("aws_fluent_bit_init_*" in note for note in notes)
