"""Which expressions are taken for risky: the known kinds, and none of the usual ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.backtracking import is_risky


@pytest.mark.parametrize(
    "pattern",
    [
        "(x+x+)+y",
        "^(?<a>(a|aa)+)$",
        r"(?:\s*\w*)*;",
        "((a{1,9})b?){2,}",
        "((a+)){1,30}",
        "(?>(a*)b)+",
        "(?<all>((?:a*))*)",
        "^.*a.*b.+c",
    ],
)
def test_risky(pattern: str) -> None:
    assert is_risky(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r'^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^ ]*) +\S*)?"',
        r"^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>[^ ]*) (?<message>.*)$",
        r"(?:\d{1,3}\.){3}\d+",
        r"[(a+)+]+",
        r"\(a+\)+",
        "(abc)+",
        "^.*a.*$",
        "",
        ")))",
        "(((",
    ],
)
def test_usual(pattern: str) -> None:
    assert not is_risky(pattern)


@given(st.text(alphabet="()[]{}|*+?.\\a1,<>:!='", max_size=40))
def test_any_text_is_looked_through(pattern: str) -> None:
    assert is_risky(pattern) in (True, False)
