"""GELF: which fields become what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.gelf import Fields, encode

TIME = 1_700_000_000_007_999_999


def one(record: dict[Any, Any], **fields: str) -> Any:
    made = encode(TIME, record, Fields(**fields).roles(), escape_unicode=True)
    return None if made is None else json.loads(made)


def test_roles_and_names() -> None:
    record = {"log": "m", "h": "web", "lv": "warning", "f": "full", "a b.c-d": 1, "id": 7, "n": None, "t": False}
    fields = {"short_message": "log", "host": "h", "level": "lv", "full_message": "f"}
    assert one(record, **fields) == {
        "version": "1.1", "short_message": "m", "host": "web", "level": 4, "full_message": "full", "_a_b.c-d": 1,
        "_t": "true" if record["t"] else "false", "timestamp": 1700000000.007,
    }  # fmt: skip


def test_times() -> None:
    raw = encode(TIME, {"short_message": "m"}, Fields().roles(), escape_unicode=True)
    assert raw == b'{"version":"1.1","short_message":"m","timestamp":1700000000.007}'
    assert one({"short_message": "m", "ts": 5.5}, timestamp="ts")["timestamp"] == 5.5


@pytest.mark.parametrize(
    ("level", "expected"), [("3", 3), ("ERR", 3), (6, 6), ("odd", "odd"), ("9", "9"), (True, "true"), ("", "")]
)
def test_levels(level: Any, expected: Any) -> None:
    assert one({"short_message": "m", "level": level})["level"] == expected


def test_nested_values() -> None:
    record = {
        "short_message": "m",
        "k": {"a": {"b": 1}, "c": [1, "x", {"d": 2, "e": "f"}], "z": None},
        "l": [True, None],
    }
    made = one(record)
    assert {key: value for key, value in made.items() if key.startswith("_")} == {
        "_k_a_b": 1,
        "_k_c": "1, x, d=2 e=f",
        "_k_z": None,
        "_l": "true, null",
    }


def test_no_message_no_object() -> None:
    assert one({"log": "m"}) is None
    assert one({"short_message": None}) is None


@given(
    st.dictionaries(
        st.text(max_size=5) | st.binary(max_size=3) | st.integers(),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text()
            | st.binary(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=5,
    )
)
def test_any_record_is_flat(record: dict[Any, Any]) -> None:
    made = one({**record, "short_message": "m"})
    assert not any(isinstance(value, dict | list | bool) for value in made.values())
