"""Parameters, times and severities of a search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.server.domain import severity
from outrider.server.domain.durations import parse_moment, parse_span, show_moment
from outrider.server.domain.search import Cursor, Search, parse_search

NOW = 1_700_000_000 * 10**9
HOUR = 3600 * 10**9


def test_defaults_are_the_last_hour_and_a_minute_for_fast_clocks() -> None:
    assert parse_search({}, NOW) == Search(NOW - HOUR, NOW + HOUR // 60)


def test_all_parameters() -> None:
    found = parse_search(
        {
            "from": "2h",
            "to": "1h",
            "host": "web",
            "container": "c",
            "severity": "error",
            "q": "x",
            "limit": "5",
            "cursor": "12.34.5",
        },
        NOW,
    )
    assert (found.from_ns, found.to_ns, found.host, found.container) == (NOW - 2 * HOUR, NOW - HOUR, "web", "c")
    assert (found.severities, found.limit, found.after) == (("err", "error"), 5, Cursor(12, 34, 5))


def test_empty_parameters_are_no_parameters() -> None:
    names = ("from", "to", "host", "container", "severity", "q", "limit", "cursor")
    assert parse_search(dict.fromkeys(names, " "), NOW) == parse_search({}, NOW)


@given(
    st.dictionaries(
        st.sampled_from(["from", "to", "host", "container", "severity", "q", "limit", "cursor"]), st.text(max_size=30)
    )
)
def test_any_parameters_are_a_search_or_a_user_error(parameters: dict[str, str]) -> None:
    try:
        search = parse_search(parameters, NOW)
    except UserError as error:
        assert str(error)  # noqa: PT017 - every refusal has words
        return
    assert search.from_ns < search.to_ns
    assert 1 <= search.limit <= 1000


@given(st.builds(Cursor, st.integers(-(2**61), 2**63 - 1), st.integers(0, 2**62), st.integers(0, 10**9)))
def test_a_cursor_comes_back_as_it_was_given(cursor: Cursor) -> None:
    assert parse_search({"cursor": str(cursor)}, NOW).after == cursor


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("now", NOW),
        ("90s", NOW - 90 * 10**9),
        ("1970-01-01", 0),
        ("1970-01-01T00:00:01", 10**9),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.000001Z", 1000),
        ("1700000000123456789", 1_700_000_000_123_456_789),
    ],
)
def test_moments(text: str, ns: int) -> None:
    assert parse_moment(text, NOW) == ns


@pytest.mark.parametrize("text", ["", "0s", "5", "-5m", "5y", "m", "1.5h"])
def test_spans_that_are_none(text: str) -> None:
    with pytest.raises(UserError, match="not a span"):
        parse_span(text)


@given(st.integers(0, 2**62))
def test_a_shown_moment_is_read_back_to_the_microsecond(ns: int) -> None:
    assert parse_moment(show_moment(ns)[:26] + "Z", NOW) == ns // 1000 * 1000


@pytest.mark.parametrize(
    ("text", "first", "missing"),
    [
        ("error", "err", "crit"),
        ("warning+", "emerg", "notice"),
        ("info, DEBUG", "info", "err"),
        ("fatal", "crit", "err"),
    ],
)
def test_severities(text: str, first: str, missing: str) -> None:
    chosen = severity.chosen(text)
    assert chosen[0] == first
    assert missing not in chosen


def test_no_severity_is_no_filter_and_a_wrong_one_is_explained() -> None:
    assert severity.chosen("") == ()
    with pytest.raises(UserError, match="did you mean 'warning'"):
        severity.chosen("warnign")


def test_spellings_are_one_name() -> None:
    assert {severity.normal(text) for text in ("WARN", "warning ", "Warning")} == {"warning"}
    assert severity.normal("Weird") == "weird"
