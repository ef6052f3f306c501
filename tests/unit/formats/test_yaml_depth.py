"""Texts of brackets alone are refused with their place before the C loader sees them."""

import contextlib
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.yaml_depth import check_depth
from outrider.ids.configuration import Configuration
from outrider.model.errors import UserError
from outrider.taskdef.yamltree import read_trees

BOMBS = {
    "lists in brackets": ("family: " + "[" * 40_000, 1, 108),
    "maps in brackets": ("a: " + "{a: " * 30_000, 1, 4 + 4 * 99),
    "lists in lines": ("- " * 60_000, 1, 201),
    "variables": ("vars: " + "[" * 100_000, 1, 106),
    "in a second line": ("a: 1\nb: " + "[" * 40_000, 2, 103),
    "in a second document": ("a: 1\n---\n" + "[" * 40_000, 3, 101),
}


@pytest.mark.parametrize("read", [lambda text: read_trees(text, "x.yaml"), lambda text: Configuration.read(text, "x")])
@pytest.mark.parametrize(("text", "line", "column"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_with_its_place(read, text, line, column):
    with pytest.raises(UserError, match="more than 100 levels of nesting") as caught:
        read(text)
    assert (caught.value.place.line, caught.value.place.column) == (line, column)


@given(st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("a"), inner)))
def test_the_deepest_level_counts(value):
    def depth(inner):
        children = inner.values() if isinstance(inner, dict) else inner
        return 1 + max(map(depth, children), default=0)

    text = json.dumps(value)
    check_depth(text, "x", depth(value))
    with pytest.raises(UserError):
        check_depth(text, "x", depth(value) - 1)


@given(st.text("[]{}-?:,&*!a \n", max_size=40))
def test_nothing_undeclared_is_raised(text):
    with contextlib.suppress(UserError, yaml.YAMLError):
        check_depth(text, "x", 3)
