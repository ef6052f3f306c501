"""Patterns of tags, and what they have in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.tag import covers, matcher, overlaps

PATTERNS = st.text("ab*", max_size=6)


@given(PATTERNS, PATTERNS, st.text("ab", max_size=6))
def test_patterns_of_patterns(first: str, second: str, tag: str) -> None:
    both = matcher(first)(tag) and matcher(second)(tag)
    assert overlaps(first, second) or not both
    assert overlaps(first, second) == overlaps(second, first)
    if covers(first, second) and matcher(second)(tag):
        assert matcher(first)(tag)


@pytest.mark.parametrize(
    ("pattern", "tags", "shared", "whole"),
    [
        ("*", "a.*", True, True),
        ("a.*", "a.*", True, True),
        ("a.b.*", "a.*", True, False),
        ("b.*", "a.*", False, False),
        ("*.log", "a.*", True, False),
        ("a", "a.*", False, False),
        ("a.x", "a.*", True, False),
        ("a", "a", True, True),
    ],
)
def test_what_patterns_share(pattern: str, tags: str, shared: bool, whole: bool) -> None:
    assert (overlaps(pattern, tags), covers(pattern, tags)) == (shared, whole)
