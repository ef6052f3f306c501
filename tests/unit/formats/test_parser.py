"""Parsers: texts to records and times."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.casts import casts
from outrider.formats.decoders import rule
from outrider.formats.parser import Parser, json_fields, logfmt_fields, ltsv_fields, regex_fields
from outrider.formats.timeformat import TimeFormat

ISO = "%Y-%m-%dT%H:%M:%S.%L%z"
TEXT = "2026-01-02T03:04:05.678Z"
NS = 1_767_323_045_678_000_000


def test_groups_become_fields_in_their_order() -> None:
    parser = Parser("p", regex_fields(r"^(?<b>\w+) (x)?(?<a>\w*)"))
    assert parser.parse("one two") == (None, {"b": "one", "a": "two"})
    assert list((parser.parse("one two") or (0, {}))[1]) == ["b", "a"]
    assert parser.parse("one ") == (None, {"b": "one"})
    assert parser.parse("") is None


@pytest.mark.parametrize("pattern", [r"(?<a>x)|(?<b>y)", r"(?>(?<a>x)|(?<b>y))"])
def test_empty_groups(pattern: str) -> None:
    assert Parser("p", regex_fields(pattern)).parse("y") == (None, {"b": "y"})
    assert Parser("p", regex_fields(pattern, skip_empty=False)).parse("y") == (None, {"a": "", "b": "y"})


def test_a_name_may_stand_several_times() -> None:
    parser = Parser("p", regex_fields(r"^(?:a=(?<v>\d+)|b=(?<v>\w+)) (?<w>.*)$"))
    assert parser.parse("a=1 x") == (None, {"v": "1", "w": "x"})
    assert parser.parse("b=z x") == (None, {"v": "z", "w": "x"})
    assert Parser("p", regex_fields(r"(?<v>a)|(?<v>b)|c", skip_empty=False)).parse("c") == (None, {"v": ""})


def test_slashes_and_flags() -> None:
    assert Parser("p", regex_fields("/^(?<a>ERR.*)$/im")).parse("err\nmore") == (None, {"a": "err\nmore"})


@pytest.mark.parametrize(("pattern", "says"), [("(a)", "no named group"), ("(?<a>", "not a regular expression")])
def test_expressions_that_make_no_record(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        regex_fields(pattern)


@pytest.mark.parametrize(
    ("extract", "text"),
    [
        (json_fields, f'{{"time":"{TEXT}","a":"1"}}'),
        (ltsv_fields, f"time:{TEXT}\ta:1"),
        (logfmt_fields(), f"time={TEXT} a=1"),
        (regex_fields(r"^(?<time>\S+) (?<a>.*)"), f"{TEXT} 1"),
    ],
)
def test_the_time_is_taken_out_or_kept(extract: Any, text: str) -> None:
    form = TimeFormat(ISO)
    assert Parser("p", extract, time_format=form).parse(text) == (NS, {"a": "1"})
    assert Parser("p", extract, time_format=form, keep_time=True).parse(text) == (NS, {"time": TEXT, "a": "1"})
    assert Parser("p", extract).parse(text) == (None, {"time": TEXT, "a": "1"})
    assert Parser("p", extract, time_format=form, time_key="a").parse(text) == (None, {"time": TEXT, "a": "1"})


@pytest.mark.parametrize("value", ['"yesterday"', "5", "null"])
def test_a_time_that_does_not_fit_stays_a_field(value: str) -> None:
    bad: list[str] = []
    parser = Parser("p", json_fields, time_format=TimeFormat(ISO), on_bad_time=bad.append)
    found = parser.parse(f'{{"time":{value}}}')
    assert found is not None
    assert found[0] is None
    assert "time" in found[1]
    assert len(bad) == (value != "null")


def test_the_clock_gives_the_year() -> None:
    parser = Parser("p", regex_fields("(?<time>.*)"), time_format=TimeFormat("%b %d"), clock=lambda: NS)
    assert parser.parse("Jan 01") == (1_767_225_600_000_000_000, {})


def test_casts_and_decoders() -> None:
    rules = [rule("json a", replaces=True)]
    wanted = casts("n:integer")
    parser = Parser("p", logfmt_fields(), casts=wanted, rules=rules)
    assert parser.parse('n=5 a="{\\"b\\":1}" flag') == (None, {"n": 5, "a": {"b": 1}, "flag": True})
    assert Parser("p", json_fields, rules=rules, decodes_first=True).parse('{"a":"{}"}') == (None, {"a": {}})


def test_decoding_before_the_time() -> None:
    rules = [rule("json log", replaces=False)]
    parser = Parser("p", json_fields, rules=rules, decodes_first=True, time_format=TimeFormat(ISO))
    assert parser.parse(f'{{"log":"{{\\"time\\":\\"{TEXT}\\"}}"}}') == (NS, {"log": f'{{"time":"{TEXT}"}}'})


_PARSERS = [
    Parser("json", json_fields, time_format=TimeFormat(ISO), rules=[rule("json log", replaces=True)]),
    Parser("ltsv", ltsv_fields, casts=casts("a:integer")),
    Parser("logfmt", logfmt_fields(bare_keys=False), time_format=TimeFormat("%s.%L", strict=False)),
    Parser("regex", regex_fields(r"(?<time>\d*)(?<a>.*)$"), time_format=TimeFormat("%H%M"), clock=lambda: NS),
    Parser("onig", regex_fields(r"(?>(?<time>\d*))(?<a>.*)(?<a>.)?"), time_format=TimeFormat("%H%M")),
]


@given(
    st.lists(st.text(alphabet='{}":,ab=time019 \t\n\\é\udcff') | st.text() | st.just('{"time":"x","log":"{"}')),
    st.sampled_from(_PARSERS),
)
def test_many_are_as_one_by_one_and_nothing_raises(texts: list[str], parser: Parser) -> None:
    times, records = parser.parse_many(texts)
    one_by_one = [parser.parse(text) for text in texts]
    assert [found and found[1] for found in one_by_one] == records
    assert [found and found[0] for found in one_by_one] == times
