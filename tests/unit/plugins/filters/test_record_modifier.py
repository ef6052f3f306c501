"""record_modifier: keys go first, then fields are added at the end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from outrider.model.errors import UserError


def apply(plugin: Any, batch: Any) -> list[Any]:
    plugin.apply(batch)
    return [list(record.items()) for record in batch.records]


def test_fields_are_added_at_the_end_as_text(make: Any, batch: Any) -> None:
    plugin = make("filter", "record_modifier", record=["cluster web", "n 5"])
    assert apply(plugin, batch({"log": "x"}, {})) == [
        [("log", "x"), ("cluster", "web"), ("n", "5")],
        [("cluster", "web"), ("n", "5")],
    ]


def test_a_field_that_is_there_moves_to_the_end(make: Any, batch: Any) -> None:
    plugin = make("filter", "record_modifier", record=["a new", "b B"])
    assert apply(plugin, batch({"a": "old", "z": 1}, {"z": 2})) == [
        [("z", 1), ("a", "new"), ("b", "B")],
        [("z", 2), ("a", "new"), ("b", "B")],
    ]


def test_the_last_of_two_values_for_one_key_wins(make: Any, batch: Any) -> None:
    plugin = make("filter", "record_modifier", record=["a 1", "b 2", "a 3"])
    assert apply(plugin, batch({})) == [[("b", "2"), ("a", "3")]]


def test_a_value_with_blanks_must_be_quoted(make: Any, batch: Any) -> None:
    plugin = make("filter", "record_modifier", record=['a "two words"', "b two words", "c"])
    assert apply(plugin, batch({})) == [[("a", "two words")]]
    assert "Record 'b two words' is skipped" in plugin.logged()
    assert "put a value with spaces in double quotes" in plugin.logged()


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["a"], ["Ab", "b", "container_id", "container_name"]),
        (["A"], ["Ab", "b", "container_id", "container_name"]),
        (["a*"], ["b", "container_id", "container_name"]),
        (["CONTAINER_*", "b"], ["a", "Ab"]),
        (["*"], []),
        (["nothing"], ["a", "Ab", "b", "container_id", "container_name"]),
    ],
)
def test_keys_are_removed_by_name_and_prefix(make: Any, batch: Any, patterns: list[str], left: list[str]) -> None:
    record = dict.fromkeys(["a", "Ab", "b", "container_id", "container_name"], 1)
    (found,) = apply(make("filter", "record_modifier", remove_key=patterns), batch(record))
    assert [key for key, _ in found] == left


@pytest.mark.parametrize("option", ["allowlist_key", "whitelist_key"])
def test_only_named_keys_are_kept(make: Any, batch: Any, option: str) -> None:
    plugin = make("filter", "record_modifier", **{option: ["LOG", "con*"]}, record="new 1")
    assert apply(plugin, batch({"log": 1, "x": 2, "container": 3, 5: 6})) == [
        [("log", 1), ("container", 3), ("new", "1")]
    ]


def test_uuid(make: Any, batch: Any) -> None:
    found = apply(make("filter", "record_modifier", uuid_key="id"), batch({"a": 1}, {"a": 2}))
    ids = {UUID(dict(record)["id"]) for record in found}
    assert len(ids) == 2


def test_both_lists_are_refused(make: Any) -> None:
    with pytest.raises(UserError, match="cannot be used together; fix: keep one of them"):
        make("filter", "record_modifier", remove_key="a", allowlist_key="b")


def test_a_memory_of_keys_is_bounded(make: Any, batch: Any) -> None:
    plugin = make("filter", "record_modifier", remove_key="gone*")
    for start in range(0, 30_000, 1000):
        found = apply(plugin, batch({f"{word}{n}": 1 for n in range(start, start + 1000) for word in ("gone", "kept")}))
        assert len(found[0]) == 1000
    assert len(plugin._known) <= 10_000
