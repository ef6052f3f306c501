"""Record accessors: which value they find, and which texts are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.accessor import MISSING, accessor

RECORD: dict[str, Any] = {
    "log": "hello",
    "with.dot": 1,
    "a-b/c": 2,
    "k8s": {"labels": {"app": "web", "it's": "odd"}, "ids": [10, [20, {"deep": "x"}]]},
    "null": None,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("log", "hello"),
        ("$log", "hello"),
        ("with.dot", 1),
        ("$a-b/c", 2),
        ("$k8s['labels']['app']", "web"),
        ('k8s["labels"]["app"]', "web"),
        ("k8s['labels']['it's']", "odd"),
        ("$k8s['ids'][0]", 10),
        ("$k8s['ids'][1][1]['deep']", "x"),
        ("$null", None),
        ("$nothing", MISSING),
        ("$log['x']", MISSING),
        ("$log[0]", MISSING),
        ("$k8s['ids'][9]", MISSING),
        ("$k8s['ids']['x']", MISSING),
        ("$k8s['labels'][0]", MISSING),
        ("$null['x']", MISSING),
    ],
)
def test_value(text: str, value: Any) -> None:
    assert accessor(text)(RECORD) == value


@pytest.mark.parametrize("text", ["", "$", "[0]", "$['a']", "a[b]", "a['b'", "a['b']x", "a[0", "a b", "$$a", "a[-1]"])
def test_what_is_no_accessor(text: str) -> None:
    with pytest.raises(ValueError, match="not a record accessor"):
        accessor(text)


@given(st.text(max_size=12))
def test_any_text_is_an_accessor_or_a_value_error(text: str) -> None:
    try:
        get = accessor(text)
    except ValueError:
        return
    get(RECORD)
