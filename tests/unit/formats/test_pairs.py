"""LTSV and logfmt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.pairs import logfmt, ltsv


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host:1.2.3.4\tcode:200\tmsg:a b c", {"host": "1.2.3.4", "code": "200", "msg": "a b c"}),
        ("a:\tb:1\nc:2", {"a": "", "b": "1"}),
        ("a:1\r\nb:2", {"a": "1"}),
        ("a:b:c\t", {"a": "b:c"}),
        ("no pair", None),
        ("", None),
        ("a:1\tbad\tb:2", {"a": "1"}),
        (":1\ta:2", {"a": "2"}),
    ],
)
def test_ltsv(text: str, expected: dict[str, Any] | None) -> None:
    assert ltsv(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('level=info msg="hello world" n=5 flag', {"level": "info", "msg": "hello world", "n": "5", "flag": True}),
        ('a= b="" c="x\\"y\\n" d', {"a": True, "b": "", "c": 'x"y\n', "d": True}),
        ('a="not closed', {"a": "not closed"}),
        ('a="not closed\\', {"a": "not closed"}),
        ("a=1\nb=2", {"a": "1"}),
        ('a="1\n2" b=3\r\nc=1', {"a": "1\n2", "b": "3"}),
        ("=== \t", None),
        ("", None),
    ],
)
def test_logfmt(text: str, expected: dict[str, Any] | None) -> None:
    assert logfmt(text) == expected


def test_bare_keys_can_be_refused() -> None:
    assert logfmt("a=1 b", bare_keys=False) is None
    assert logfmt("a=1 b=", bare_keys=False) == {"a": "1", "b": True}


_words = st.text(alphabet=st.characters(min_codepoint=33, exclude_characters='="\\\x7f'), min_size=1)


@given(st.dictionaries(_words, _words))
def test_logfmt_comes_back(pairs: dict[str, str]) -> None:
    assert logfmt(" ".join(f"{key}={value}" for key, value in pairs.items())) == (pairs or None)


@given(st.text(alphabet='ab=:"\\ \t\r\n\x00é'))
def test_nothing_raises(text: str) -> None:
    for found in (ltsv(text), logfmt(text), logfmt(text, bare_keys=False)):
        assert found is None or found
