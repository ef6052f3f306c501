"""Backslash escapes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.escapes import unescape, unescape_codes, unescape_utf8, unquote_mysql


@pytest.mark.parametrize(
    ("text", "plain", "utf8", "codes"),
    [
        ("no escapes", "no escapes", "no escapes", "no escapes"),
        (r"a\nb\t\r\b\f\v\a", "a\nb\t\r\b\f\v\a", "a\nb\t\r\b\f\v\a", "a\nb\t\r\b\f\v\a"),
        (r"\"\\\/\'", "\"\\/'", "\"\\/'", r"\"\\\/\'"),
        (r"\u00e9", "u00e9", "é", "é"),
        (r"\ud83d\ude00", "ud83dude00", "😀", "😀"),
        (r"\ud83d!", "ud83d!", "\ufffd!", "\ufffd!"),
        (r"\x41\101\U0001F600", "x41101U0001F600", "AA😀", "AA😀"),
        (r"\UFFFFFFFF", "UFFFFFFFF", "\ufffd", "\ufffd"),
        ("end\\", "end", "end", "end"),
        (r"\q\u\x", "qux", "qux", "qux"),
    ],
)
def test_escapes(text: str, plain: str, utf8: str, codes: str) -> None:
    assert (unescape(text), unescape_utf8(text), unescape_codes(text)) == (plain, utf8, codes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"'it\'s \0\Z\n'", "it's \0\x1a\n"),
        ('"a"', "a"),
        ("'a", "'a"),
        ("'", "'"),
        ("''", ""),
        ("NULL", "NULL"),
        ("'a\"", "'a\""),
    ],
)
def test_mysql(text: str, expected: str) -> None:
    assert unquote_mysql(text) == expected


@given(st.text())
def test_json_strings_come_back(text: str) -> None:
    assert unescape_utf8(json.dumps(text)[1:-1]) == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@given(st.text(alphabet="\\nux0178dDfF\"'/ é"))
def test_nothing_raises(text: str) -> None:
    for function in (unescape, unescape_utf8, unescape_codes, unquote_mysql):
        assert len(function(text)) <= len(text)
