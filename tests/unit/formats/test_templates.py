"""Templates: tags, parts of tags, groups and fields in a text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.accessor import MISSING
from outrider.formats.regex import Regex
from outrider.formats.templates import Template

RECORD: dict[str, Any] = {
    "a": "A",
    "n": 5,
    "f": 1.5,
    "yes": True,
    "no": False,
    "none": None,
    "m": {"x": {"y": "deep"}, "a.b": "dots"},
    "l": ["first"],
    "raw": b"\x01\xff",
    "a-b/c": "path",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain.text", "plain.text"),
        ("$TAG", "app.web.1"),
        ("x.$TAG.y", "x.app.web.1.y"),
        ("$TAG[0]-$TAG[2]", "app-1"),
        ("$TAG[3]", ""),
        ("$TAG[1]$TAG[1]", "webweb"),
        ("$0", "key=value"),
        ("$1.$2", "key.value"),
        ("$3$9", ""),
        ("$a", "A"),
        ("$a.$n.$f", "A.5.1.500000"),
        ("$yes $no,$none", "true false,null"),
        ("$m['x']['y']", "deep"),
        ("$m['a.b'].z", "dots.z"),
        ("$m['x']", '{"y":"deep"}'),
        ("$l[0]", "first"),
        ("$l", ""),
        ("$raw", "01ff"),
        ("$a-b/c", "path"),
        ("$missing.x", ".x"),
        ("$TAG[1].$1.$a", "web.key.A"),
    ],
)
def test_what_stands_for_what(text: str, expected: str) -> None:
    match = Regex(r"(\w+)=(\w+)(z)?").search("key=value")
    assert Template(text).bind("app.web.1")(RECORD, match) == expected


def test_without_a_match_groups_are_empty() -> None:
    assert Template("a$1b").bind("t")({}, None) == "ab"


def test_a_group_that_the_expression_has_not_is_empty_in_both_engines() -> None:
    for pattern in ("a", "a++"):
        assert Template("<$0$1>").bind("t")({}, Regex(pattern).search("a")) == "<a>"


@pytest.mark.parametrize("text", ["$", "a.$", "$.x", "$ x", "$$a", "$[0]"])
def test_a_dollar_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names nothing"):
        Template(text)


@given(
    st.text(st.sampled_from("$TAG[]0159.'\" akey-"), max_size=30),
    st.text(max_size=10),
    st.dictionaries(st.sampled_from(["a", "k", "key"]), st.one_of(st.none(), st.text(), st.floats(), st.binary())),
)
def test_any_text_composes_or_is_refused(text: str, tag: str, record: dict[str, Any]) -> None:
    try:
        template = Template(text)
    except ValueError:
        return
    composed = template.bind(tag)(record, None)
    if "$" not in text:
        assert composed == text
    if not template.of_record:
        assert composed == template.bind(tag)({}, None)


def test_pieces_tell_what_is_missing_from_what_is_empty() -> None:
    fixed, tag, slash, part, gone, empty, group = Template("<$TAG/$TAG[1]$TAG[7]$e$1").pieces("app.web")
    assert (fixed, slash) == ("<", "/")
    record = {"e": ""}
    found = [get(record) for get in (tag, part, gone, empty, group) if callable(get)]
    assert found == ["app.web", "web", MISSING, "", MISSING]


def test_in_a_path_a_slash_ends_a_key() -> None:
    texts = [
        piece if isinstance(piece, str) else piece({"a": "x"}) for piece in Template("$a/$a", path=True).pieces("")
    ]
    assert texts == ["x", "/", "x"]
    assert [callable(piece) for piece in Template("$a/$a").pieces("")] == [True, True]
