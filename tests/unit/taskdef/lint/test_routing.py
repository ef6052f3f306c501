"""What rules read of a router's command line and image."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.cli import arguments
from outrider.model.errors import UserError
from outrider.taskdef.lint.routing import Setting, is_aws_image, is_stock_image, router_words, settings, tag_of
from outrider.taskdef.lint.rules.router_arguments import LONG, SHORT, problem_in
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.view import Container

LAUNCH = ["/var/outrider/lib/fluent-bit/fluent-launch"]


def words(**members: Any) -> list[str] | None:
    found = router_words(Container(members))
    return None if found is None else [word.text for word in found]


def test_the_routers_words_follow_the_dashes_or_the_program() -> None:
    assert words(entryPoint=LAUNCH, command=["-i", "a", "b", "--", "-o", "null"]) == ["-o", "null"]
    assert words(entryPoint=LAUNCH, command=["-o", "a", "b"]) == []
    assert words(entryPoint=LAUNCH, command=["-o", "null"]) is None
    assert words(entryPoint=LAUNCH, command=["-e", "x.so", "--", "-o", "null"]) is None
    assert words(command=["/fluent-bit/bin/fluent-bit", "-c", "x"]) == ["-c", "x"]
    assert words(entryPoint=["/fluent-bit/bin/fluent-bit"], command=["-v"]) == ["-v"]
    assert words(command=["sh", "-c", "exec /fluent-bit/bin/fluent-bit"]) is None
    assert words() is None
    assert words(entryPoint=LAUNCH, command=["--", UNKNOWN]) is None
    assert words(entryPoint=LAUNCH, command=UNKNOWN) is None


def test_what_the_launcher_sets() -> None:
    command = ["-m", "-i", "--service", "Grace", "30", "-o", "Retry_Limit", "5", "--", "-o", "null", "x"]
    router = Container({"entryPoint": LAUNCH, "command": command}, ("containerDefinitions", 1))
    (setting, of_outputs) = settings(router)
    assert setting == Setting("service", "Grace", "30", ("containerDefinitions", 1, "command", 3))
    assert setting.value_path == ("containerDefinitions", 1, "command", 4)
    assert (of_outputs.key, of_outputs.value) == ("Retry_Limit", "5")
    assert settings(Container({"command": command})) == []


@pytest.mark.parametrize(
    ("image", "aws", "stock", "tag"),
    [
        ("amazon/aws-for-fluent-bit", True, True, ""),
        ("public.ecr.aws/aws-observability/aws-for-fluent-bit:init-2.32.3", True, True, "init-2.32.3"),
        ("111122223333.dkr.ecr.us-east-1.amazonaws.com:443/aws-for-fluent-bit@sha256:00", True, True, ""),
        ("cr.fluentbit.io/fluent/fluent-bit:5.1", False, True, "5.1"),
        ("my-aws-for-fluent-bit-custom:1", False, False, "1"),
        ("", False, False, ""),
    ],
)
def test_images(image: str, aws: bool, stock: bool, tag: str) -> None:
    container = Container({"image": image})
    assert (is_aws_image(container), is_stock_image(container), tag_of(image)) == (aws, stock, tag)


WORDS = st.lists(st.sampled_from(["-o", "null", "-m", "*", "-p", "a=b", "a", "-c", "--match", "--x", "-vv", "--"]))


@given(WORDS)
def test_arguments_are_wrong_where_the_router_says_so(given_words: list[str]) -> None:
    problem = problem_in(given_words)
    try:
        arguments.parse(given_words)
    except UserError:
        assert problem is not None
        assert problem[0] in given_words
    else:
        assert problem is None


def test_the_options_are_those_of_the_router() -> None:
    assert arguments._SHORT == SHORT
    assert set(arguments._LONG) == set(LONG)
