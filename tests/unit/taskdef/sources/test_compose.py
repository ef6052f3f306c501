"""Compose files: what each key of a service becomes in a container."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.templates import tasks_in


def container(**service: Any) -> dict[str, Any]:
    (found,) = tasks_in(json.dumps({"services": {"web": {"image": "a:1", **service}}}), "c.yaml")
    made = found.task["containerDefinitions"][0]
    assert made.pop("name") == "web"
    assert made.pop("image") == "a:1"
    assert made.pop("essential") is UNKNOWN
    return dict(made)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("command", "sh -c 'a b'", {"command": ["sh", "-c", "a b"]}),
        ("command", "'", {"command": UNKNOWN}),
        ("entrypoint", ["a", 1], {"entryPoint": ["a", "1"]}),
        ("environment", ["A=b=c", "D"],
         {"environment": [{"name": "A", "value": "b=c"}, {"name": "D", "value": UNKNOWN}]}),
        ("environment", {"A": True, "B": 1.5},
         {"environment": [{"name": "A", "value": "true"}, {"name": "B", "value": "1.5"}]}),
        ("environment", ["A=$B"], {"environment": [UNKNOWN]}),
        ("env_file", "a.env", {"environment": UNKNOWN}),
        ("labels", ["a=b"], {"dockerLabels": {"a": "b"}}),
        ("depends_on", ["b"], {"dependsOn": [{"containerName": "b", "condition": "START"}]}),
        ("depends_on", {"b": {}}, {"dependsOn": [{"containerName": "b", "condition": "START"}]}),
        ("depends_on", {"b": {"condition": "odd"}}, {"dependsOn": [{"containerName": "b", "condition": "odd"}]}),
        ("healthcheck", {"disable": True}, {}),
        ("healthcheck", {"test": ["NONE"]}, {}),
        ("healthcheck", {"test": ["CMD", "a"], "interval": "1h0m2s", "timeout": "500ms"},
         {"healthCheck": {"command": ["CMD", "a"], "interval": 3602, "timeout": 1}}),
        ("healthcheck", {"start_period": "soon"}, {"healthCheck": {"startPeriod": UNKNOWN}}),
        ("ports", [80, "127.0.0.1:53:53/udp", "[::1]:1:2", "1-2:1-2", "8080:80"],
         {"portMappings": [{"containerPort": 80}, {"containerPort": 53, "hostPort": 53, "protocol": "udp"},
                           {"containerPort": 2, "hostPort": 1}, UNKNOWN, {"containerPort": 80, "hostPort": 8080}]}),
        ("volumes", ["/anonymous"], {"mountPoints": []}),
        ("volumes", [{"type": "bind", "source": "/a", "target": "/b", "read_only": True}],
         {"mountPoints": [{"sourceVolume": "/a", "containerPath": "/b", "readOnly": True}]}),
        ("volumes_from", ["b:ro", "container:x"], {"volumesFrom": [{"sourceContainer": "b", "readOnly": True}]}),
        ("mem_limit", "1.5g", {"memory": 1536}),
        ("mem_limit", 64 * 1024 * 1024, {"memory": 64}),
        ("mem_limit", "much", {"memory": UNKNOWN}),
        ("mem_reservation", "100mb", {"memoryReservation": 100}),
        ("deploy", {"resources": {"limits": {"cpus": "0.5", "memory": "50M"}, "reservations": {"memory": "20M"}}},
         {"memory": 50, "memoryReservation": 20, "cpu": 512}),
        ("cpu_shares", 10, {"cpu": 10}),
        ("user", 0, {"user": "0"}),
        ("read_only", True, {"readonlyRootFilesystem": True}),
        ("stop_grace_period", "1m30s", {"stopTimeout": 90}),
        ("logging", {"driver": "awsfirelens", "options": {"Name": "s3", "upload": True}},
         {"logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "s3", "upload": "true"}}}),
        ("logging", {"options": {"a": 1}}, {"logConfiguration": {"logDriver": UNKNOWN, "options": {"a": "1"}}}),
        ("x-aws-firelens", {"type": "fluentd"}, {"firelensConfiguration": {"type": "fluentd"}}),
        ("unheard_of", {"a": 1}, {}),
    ],
)  # fmt: skip
def test_a_key_becomes_what_ecs_has_for_it(key: str, value: Any, expected: dict[str, Any]) -> None:
    assert container(**{key: value}) == expected


def test_what_stands_elsewhere_is_open() -> None:
    text = "include: [more.yaml]\nservices:\n  a: {extends: {service: b}}\n  b: {build: .}\n  c: {image: 'x:$TAG'}\n"
    (found,) = tasks_in(text, "c.yaml")
    a, b, c, more = found.task["containerDefinitions"]
    assert (a, b["image"], c["image"], more) == (UNKNOWN,) * 4
    assert found.task["family"] is UNKNOWN


def test_merge_keys_put_other_maps_in() -> None:
    text = (
        "x-a: &a {image: a:1, user: root}\nx-b: &b\n  image: b:1\n  working_dir: /b\n"
        "services:\n  one:\n    <<: [*a, *b]\n    user: me\n  two: {<<: *b}\n"
    )
    (found,) = tasks_in(text, "c.yaml")
    one, two = found.task["containerDefinitions"]
    assert (one["image"], one["user"], one["workingDirectory"]) == ("a:1", "me", "/b")
    assert (two["image"], two["workingDirectory"]) == ("b:1", "/b")
    place = found.place(("containerDefinitions", 0, "workingDirectory"))
    assert (place.line, place.column) == (4, 16)
    with pytest.raises(UserError, match="a merge key takes a map"):
        tasks_in("services: {a: {<<: 5}}\n", "c.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services: {}\n", "c.yaml:1:11: containerDefinitions is empty"),
        ("services:\n  web:\n", "a container definition is an object, this is null"),
        ("services:\n  web: {logging: 5}\n", "c.yaml:2:18: logConfiguration is an object, this is a number"),
        ("services:\n  web: {image: a, image: b}\n", 'c.yaml:2:19: not YAML: "image" is written twice'),
    ],
)
def test_faults_have_their_place(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        tasks_in(text, "c.yaml")
    assert message in str(caught.value)


KEYS = st.sampled_from(
    [
        *("image", "command", "environment", "depends_on", "condition", "healthcheck", "test", "interval", "ports"),
        *("volumes", "source", "target", "mem_limit", "cpus", "logging", "driver", "options", "labels", "extends"),
        *("x-aws-firelens", "type", "deploy", "resources", "limits", "memory", "user", "read_only", "volumes_from"),
    ]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers()
    | st.sampled_from(["", "a:b", "A=b", "$A", "1m", "80:80", "'"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["web", "api"]), st.dictionaries(KEYS, values, max_size=6)), values)
def test_any_services_give_a_task_definition_or_an_error_with_a_place(services: Any, volumes: Any) -> None:
    text = json.dumps({"services": services, "volumes": volumes})
    try:
        (found,) = tasks_in(text, "c.json")
    except UserError as error:
        place = error.place
    else:
        place = found.place(("containerDefinitions", 0))
    assert place is not None
