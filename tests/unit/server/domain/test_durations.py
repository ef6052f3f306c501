"""Spans and moments: what is read, and what is refused before it reaches a database."""

from __future__ import annotations

import pytest

from outrider.model.errors import UserError
from outrider.server.domain.durations import parse_moment, parse_span, show_moment

NOW = 1_800_000_000 * 10**9


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), (" 15M ", 900), ("24h", 86_400), ("2w", 1_209_600)])
def test_spans(text: str, seconds: int) -> None:
    assert parse_span(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "h", "-1h", "1.5h", "999999w", "5201w", "1" * 5000])
def test_spans_that_are_none_or_too_long(text: str) -> None:
    with pytest.raises(UserError, match="span of time"):
        parse_span(text)


def test_moments() -> None:
    assert parse_moment("now", NOW) == NOW
    assert parse_moment("1h", NOW) == NOW - 3600 * 10**9
    assert show_moment(parse_moment("2026-01-31T08:00:00+01:00", NOW)) == "2026-01-31T07:00:00.000000000Z"
    with pytest.raises(UserError, match="is not a time"):
        parse_moment("yesterday", NOW)
