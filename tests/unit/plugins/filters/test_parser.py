"""parser: which records change, what stays of them, and where the time comes from."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.model.batch import Batch, Record
from outrider.model.errors import UserError

TIMED = '{"time":"21/Nov/2026:09:20:11 +0000","a":1}'
NS = 1_795_252_811_000_000_000


def parser(*rules: tuple[str, str], key: str = "log", names: tuple[str, ...] = ("json",)) -> list[tuple[str, str]]:
    return [("key_name", key), *(("parser", name) for name in names), *rules]


def applied(made: Any, *records: Record) -> list[Record]:
    batch = Batch("t", list(range(len(records))), list(records))
    made.apply(batch)
    assert len(batch.times) == len(batch.records)
    return batch.records


RESERVE = ("reserve_data", "on")
PRESERVE = ("preserve_key", "on")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], {"b": 2}),
        ([RESERVE], {"b": 2, "a": 1, "c": 3}),
        ([RESERVE, PRESERVE], {"b": 2, "a": 1, "log": '{"b":2}', "c": 3}),
        ([PRESERVE], {"b": 2}),
    ],
)
def test_what_stays(filter_of: Any, rules: list[tuple[str, str]], expected: Record) -> None:
    found = applied(filter_of("parser", parser(*rules)), {"a": 1, "log": '{"b":2}', "c": 3})
    assert [list(record.items()) for record in found] == [list(expected.items())]


def test_a_field_of_both_has_the_value_of_the_record(filter_of: Any) -> None:
    records = [{"a": 1, "log": '{"a":2,"b":3}'}, {"c": 1, "log": '{"a":2}'}]
    found = applied(filter_of("parser", parser(RESERVE)), *records)
    assert [list(record.items()) for record in found] == [[("b", 3), ("a", 1)], [("a", 2), ("c", 1)]]


def test_records_that_do_not_match_stay(filter_of: Any) -> None:
    records: list[Record] = [{"log": "x"}, {"log": '{"a":1}', "b": 2}, {"n": 1}, {"log": 5}, {"log": b'{"c":3}'}]
    found = applied(filter_of("parser", parser(RESERVE)), *records)
    assert found == [{"log": "x"}, {"a": 1, "b": 2}, {"n": 1}, {"log": 5}, {"c": 3}]


def test_more_records_than_are_parsed_at_a_time(filter_of: Any) -> None:
    some: list[Record] = [
        {"log": f'{{"time":"21/Nov/2026:09:20:11 +0000","a":{n}}}' if n % 3 else "x"} for n in range(700)
    ]
    batch = Batch("t", list(range(700)), some)
    filter_of("parser", parser()).apply(batch)
    assert [record.get("a") for record in batch.records] == [n if n % 3 else None for n in range(700)]
    assert batch.times == [NS if n % 3 else n for n in range(700)]


def test_the_first_parser_that_matches(filter_of: Any) -> None:
    made = filter_of("parser", parser(RESERVE, names=("json", "logfmt")))
    records = [{"log": "a=1"}, {"log": '{"b":2}'}, {"log": "="}, {"log": "c=3", "x": 1}]
    assert applied(made, *records) == [{"a": "1"}, {"b": 2}, {"log": "="}, {"c": "3", "x": 1}]


def test_the_time_of_the_text_is_the_records_time(filter_of: Any) -> None:
    batch = Batch("t", [1, 2, 3], [{"log": "x"}, {"log": TIMED}, {"log": "{}"}])
    filter_of("parser", parser()).apply(batch)
    assert (batch.times, batch.records) == ([1, NS, 3], [{"log": "x"}, {"a": 1}, {}])
    batch = Batch("t", [1, 2], [{"log": TIMED}, {"log": "{}"}])
    filter_of("parser", parser()).apply(batch)
    assert batch.times == [NS, 2]


@pytest.mark.parametrize(
    ("key", "record", "expected"),
    [
        ("$a['b']", {"a": {"b": '{"x":1}', "c": 2}}, {"x": 1, "a": {"c": 2}}),
        ("$a[1]", {"a": ["y", '{"x":1}']}, {"x": 1, "a": ["y"]}),
        ("$a", {"a": '{"x":1}'}, {"x": 1}),
        ("a['b']", {"a['b']": '{"x":1}'}, {"x": 1}),
    ],
)
def test_accessors(filter_of: Any, key: str, record: Record, expected: Record) -> None:
    assert applied(filter_of("parser", parser(RESERVE, key=key)), record) == [expected]


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([("parser", "json")], "missing 'key_name'"),
        ([("key_name", "log")], "missing 'parser'"),
        (parser(names=("jsn",)), "parser 'jsn' is not known; did you mean 'json'"),
        (parser(key="$a["), "key_name"),
    ],
)
def test_options_that_cannot_work(filter_of: Any, rules: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(UserError, match=says):
        filter_of("parser", rules)


async def test_in_a_pipeline(route: Any) -> None:
    went = await route([("parser", parser(RESERVE))], ("app", [{"log": '{"a":1}', "b": 2}, {"log": "plain"}]))
    assert went.records == [{"a": 1, "b": 2}, {"log": "plain"}]


_texts = st.sampled_from(['{"a":1}', '{"log":"x","b":2}', "a=1 b", "", "x", '{"time":"?"}', 5, None, b"{}", b"\xff"])
_records = st.dictionaries(st.sampled_from(["log", "a", "b"]), _texts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # which makes a new filter each time
@given(st.lists(_records), st.booleans(), st.booleans())
def test_records_together_are_as_records_alone(
    filter_of: Any, records: list[Record], reserve: bool, preserve: bool
) -> None:
    rules = [("reserve_data", str(reserve)), ("preserve_key", str(preserve))]
    made = filter_of("parser", parser(*rules, names=("json", "logfmt")))
    alone = [applied(made, dict(record))[0] for record in records]
    together = applied(made, *map(dict, records))
    assert [list(record.items()) for record in together] == [list(record.items()) for record in alone]
