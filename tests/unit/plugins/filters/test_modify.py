"""modify: rules in the order of the file, conditions that all must hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.plugins.filters.modify.conditions import condition
from outrider.plugins.filters.modify.rules import Rules

RECORD = {"a": 1, "ab": "two", "b": None, "c": b"raw"}


def changed(filter_of: Any, batch: Any, *rules: tuple[str, str], record: dict[Any, Any] = RECORD) -> list[Any]:
    found = batch(dict(record), dict(record))
    filter_of("modify", list(rules)).apply(found)
    assert found.records[0] == found.records[1]
    return list(found.records[0].items())


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], {"a": 1, "ab": "two", "b": None, "c": b"raw"}),
        ([("set", "z 5")], {"a": 1, "ab": "two", "b": None, "c": b"raw", "z": "5"}),
        ([("set", "a 5")], {"ab": "two", "b": None, "c": b"raw", "a": "5"}),
        ([("set", 'a "two words"')], {"ab": "two", "b": None, "c": b"raw", "a": "two words"}),
        ([("add", "a 5"), ("add", "z 6")], {"a": 1, "ab": "two", "b": None, "c": b"raw", "z": "6"}),
        ([("remove", "a"), ("remove", "none")], {"ab": "two", "b": None, "c": b"raw"}),
        ([("remove_wildcard", "a")], {"b": None, "c": b"raw"}),
        ([("remove_regex", "^.$")], {"ab": "two"}),
        ([("rename", "ab x")], {"a": 1, "x": "two", "b": None, "c": b"raw"}),
        ([("rename", "ab b")], RECORD),
        ([("rename", "none x")], RECORD),
        ([("hard_rename", "ab b")], {"a": 1, "b": "two", "c": b"raw"}),
        ([("hard_rename", "c a")], {"ab": "two", "b": None, "a": b"raw"}),
        ([("hard_rename", "none b")], RECORD),
        ([("hard_rename", "a a")], RECORD),
        ([("copy", "ab x")], {"a": 1, "ab": "two", "x": "two", "b": None, "c": b"raw"}),
        ([("copy", "ab b")], RECORD),
        ([("hard_copy", "ab a")], {"ab": "two", "a": "two", "b": None, "c": b"raw"}),
        ([("hard_copy", "none a")], RECORD),
        ([("move_to_end", "a")], {"b": None, "c": b"raw", "a": 1, "ab": "two"}),
        ([("move_to_start", "c")], {"c": b"raw", "a": 1, "ab": "two", "b": None}),
        ([("set", "z 5"), ("move_to_start", "z")], {"z": "5", "a": 1, "ab": "two", "b": None, "c": b"raw"}),
        ([("set", "z 5"), ("rename", "z y")], {"a": 1, "ab": "two", "b": None, "c": b"raw", "y": "5"}),
        ([("set", "z 5"), ("copy", "a y")], {"a": 1, "y": 1, "ab": "two", "b": None, "c": b"raw", "z": "5"}),
        ([("set", "a 5"), ("set", "a 6")], {"ab": "two", "b": None, "c": b"raw", "a": "6"}),
        ([("rename", "a x"), ("set", "a 1"), ("remove", "x")], {"ab": "two", "b": None, "c": b"raw", "a": "1"}),
        ([("remove_wildcard", '""')], {}),
    ],
)
def test_rules(filter_of: Any, batch: Any, rules: list[tuple[str, str]], expected: dict[str, Any]) -> None:
    assert changed(filter_of, batch, *rules) == list(expected.items())


def test_keys_that_are_no_text(filter_of: Any, batch: Any) -> None:
    record = {b"raw": 1, 5: 2, True: 3, "x": 4}
    renamed = changed(filter_of, batch, ("rename", "raw text"), record=record)
    assert renamed == [
        ("text", 1),
        (5, 2),
        (True, 3),
        ("x", 4),
    ]
    assert changed(filter_of, batch, ("remove_regex", "true|5|raw"), record=record) == [(b"raw", 1), (5, 2), ("x", 4)]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Key_exists a", True),
        ("key_exists b", True),
        ("Key_exists d", False),
        ("Key_exists $m['x']", True),
        ("Key_exists $m['y']", False),
        ("Key_exists m['x']", False),
        ("Key_does_not_exist d", True),
        ("Key_does_not_exist a", False),
        ("A_key_matches ^a.$", True),
        ("A_key_matches z", False),
        ("No_key_matches z", True),
        ("No_key_matches b", False),
        ("Key_value_equals ab two", True),
        ("Key_value_equals c raw", True),
        ("Key_value_equals a 1", False),
        ("Key_value_equals t true", False),
        ("Key_value_equals $m['x'] 'in side'", True),
        ("Key_value_equals d two", False),
        ("Key_value_does_not_equal ab three", True),
        ("Key_value_does_not_equal ab two", False),
        ("Key_value_does_not_equal c raw", False),
        ("Key_value_does_not_equal d two", False),
        ("Key_value_matches ab ^t", True),
        ("Key_value_matches t ^true$", True),
        ("Key_value_matches a 1", False),
        ("Key_value_matches c raw", False),
        ("Key_value_does_not_match ab ^x", True),
        ("Key_value_does_not_match a 1", True),
        ("Key_value_does_not_match ab ^t", False),
        ("Key_value_does_not_match d ^t", False),
        ("Matching_keys_have_matching_values ^ab two", True),
        ("Matching_keys_have_matching_values ^a two", False),
        ("Matching_keys_have_matching_values ^z two", True),
        ("Matching_keys_do_not_have_matching_values ^a two", True),
        ("Matching_keys_do_not_have_matching_values ^ab two", False),
    ],
)
def test_conditions(text: str, holds: bool) -> None:
    record = {"a": 1, "ab": "two", "b": None, "c": b"raw", "t": True, "m": {"x": "in side"}}
    assert condition(text)(record) is holds


def test_only_records_that_meet_all_conditions_change(filter_of: Any, batch: Any) -> None:
    plugin = filter_of(
        "modify", [("set", "hit yes"), ("condition", "Key_exists a"), ("condition", "Key_value_equals b x")]
    )
    found = batch({"a": 1}, {"a": 1, "b": "x"}, {"b": "x"}, {"b": "x", "a": 2})
    plugin.apply(found)
    assert [record.get("hit") for record in found.records] == [None, "yes", None, "yes"]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([("set", "a")], "set 'a': two words are expected: KEY VALUE"),
        ([("set", "a b c")], "two words are expected"),
        ([("rename", "a b c d")], "two words are expected: KEY NEW"),
        ([("remove", "a b")], "one word is expected"),
        ([("remove", "")], "one word is expected"),
        ([("set", "a 'b")], "not closed"),
        ([("remove_regex", "(")], r"remove_regex '\(': not a regular expression"),
        ([("condition", "")], "'' is no condition; allowed: key_exists"),
        ([("condition", "Key_is_there a")], "'key_is_there' is no condition"),
        ([("condition", "Key_exists")], "key_exists takes 1 arguments, found 0"),
        ([("condition", "Key_value_equals a b c")], "takes 2 arguments, found 3"),
        ([("condition", "Key_exists $a[")], "not a record accessor"),
        ([("condition", "Key_value_matches a (")], "not a regular expression"),
        ([("put", "a b")], "unknown configuration property 'put'"),
    ],
)
def test_what_is_refused(filter_of: Any, rules: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_of("modify", rules)


async def test_in_a_pipeline(route: Any) -> None:
    went = await route(
        [("modify", [("rename", "log message"), ("condition", "Key_exists log")])],
        ("app", [{"log": "x", "n": 1}, {"n": 2}]),
    )
    assert went.records == [{"message": "x", "n": 1}, {"n": 2}]


# ---- the same rules once more, in the plainest way -------------------------------------------------------------------

KEYS = st.sampled_from(["a", "ab", "b", "c"])
VALUES = st.sampled_from(["x", "y"])
RULES = st.one_of(
    st.tuples(st.sampled_from(["set", "add"]), st.tuples(KEYS, VALUES)),
    st.tuples(st.sampled_from(["rename", "hard_rename", "copy", "hard_copy"]), st.tuples(KEYS, KEYS)),
    st.tuples(st.sampled_from(["remove", "remove_wildcard", "move_to_start", "move_to_end"]), st.tuples(KEYS)),
)


def plainly(pairs: list[tuple[str, Any]], name: str, words: tuple[str, ...]) -> list[tuple[str, Any]]:
    key, other = words[0], words[-1]
    here = dict(pairs)
    without = [pair for pair in pairs if pair[0] != key]
    begins = [pair for pair in pairs if pair[0].startswith(key)]
    rest = [pair for pair in pairs if not pair[0].startswith(key)]
    if name in ("rename", "hard_rename", "copy", "hard_copy"):
        if key not in here or key == other or (other in here and not name.startswith("hard")):
            return pairs
        found = []
        for pair in pairs:
            if pair[0] == key:
                found += [(other, pair[1])] if name.endswith("rename") else [pair, (other, pair[1])]
            elif pair[0] != other:
                found.append(pair)
        return found
    return {
        "set": [*without, (key, other)],
        "add": pairs if key in here else [*pairs, (key, other)],
        "remove": without,
        "remove_wildcard": rest,
        "move_to_start": begins + rest,
        "move_to_end": rest + begins,
    }[name]


@given(
    st.lists(st.dictionaries(KEYS, st.integers()), max_size=6),
    st.lists(RULES, max_size=5),
)
def test_it_is_as_if_each_rule_walked_each_record(
    records: list[dict[str, Any]], rules: list[tuple[str, tuple[str, ...]]]
) -> None:
    made = Rules()
    for name, words in rules:
        made.add(name, " ".join(words))
    for record in records:
        pairs = list(record.items())
        for name, words in rules:
            pairs = plainly(pairs, name, words)
        [result] = made.plan(tuple(record))([dict(record)])
        assert list(result.items()) == pairs


@given(st.text(max_size=40), st.sampled_from(["set", "remove", "remove_regex", "rename", "condition"]))
def test_any_text_is_a_rule_or_a_value_error(text: str, name: str) -> None:
    try:
        if name == "condition":
            condition(text)({"a": "b"})
        else:
            rules = Rules()
            rules.add(name, text)
            rules.plan(("a", "b"))([{"a": 1, "b": 2}])
    except ValueError:
        return
