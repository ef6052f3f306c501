"""Terraform's language: what is read of it, what is open, and what is told with a place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.jsontree import Node
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.sources.hcltree import read_tree

OPEN = 'resource "aws_ecs_task_definition" "web" {\n'


def body(text: str) -> dict[str, Any]:
    found: Any = read_tree(f"{OPEN}{text}\n}}\n", "f.tf").value
    return found["web"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"x"', "x"),
        (r'"a\n\t\"\\\u00e9\U0001F600"', 'a\n\t"\\é😀'),
        (r'"\ud800"', "\ufffd"),
        ('"$${a} %%{b} $ % $5"', "${a} %{b} $ % $5"),
        ('"a ${var.x} b"', UNKNOWN),
        ('"${join("}", ["{", "${"}"}"])}"', UNKNOWN),
        ('"%{ if a }b%{ endif ~}"', UNKNOWN),
        ("-1.5e3", -1500.0),
        ("12", 12),
        ("true", True),
        ("null", None),
        ("var.x", UNKNOWN),
        ("local.y[0].z", UNKNOWN),
        ("1 + 2", UNKNOWN),
        ('"a" == "b" ? 1 : 2', UNKNOWN),
        ("merge({ a = 1 },\n { b = 2 })", UNKNOWN),
        ("[1,\n # one\n 2, /* two */ ]", [1, 2]),
        ("[1, 2][0]", UNKNOWN),
        ("[for x in y : x]", UNKNOWN),
        ("{ for k, v in m : k => v... }", UNKNOWN),
        ("[for_each]", [UNKNOWN]),
        ('{ a = 1, "b c" : 2\n d-e = [var.x]\n}', {"a": 1, "b c": 2, "d-e": [UNKNOWN]}),
        ("{ (var.k) = 1 }", UNKNOWN),
        ('{ "${var.k}" = 1 }', UNKNOWN),
        ("{ a = 1, a = 2 }", {"a": 2}),
        ("<<EOF\n a\n$${b}\nEOF", " a\n${b}\n"),
        ("<<-EOF\n  a\n   b\n  EOF", "a\n b\n"),
        ("<<EOF\n${a}\nEOF", UNKNOWN),
        ("jsonencode([1])", UNKNOWN),
        ("(\n1\n)", UNKNOWN),
        ("!var.x && a >= b || c", UNKNOWN),
        ("provider::aws::arn_parse(x)", UNKNOWN),
    ],
)
def test_a_literal_has_its_value_and_the_rest_is_open(text: str, value: Any) -> None:
    assert body(f"a = {text}\nb = 1") == {"a": value, "b": 1}


def test_blocks_are_arrays_of_their_type() -> None:
    found = body('v {\n a = 1\n}\nv { a = 2 }\nv "label" {}\ndynamic "w" {\n for_each = x\n content { a = 1 }\n}')
    assert found == {"v": [{"a": 1}, {"a": 2}, {}], "w": [UNKNOWN]}


def test_other_blocks_are_skipped_whole() -> None:
    text = f'terraform {{}}\nlocals {{\n a = "}}"\n b = <<X\n}}\nX\n}}\nmodule "m" {{\n x = [{{}}]\n}}\n{OPEN}a = 1\n}}'
    assert read_tree(text, "f.tf").value == {"web": {"a": 1}}
    assert read_tree('\ufeffresource "aws_s3_bucket" "b" {\n bucket = "x"\n}', "f.tf").value == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "f.tf:1:2: not HCL: '=' or '{' was expected, the end of the file found"),
        ("locals {", "f.tf:1:8: not HCL: '{' is not closed"),
        ("locals {\n a = [1\n}\n}", "f.tf:3:1: not HCL: '}' was not expected"),
        ("5 = 1", "f.tf:1:1: not HCL: a block was expected, '5' found"),
        ("a {} b {}", "f.tf:1:6: not HCL: the end of the line was expected, 'b' found"),
        ('a = "x\n"', "f.tf:1:5: not HCL: a text is not closed in its line"),
        ('a = "${x"', "f.tf:1:9: not HCL: a text is not closed in its line"),
        ('a = "${x\n', 'f.tf:1:6: not HCL: "${" is not closed'),
        (r'a = "\q"', "f.tf:1:6: not HCL:"),
        ("a = <<EOF\nx\n", "f.tf:1:5: not HCL: <<EOF is not closed"),
        ("a = << EOF\n", 'f.tf:1:5: not HCL: "<<" needs a name'),
        ("/* a", "f.tf:1:1: not HCL: a remark is not closed"),
        ("a = 'x'", 'f.tf:1:5: not HCL: "\'" stands for nothing'),
        ("a = " + "9" * 2000, "a number of 2000 digits"),
        (f"{OPEN}a = \n}}", "f.tf:2:5: not HCL: a value was expected, the end of the line found"),
        (f"{OPEN}a = 1\na = 2\n}}", 'f.tf:3:1: not HCL: "a" is written twice'),
        (f"{OPEN}a = 1\na {{}}\n}}", 'f.tf:3:1: not HCL: "a" is an attribute and a block'),
        (f"{OPEN}a = [1, 2\n", "f.tf:2:9: not HCL: the file ends in a value"),
        (f"{OPEN}a = {{ b }}\n}}", "f.tf:2:9: not HCL: '}' was not expected"),
        (f"{OPEN}a = {{ b =", "f.tf:2:10: not HCL: the file ends in a value"),
        (f"{OPEN}a = {{", "not HCL: a name and '=' were expected, the file ends"),
        (f"{OPEN}a = 1", "not HCL: an attribute was expected, the end of the file found"),
        (f"{OPEN}}}\n{OPEN}}}", 'f.tf:3:1: not HCL: "web" is there twice, first in line 1'),
        (f"{OPEN}a = {'[' * 500}", "more than 100 levels of nesting"),
        (f"{OPEN}{'a {' * 500}", "not HCL"),
        ("a = " + '"${' * 500, "more than 100 levels of nesting"),
        ("#" * 1_100_000, "longer than 1048576 characters"),
    ],
)
def test_what_is_no_terraform_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_tree(text, "f.tf")
    assert message in str(caught.value)


def check_spans(node: Node, text: str) -> None:
    """Each value stands inside the one that holds it."""
    assert 0 <= node.start <= node.end <= len(text)
    for start, child in node.children():
        assert node.start <= start <= child.start
        assert child.end <= node.end
        check_spans(child, text)


words = st.text(st.characters(codec="utf-8"), max_size=9)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


def hcl(value: Any) -> str:
    """A value as Terraform writes it."""
    if isinstance(value, dict):
        return "{" + "\n".join(f"{hcl(key)} = {hcl(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(hcl, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    plain = "".join(char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}" for char in value)
    return f'"{plain}"'.replace("${", "$${").replace("%{", "%%{")


@given(values)
def test_what_was_written_is_read(value: Any) -> None:
    text = f"{OPEN}a = {hcl(value)}\n}}\n"
    node = read_tree(text, "f")
    assert node.value == {"web": {"a": value}}
    check_spans(node, text)


pieces = st.sampled_from(
    [
        *("resource ", '"aws_ecs_task_definition" ', '"web" ', "{", "}", "[", "]", "(", ")", "=", ":", ",", "\n", '"'),
        *(
            "${",
            "%{",
            "$${",
            "<<EOF\n",
            "<<-A\n",
            "EOF\n",
            "\nA\n",
            "#",
            "//",
            "/*",
            "*/",
            "a",
            "1",
            "-",
            "...",
            "for ",
        ),
        *("dynamic ", "jsonencode(", "file(", "\\", "\\u12", ".", "?", "null", " ", "\r", "é", "\x00"),
    ]
)


@given(st.text(max_size=60) | st.lists(pieces, max_size=40).map("".join), st.booleans())
def test_any_text_gives_a_tree_or_an_error_with_a_place(text: str, inside: bool) -> None:
    text = f"{OPEN}{text}" if inside else text
    try:
        node = read_tree(text, "f")
    except UserError as error:
        place = error.place
    else:
        check_spans(node, text)
        return
    assert place is not None
    assert 1 <= place.line <= text.count("\n") + 1
