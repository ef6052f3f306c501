"""expect: what is wrong with records, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from outrider.model.errors import LocalError, UserError
from outrider.plugins.filters.expect.rules import rule

RECORD = {"a": "x", "n": 5, "none": None, "m": {"k": "deep"}, "f": 1.5, "t": True}


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("key_exists", "a", ""),
        ("key_exists", "$m['k']", ""),
        ("key_exists", "none", ""),
        ("key_exists", "z", "key 'z' not found"),
        ("key_not_exists", "z", ""),
        ("key_not_exists", "a", "key 'a' exists"),
        ("key_val_is_null", "none", ""),
        ("key_val_is_null", "z", "key 'z' not found"),
        ("key_val_is_null", "a", "key 'a' contains a value type 'string'"),
        ("key_val_is_null", "f", "key 'f' contains a value type 'float / double'"),
        ("key_val_is_null", "m", "key 'm' contains a value type 'UNKNOWN'"),
        ("key_val_is_not_null", "a", ""),
        ("key_val_is_not_null", "none", "key 'none' contains a value type 'null'"),
        ("key_val_is_not_null", "z", "key 'z' not found"),
        ("key_val_eq", "a x", ""),
        ("key_val_eq", "a y", "key value 'x' is different than expected: 'y'"),
        ("key_val_eq", "$m['k'] deep", ""),
        ("key_val_eq", "n 6", ""),
        ("key_val_eq", "z x", "key 'z' not found"),
    ],
)
def test_rules(name: str, text: str, complaint: str) -> None:
    assert rule(name, text)(RECORD) == complaint


async def test_warn_lets_the_records_go_on(route: Any) -> None:
    went = await route([("expect", [("key_not_exists", "z"), ("key_exists", "a")])], ("app", [{"a": 1}, {"b": 2}]))
    assert went.records == [{"a": 1}, {"b": 2}]
    assert "exception on rule #1 'key_exists', key 'a' not found. Record content: {\"b\":2}" in went.log
    assert "expect check failed" in went.log


@pytest.mark.parametrize(("records", "matched"), [([{"a": 1}, {"a": 2}], True), ([{"a": 1}, {"b": 2}], False)])
async def test_the_result_key_comes_first_and_is_of_the_batch(route: Any, records: list[Any], matched: bool) -> None:
    rules = [("key_exists", "a"), ("action", "result_key"), ("result_key", "ok")]
    went = await route([("expect", rules)], ("app", records))
    assert [list(record.items()) for record in went.records] == [
        [("ok", matched), *record.items()] for record in records
    ]


async def test_exit_delivers_what_is_there_and_ends_with_an_error(filter_of: Any, batch: Any) -> None:
    plugin = filter_of("expect", [("key_exists", "a"), ("action", "exit")])
    ended = []
    plugin.end = lambda: ended.append(True)
    plugin.apply(batch({"a": 1}))
    await plugin.stop()
    assert not ended
    plugin.apply(batch({"b": 1}))
    assert ended == [True]
    with pytest.raises(LocalError, match="expect check failed: exception on rule #0 'key_exists'"):
        await plugin.stop()


async def test_exit_ends_the_pipeline(route: Any) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        await route([("expect", [("key_exists", "a"), ("action", "exit")])], ("app", [{"b": 2}]))
    assert raised.group_contains(LocalError, match="expect check failed")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([("key_exists", "")], "a key is expected"),
        ([("key_val_eq", "a")], "two words are expected"),
        ([("key_exists", "$a[")], "not a record accessor"),
        ([("action", "shout")], "allowed: warn, exit, result_key"),
    ],
)
def test_what_is_refused(filter_of: Any, rules: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_of("expect", rules)


def test_no_rule_is_worth_a_warning(filter_of: Any) -> None:
    assert "no rules have been defined" in filter_of("expect", []).logged()
