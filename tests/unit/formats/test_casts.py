"""Types of fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.casts import CASTS, apply, casts


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("integer", "200", 200),
        ("integer", " -7 apples", -7),
        ("integer", "apples", 0),
        ("integer", "9" * 30, 2**63 - 1),
        ("integer", "-" + "9" * 30, -(2**63)),
        ("float", "1.5e3x", 1500.0),
        ("float", "-", 0.0),
        ("float", ".5", 0.5),
        ("hex", "0xFF", 255),
        ("hex", "ff", 255),
        ("hex", "f" * 40, 2**64 - 1),
        ("hex", "zz", 0),
        ("bool", "TRUE", True),
        ("bool", "false", False),
        ("bool", "yes", "yes"),
        ("string", "1", "1"),
    ],
)
def test_casts(kind: str, text: str, expected: object) -> None:
    record: dict[str, Any] = {"a": text, "b": text}
    apply(record, casts(f"a:{kind} missing:float"))
    assert record == {"a": expected, "b": text}
    assert type(record["a"]) is type(expected)


def test_fields_that_are_no_text_stay() -> None:
    record = {"a": True}
    apply(record, casts("a:integer"))
    assert record["a"] is True


@pytest.mark.parametrize("text", ["a", "a:number", ":integer", "a:integer b"])
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not FIELD:TYPE"):
        casts(text)


@given(st.text(), st.sampled_from(sorted(CASTS)))
def test_nothing_raises(text: str, kind: str) -> None:
    apply({"a": text}, casts(f"a:{kind}"))
