"""YAML as a tree with places: any text gives a tree or a UserError, and nothing grows without bound."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.formats.yaml_tree import DEPTH_LIMIT, NODE_LIMIT, Listing, Mapping, Node, Scalar, plain, read
from outrider.model.errors import Place, UserError


def refused(text: str) -> str:
    with pytest.raises(UserError) as caught:
        read(text, "f")
    assert caught.value.place is not None
    return str(caught.value)


def test_places_are_those_of_the_text() -> None:
    root = read("a:\n  - x\n  - {k: 'v'}\n", "f")
    assert isinstance(root, Mapping)
    ((key, listing),) = root.pairs
    assert (key.text, key.place) == ("a", Place("f", 1, 1))
    assert isinstance(listing, Listing)
    first, second = listing.items
    assert first.place == Place("f", 2, 5)
    assert isinstance(second, Mapping)
    assert second.pairs[0][1].place == Place("f", 3, 9)


def test_scalars_stay_text() -> None:
    assert [item.text for item in read("[1.50, no, ~, 'x', 0x10, 2026-11-21]", "f").items] == [  # type: ignore[union-attr]
        "1.50",
        "no",
        "~",
        "x",
        "0x10",
        "2026-11-21",
    ]


def test_plain_values_are_those_of_json() -> None:
    text = "{a: 1, b: -2.5, c: '1', d: true, e: null, f: no, g: 01, h: 1e999, i: [99999999999999999999, x], j: 1e2}"
    root = read(text, "f")
    assert root is not None
    assert plain(root) == {
        "a": 1,
        "b": -2.5,
        "c": "1",
        "d": True,
        "e": None,
        "f": "no",
        "g": "01",
        "h": "1e999",
        "i": [1e20, "x"],
        "j": 100.0,
    }


def test_an_alias_is_what_it_names() -> None:
    root = read("a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n", "f")
    assert root is not None
    assert plain(root) == {"a": [1, 2], "b": [1, 2], "c": 3, "d": 3}


def test_no_text_is_no_tree() -> None:
    assert read("", "f") is None
    assert read("# only this\n", "f") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: *x", "f:1:4: YAML error: nothing that is complete is called '&x' before this line"),
        ("match: *", "f:1:9: YAML error: expected alphabetic or numeric character"),
        ("match: *", "fix: put quotes around a value that begins with '*'"),
        ("a: &x [*x]", "f:1:8: YAML error: nothing that is complete is called '&x'"),
        ("a: !!str 1", "f:1:4: YAML error: the tag 'tag:yaml.org,2002:str' is not supported"),
        ("a: !x 1", "the tag '!x' is not supported"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "f:3:3: YAML error: merge keys are not supported"),
        ("[a]: b", "f:1:1: YAML error: a key must be a text"),
        ("a: 1\n---\nb: 2", "f:2:1: YAML error: a second document begins here"),
        ("a:\n\t- b", "f:2:1: YAML error: found character '\\t' that cannot start any token"),
        ("a:\n\t- b", "fix: indent with spaces"),
        ("a: [b", "f:1:6: YAML error: expected ',' or ']', but got '<stream end>'"),
        ("a: [b ${c}]", "fix: inside [ ] and { }, put quotes around a text with '${'"),
        ("a: b: c", "f:1:5: YAML error: mapping values are not allowed here"),
        ('"\\U99999999"', "f:1:"),
        ("%YAML " + "1" * 5000 + ".1\n---\n", "f:1:"),
        ("a\udcff", "YAML error: "),
        ("[" * (DEPTH_LIMIT + 1), f"nested more than {DEPTH_LIMIT} deep"),
        ("- x\n" * NODE_LIMIT, "too many nodes"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    assert message in refused(text)


def test_a_billion_laughs_are_too_many() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "too many nodes" in refused("\n".join(lines))


def places(node: Node) -> list[Place]:
    if isinstance(node, Mapping):
        return [node.place, *(place for key, value in node.pairs for place in (key.place, *places(value)))]
    if isinstance(node, Listing):
        return [node.place, *(place for item in node.items for place in places(item))]
    return [node.place]


PIECES = [
    *[
        "a",
        "b:",
        "c",
        "1",
        "-",
        "[",
        "]",
        "{",
        "}",
        ",",
        "'",
        "|",
        ">",
        "&",
        "*",
        "&a",
        "*a",
        "!",
        "!!str",
        ":",
        "#",
        "%",
        "---",
        "...",
        "?",
        "@",
        "`",
        "<<",
        "~",
        "\\",
        "\\x",
    ],
    *'\n\t"\0\ufeff\x85\ud800',
]
PIECES += ["\n  ", "\n    ", " ", "- ", ": ", "%YAML 1.1\n", "%TAG ! x\n", '"\\U0011FFFF"', '"\\Uffffffff"']
YAMLISH = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(max_examples=500)
@given(YAMLISH | st.text(max_size=200))
def test_any_text_gives_a_tree_or_a_user_error(text: str) -> None:
    try:
        root = read(text, "f")
    except UserError:
        return
    if root is not None:
        assert all(place.line >= 1 and place.column >= 1 for place in places(root))
        assert root.size == len([*nodes(root)])
        plain(root)


def nodes(node: Node) -> list[Node]:
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Listing):
        return [node, *(below for item in node.items for below in nodes(item))]
    return [node, *(below for key, item in node.pairs for below in (key, *nodes(item)))]
