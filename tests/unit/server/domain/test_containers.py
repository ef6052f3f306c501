"""Container names: what ECS adds to them goes, everything else stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.server.domain.containers import means_full_name, short_name

HEX = "0123456789abcdef0123"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        (f"ecs-web-1-worker-{HEX}", "worker"),
        (f"/ecs-web-12-web-{HEX}", "web"),
        (f"ecs-my-shop-3-log-router-{HEX}", "log-router"),
        (f"ecs-shop-2024-3-web-{HEX}", "web"),
        (f"ecs-web-1-worker-2-{HEX}", "worker-2"),
        (f"ecs-web-1-2-{HEX}", "2"),
        ("web", "web"),
        ("", ""),
        ("ecs-web-1-worker", "ecs-web-1-worker"),
        (f"ecs-web-worker-{HEX}", f"ecs-web-worker-{HEX}"),
    ],
)
def test_names_of_ecs_become_those_of_the_task_definition(name: str, short: str) -> None:
    assert short_name(name) == short


@given(st.from_regex(r"[a-z][a-z_-]{0,10}[a-z]", fullmatch=True), st.integers(1, 999), st.sampled_from(["a", "b-1"]))
def test_whatever_the_family_is_called(family: str, revision: int, container: str) -> None:
    assert short_name(f"ecs-{family}-{revision}-{container}-{HEX}") == container


@given(st.text())
def test_a_name_never_becomes_empty(name: str) -> None:
    assert bool(short_name(name)) == bool(name)


def test_filters_about_the_whole_name_begin_as_it_does() -> None:
    assert means_full_name("ECS-web-1")
    assert means_full_name("/ecs-")
    assert not means_full_name("web")
