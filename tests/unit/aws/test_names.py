"""Names of groups and streams by template."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.aws.names import GROUP, STREAM, Name, clean

RECORD = {"k": "v", "n": 5, "m": {"a": {"b": "deep"}}, "l": ["x"], "none": None, "t": True}


@pytest.mark.parametrize(
    ("text", "go", "expected"),
    [
        ("fixed", False, "fixed"),
        ("app-$TAG", False, "app-one.two"),
        ("$TAG[0]/$TAG[1]", False, "one/two"),
        ("$TAG[2]", False, None),
        ("a.$k.b", False, "a.v.b"),
        ("$m['a']['b']-$l[0]", False, "deep-x"),
        ("$missing", False, None),
        ("$m", False, None),
        ("$none", False, None),
        ("$n$t", False, "5True"),
        ("$TAGS", False, None),
        ("$(tag)-$(tag[1])", True, "one.two-two"),
        ("$(tag[7])", True, None),
        ("$(m['a']['b'])", True, "deep"),
        ("$(k) $5", True, "v $5"),
        ("$(known)", True, "from outside"),
    ],
)
def test_templates(text: str, go: bool, expected: str | None) -> None:
    assert Name(text, go=go, known={"known": "from outside"}).bind("one.two")(RECORD) == expected


@pytest.mark.parametrize(
    ("text", "go", "missing"),
    [
        ("$k.$TAG[1]", False, ""),
        ("$k.$TAG[2].$none", False, "$TAG[2]"),
        ("a-$k.$m['x']['y']", False, "$m['x']['y']"),
        ("$(tag).$(known).$(m)", True, "$(m)"),
    ],
)
def test_what_a_name_lacks(text: str, go: bool, missing: str) -> None:
    assert Name(text, go=go, known={"known": "from outside"}).lacking("one.two", RECORD) == missing


@pytest.mark.parametrize(
    ("text", "go"), [("a$", False), ("$ x", False), ("$(", True), ("$()", True), ("$(a[b])", True)]
)
def test_a_field_that_cannot_be_read_is_an_error(text: str, go: bool) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        Name(text, go=go)


@given(st.text(st.sampled_from("$()[]'TAGtag01.k-"), max_size=15), st.booleans(), st.text(max_size=8))
def test_any_text_is_a_name_or_an_error(text: str, go: bool, tag: str) -> None:
    try:
        name = Name(text, go=go)
    except ValueError:
        return
    found = name.bind(tag)({"k": "v"})
    assert found is None or isinstance(found, str)


def test_characters_that_aws_refuses_are_left_out() -> None:
    assert clean("a b/c#é:*_", GROUP) == "ab/c#_"
    assert clean("a b:*é", STREAM) == "a bé"
    assert len(clean("x" * 600, STREAM)) == 512
