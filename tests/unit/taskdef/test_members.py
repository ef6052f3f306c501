"""The table of members against the model of the API that botocore has."""

from __future__ import annotations

from typing import Any

from outrider.taskdef.members import ENUMERATIONS, MEMBERS, REQUIRED, TASK, walk


def test_the_table_is_that_of_the_api() -> None:
    import botocore.session

    service = botocore.session.get_session().get_service_model("ecs")
    found: dict[str, dict[str, str]] = {}
    collect(service.operation_model("RegisterTaskDefinition").input_shape, found)
    assert found == MEMBERS


def test_the_members_that_must_be_there_are_those_of_the_api() -> None:
    import botocore.session

    service = botocore.session.get_session().get_service_model("ecs")
    required = {name: service.shape_for(name).required_members for name in MEMBERS}
    assert {name: set(found) for name, found in required.items() if found} == {
        name: set(found.split()) for name, found in REQUIRED.items()
    }


def test_the_values_are_those_of_the_api() -> None:
    import botocore.session

    service = botocore.session.get_session().get_service_model("ecs")
    for (kind, name), known in ENUMERATIONS.items():
        assert service.shape_for(kind).members[name].enum == known.split(), (kind, name)


def collect(shape: Any, found: dict[str, dict[str, str]]) -> str:
    """The kind of a shape; its members go to ``found``."""
    if shape.type_name == "list":
        return f"[{collect(shape.member, found)}]"
    if shape.type_name != "structure":
        return "map" if shape.type_name == "map" else ""
    found.setdefault(shape.name, {}).update({name: collect(member, found) for name, member in shape.members.items()})
    return str(shape.name)


def test_everything_known_is_walked_from_outside_in() -> None:
    task = {"containerDefinitions": [{"name": "web", "environment": [{"name": "A"}], "other": [{}]}], "cpu": "256"}
    assert [(path, kind) for path, _, kind in walk(task)] == [
        ((), TASK),
        (("cpu",), ""),
        (("containerDefinitions",), "[ContainerDefinition]"),
        (("containerDefinitions", 0), "ContainerDefinition"),
        (("containerDefinitions", 0, "name"), ""),
        (("containerDefinitions", 0, "environment"), "[KeyValuePair]"),
        (("containerDefinitions", 0, "environment", 0), "KeyValuePair"),
        (("containerDefinitions", 0, "environment", 0, "name"), ""),
    ]
