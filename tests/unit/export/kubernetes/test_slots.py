from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from outrider.export.kubernetes.slots import fill


def test_a_slot_inside_of_a_line() -> None:
    assert fill("a: @x@-@y@\n", {"x": "1", "y": "2"}) == "a: 1-2\n"


def test_a_slot_alone_is_a_block_as_deep_as_it_stands() -> None:
    assert fill("a:\n  @x@\nb: @y@\n", {"x": "c: 1\n\nd: 2", "y": "3"}) == "a:\n  c: 1\n\n  d: 2\nb: 3\n"
    assert fill("a:\n  @x@\nb: 1\n", {"x": ""}) == "a:\nb: 1\n"


def test_a_value_is_no_text_with_slots() -> None:
    assert fill("@x@\n@y@@x@\n", {"x": "@y@", "y": "@x@"}) == "@y@\n@x@@y@\n"


def test_a_slot_needs_a_value() -> None:
    for text in ("a @x@\n", "  @x@\n"):
        with pytest.raises(KeyError):
            fill(text, {})


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1))
def test_a_block_is_the_text_again(text: str) -> None:
    made = fill("a: |2\n  @x@\nb: 1\n", {"x": text})
    assert yaml.safe_load(made.replace("\ufeff", "")) == {"a": text.replace("\ufeff", "") + "\n", "b": 1}
