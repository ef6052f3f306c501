"""What patterns cover, against a trial of every short text."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.rights.patterns import covers, narrowed, overlaps

TEXTS = ["".join(text) for length in range(6) for text in product("ab.", repeat=length)]
"""A third letter stands for those that no pattern has."""
patterns = st.text("ab*?", max_size=4)


def fits(pattern: str, text: str) -> bool:
    regex = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


@given(patterns, patterns)
def test_covers_is_that_no_text_fits_the_narrow_one_alone(wide: str, narrow: str) -> None:
    assert covers(wide, narrow) == all(fits(wide, text) for text in TEXTS if fits(narrow, text))


@given(patterns, patterns)
def test_overlaps_is_that_some_text_fits_both(one: str, other: str) -> None:
    assert overlaps(one, other) == any(fits(one, text) and fits(other, text) for text in TEXTS)
    assert overlaps(one, other) == overlaps(other, one)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_taken(one: str, other: str) -> None:
    if covers(one, other):
        assert overlaps(one, other)
    assert covers("*", other)
    assert covers(one, one)


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("arn:aws:logs:*:*:log-group:app:*", "arn:aws:logs:eu-west-1:1:log-group:app:log-stream:x*", True),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*", False),
        ("arn:aws:s3:::bucket*", "arn:aws:s3:::bucket/*", True),
        ("arn:aws:s3:::bucket/a?", "arn:aws:s3:::bucket/a*", False),
        ("a" * 500 + "*" * 50, "a*" * 200, False),
    ],
)
def test_arns(wide: str, narrow: str, expected: bool) -> None:
    assert covers(wide, narrow) is expected


@given(st.lists(patterns, max_size=6))
def test_narrowed_keeps_all_that_was_covered(given_: list[str]) -> None:
    kept = narrowed(given_)
    assert all(any(covers(other, pattern) for other in kept) for pattern in given_)
    assert all(not covers(one, other) for one in kept for other in kept if one != other)
