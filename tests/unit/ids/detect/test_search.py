from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.ids.detect.patterns import patterns
from outrider.ids.detect.search import LIMIT, Search, decode_base64, prepared
from outrider.ids.rules.load import load
from outrider.ids.rules.tables import Tables
from outrider.ids.rules.variables import Variables


def matches(options: str, data: bytes, start: int = 0) -> bool:
    found = load([(f"alert tcp any any -> any any ({options} sid:1;)", "t")], Variables(), Tables())
    assert not found.refusals
    parts = {one.buffer.name: one.steps for one in found.signatures[0].inspections}
    return prepared(parts["payload"], parts.get("base64_data", ()))(Search(data, start), 0)


@pytest.mark.parametrize(
    ("options", "yes", "no"),
    [
        ('content:"bc";', b"abcd", b"acbd"),
        ('content:"BC"; nocase;', b"abcd", b"abd"),
        ('content:!"bc";', b"acbd", b"abcd"),
        ('content:"b"; offset:2;', b"axb", b"abx"),
        ('content:"b"; depth:2;', b"abx", b"axb"),
        ('content:"b"; offset:1; depth:1;', b"xbx", b"bxxb"),
        ('content:"ab"; startswith;', b"abc", b"cab"),
        ('content:"ab"; endswith;', b"cab", b"abc"),
        ('content:"a"; content:"b"; distance:1;', b"axb", b"ab"),
        ('content:"a"; content:"b"; within:2;', b"axb", b"axxb"),
        ('content:"a"; content:"b"; distance:1; within:1;', b"ab axb", b"axxb"),
        ('content:"a"; content:"b"; distance:-2; within:1;', b"ba", b"ab"),
        ('content:"a"; content:!"b"; within:1;', b"ab ac", b"abxab"),
        ('content:"a"; isdataat:2,relative;', b"axx", b"ax"),
        ('content:"a"; isdataat:!1,relative;', b"xa", b"axx"),
        ("isdataat:3;", b"1234", b"123"),
        ("bsize:3;", b"abc", b"abcd"),
        ('pcre:"/^a.c$/";', b"abc", b"xabc"),
        ('content:"a"; pcre:"/^b/R";', b"xab", b"acb"),
        ('pcre:!"/b/";', b"a", b"b"),
        ('pcre:"/a/"; content:"b"; distance:0; within:1;', b"acab", b"acacb"),
        ("byte_test:2,>,256,0;", b"\1\1", b"\1\0"),
        ("byte_test:2,=,1,0,little;", b"\1\0", b"\0\1"),
        ("byte_test:3,=,123,1,string,dec;", b"x123", b"x124"),
        ("byte_test:1,!&,1,0;", b"\2", b"\3"),
        ("byte_test:1,=,0x07,0,bitmask 0xf8;", b"\x38", b"\x07"),
        ('byte_jump:1,0; content:"x"; distance:0; within:1;', b"\2abx", b"\2axb"),
        ('byte_extract:1,0,n; content:"x"; offset:n; depth:1;', b"\3abx", b"\3axb"),
        ("byte_math:bytes 1, offset 0, oper *, rvalue 2, result n; byte_test:1,=,n,1;", b"\3\6", b"\3\7"),
        ("byte_math:bytes 1, offset 0, oper /, rvalue 0, result n; byte_test:1,=,n,1;", b"", b"\3\7"),
        ('base64_decode:offset 1; base64_data; content:"test";', b"xdGVzdA==", b"xeHg="),
    ],
)
def test_steps(options: str, yes: bytes, no: bytes) -> None:
    if yes:
        assert matches(options, yes)
    assert not matches(options, no)


def test_places_in_a_stream_count_from_its_beginning() -> None:
    assert not matches('content:"a"; depth:1;', b"a", start=10)
    assert matches('content:"a"; offset:10; depth:1;', b"a", start=10)
    assert not matches('content:"a"; startswith;', b"a", start=1)


def test_work_is_bounded() -> None:
    many = 'content:"a";' + 'content:"a"; distance:0;' * 8 + 'content:"b"; distance:0;'
    assert not matches(many, b"a" * 2000)
    assert LIMIT == 3000
    assert not matches('pcre:"/(a+)+$/";', b"a" * 40 + b"b")


WORDS = st.text(alphabet="abc", max_size=12).map(str.encode)


@given(
    WORDS,
    st.text(alphabet="abc", min_size=1, max_size=3),
    st.text(alphabet="abc", min_size=1, max_size=3),
    st.integers(0, 3),
)
def test_going_back_finds_what_an_expression_finds(data: bytes, one: str, other: str, distance: int) -> None:
    wanted = any(
        data.startswith(other.encode(), at + len(one) + distance + more)
        for at in range(len(data))
        if data.startswith(one.encode(), at)
        for more in range(2)
    )
    options = f'content:"{one}"; content:"{other}"; distance:{distance}; within:{len(other) + 1};'
    assert matches(options, data) is wanted


@given(st.binary(max_size=60))
def test_base64_ends_where_it_is_none(data: bytes) -> None:
    usable = re.match(rb"[A-Za-z0-9+/]*", data)
    assert usable is not None
    found = decode_base64(data)
    assert (found is None) is (len(usable[0]) < 2)


PATTERNS = st.lists(
    st.tuples(st.text(alphabet="abAB\0", min_size=1, max_size=6).map(str.encode), st.booleans()),
    min_size=1,
    max_size=60,
)


@given(PATTERNS, st.text(alphabet="abAB\0", max_size=60).map(str.encode))
def test_both_ways_to_find_patterns_find_the_same(wanted: list[tuple[bytes, bool]], data: bytes) -> None:
    naive = {
        index
        for index, (pattern, nocase) in enumerate(wanted)
        if (pattern.lower() in data.lower() if nocase else pattern in data)
    }
    for fast in (True, False):
        found = list(patterns(wanted, fast=fast).found(data))
        assert sorted(found) == sorted(naive)
