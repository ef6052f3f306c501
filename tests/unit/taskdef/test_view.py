"""A task definition as one looks at it."""

from __future__ import annotations

from typing import Any

import pytest

from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.view import Part, Task


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        (" 7 ", 7),
        ("", None),
        ("7.5", None),
        ("\u0667", None),
        ("9" * 5_000, None),
        (True, None),
        (7.0, None),
        (UNKNOWN, None),
        (None, None),
    ],
)
def test_numbers(value: Any, number: int | None) -> None:
    assert Part({"x": value}).number("x") == number


@pytest.mark.parametrize(
    ("value", "units"),
    [("1 GB", 1024), (".5vCPU", 512), ("512", 512), (512, 512), ("9" * 400 + " GB", None), ("1 TB", None)],
)
def test_sizes(value: Any, units: int | None) -> None:
    assert Task({"memory": value}).units("memory") == units


def test_what_a_template_leaves_open_is_there_and_has_no_value() -> None:
    task = Task({"containerDefinitions": [{"name": "a", "essential": UNKNOWN}, UNKNOWN], "cpu": UNKNOWN})
    assert (task.has("cpu"), task.text("cpu"), task.number("cpu")) == (True, None, None)
    assert [container.essential for container in task] == [None]
    assert not task.whole
    assert not Task({"containerDefinitions": UNKNOWN}).whole
    assert not Task({"containerDefinitions": [{"name": UNKNOWN}]}).whole
    assert Task({"containerDefinitions": [{"name": "a"}]}).whole


def test_agents_are_known_by_name_or_image() -> None:
    containers = [
        {"name": "outrider-agent"},
        {"name": "x", "image": "public.ecr.aws/alertlogic/al-agent-container:latest"},
        {"name": "agent", "image": "datadog/agent:7"},
    ]
    assert [container.is_agent for container in Task({"containerDefinitions": containers})] == [True, True, False]


def test_what_is_open_may_hold_anything() -> None:
    part = Part({"open": UNKNOWN, "some": [1, UNKNOWN], "known": [1], "named": [{"name": "a"}, {"name": "b"}]})
    assert [part.is_open(key) for key in ("open", "some", "known", "named", "absent")] == [True, True, *[False] * 3]
    assert part.names("named") == ["a", "b"]
    assert part.names("absent") == []
    assert part.names("open") is None
    assert Part({"named": [{"name": "a"}, {"name": UNKNOWN}]}).names("named") is None
    assert Part({"named": [{"name": "a"}, UNKNOWN]}).names("named") is None


def test_a_path_leads_to_its_container() -> None:
    task = Task({"containerDefinitions": [UNKNOWN, {"name": "a"}, {"name": "b"}]})
    assert task.holding(("containerDefinitions", 2, "logConfiguration", "options")).name == "b"
    assert task.holding(("containerDefinitions", 1)).name == "a"


def test_a_container_whose_name_is_open_is_called_by_its_number() -> None:
    named, nameless = Task({"containerDefinitions": [{"name": "web"}, {"name": UNKNOWN}]})
    assert (named.called, nameless.called) == ("'web'", "container 2")
