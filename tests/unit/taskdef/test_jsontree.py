"""Strict JSON with positions, compared with the standard library's reader."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.jsontree import read_tree

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(scalars, lambda v: st.lists(v, max_size=4) | st.dictionaries(texts, v, max_size=4), max_leaves=20)
styles = st.sampled_from([{}, {"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}, {"ensure_ascii": False}])


@given(values, styles)
def test_reads_what_json_writes(value, style):
    assert read_tree(json.dumps(value, **style), "f").value == value


@given(values, styles)
def test_positions_delimit_each_value(value, style):
    text = json.dumps(value, **style)

    def check(node):
        assert json.loads(text[node.start : node.end]) == node.value
        for name, (start, child) in node.members.items():
            assert json.loads(text[start : text.rindex(":", start, child.start)]) == name
            check(child)
        for child in node.items:
            check(child)

    check(read_tree(text, "f"))


@given(st.text(st.sampled_from('{}[]",: \n\\tnu0e1.-/x'), max_size=20))
def test_agrees_with_the_standard_library_on_any_text(text):
    def no_constant(_):
        raise ValueError

    def no_twice(pairs):
        if len(dict(pairs)) != len(pairs):
            raise ValueError
        return dict(pairs)

    try:
        expected = json.loads(text, parse_constant=no_constant, object_pairs_hook=no_twice)
    except ValueError:
        with pytest.raises(UserError):
            read_tree(text, "f")
    else:
        assert read_tree(text, "f").value == expected


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "f:1:1", "the file is empty"),
        ("{", "f:1:2", "the end of the file found; fix: close it with '}'"),
        ('{"a": 1\n "b": 2}', "f:1:8", "write a comma here"),
        ('{"a": 1,\n}', "f:2:1", "remove the comma before it"),
        ("[1,]", "f:1:4", "remove the comma before it"),
        ("[1, // one\n2]", "f:1:5", "remove the comment"),
        ("{a: 1}", "f:1:2", "put the name in double quotes"),
        ("{'a': 1}", "f:1:2", "use double quotes"),
        ('{"a" 1}', "f:1:6", "':' was expected after \"a\""),
        ('{"a": "x\ny"}', "f:1:9", 'write line ends as "\\n"'),
        ('["C:\\x"]', "f:1:5", "write a backslash as two"),
        ('"abc', "f:1:1", "close the string"),
        ("[NaN]", "f:1:2", "'NaN' found"),
        ("{} {}", "f:1:4", "follows the end"),
        ('{"a": 1,\n "a": 2}', "f:2:2", '"a" is written twice in one object, first in line 1'),
        ("[" * 500, "f:1:101", "levels of nesting"),
        ("1" * 5000, "f:1:1", "a number of 5000 digits"),
    ],
)
def test_errors_say_where_and_what_to_do(text, place, words):
    with pytest.raises(UserError) as caught:
        read_tree(text, "f")
    assert str(caught.value).startswith(place + ": ")
    assert words in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_value():
    assert read_tree('\ufeff{"a": 1}', "f").value == {"a": 1}


def test_half_a_surrogate_pair_becomes_the_replacement_character():
    assert read_tree(r'"\ud800x\ud83d\ude00"', "f").value == "\ufffdx\U0001f600"
