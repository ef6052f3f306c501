from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats import text

T = 1_700_000_000_000_000_005
RECORD = {"log": "a", "n": 1}


def test_stdout_counts_within_the_batch_and_shows_metadata() -> None:
    lines = text.stdout_lines("t", [T, T + 10**9], [RECORD, {}], [{}, {"m": True}])
    assert lines.decode() == (
        '[0] t: [[1700000000.000000005, {}], {"log"=>"a", "n"=>1}]\n[1] t: [[1700000001.000000005, {"m"=>true}], {}]\n'
    )


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (None, "nil"),
        (False, "false"),
        (1.5, "1.500000"),
        ([], "[]"),
        ([1, {"a": [None]}], '[1, {"a"=>[nil]}]'),
        (b'\xff"a', '"\\xff\\"a"'),
        (msgspec.msgpack.Ext(1, b"\x00"), '(ext: 1)"\\x00"'),
        ('say "hi"\n', '"say "hi"\n"'),
    ],
)
def test_values_are_printed_as_msgpack_does(value: Any, printed: str) -> None:
    assert text.csv_lines([T], [{"k": value}]) == f"1700000000.000000005,{printed}\n".encode()


def test_file_forms() -> None:
    assert text.file_lines("t", [T], [RECORD]) == b't: [1700000000.000000005, {"log":"a","n":1}]\n'
    assert text.plain_lines([T], [RECORD]) == b'{"log":"a","n":1}\n'
    assert text.csv_header(RECORD, "|") == b'timestamp|"log"|"n"\n'
    assert text.csv_lines([T], [RECORD], "|") == b'1700000000.000000005|"a"|1\n'
    assert text.ltsv_lines([T], [RECORD]) == b'"time":1700000000.000000\t"log":"a"\t"n":1\n'
    assert text.ltsv_lines([T], [RECORD], ",", "=") == b'"time"=1700000000.000000,"log"="a","n"=1\n'


def test_a_template_keeps_what_the_record_has_not() -> None:
    line = text.template_lines([1_795_253_400_123_456_789], [RECORD], "{time} {log}={n} {none} {{log}} {")
    assert line == b"1795253400.123457 a=1 {none} {a} {\n"


def test_bytes_that_are_not_utf8_come_out_as_they_came_in() -> None:
    assert text.template_lines([T], [{"log": "\udcff"}], "{log}") == b"\xff\n"
    assert text.template_lines([T], [{"log": "\ud800"}], "{log}") == b"?\n"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.binary(max_size=4),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=3), v, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=3), values, max_size=4), st.text(alphabet="{}ab time", max_size=10))
def test_any_record_is_written(record: dict[str, Any], template: str) -> None:
    for written in (
        text.stdout_lines("t", [T], [record]),
        text.file_lines("t", [T], [record]),
        text.csv_lines([T], [record]),
        text.ltsv_lines([T], [record]),
        text.template_lines([T], [record], template),
    ):
        assert written.endswith(b"\n")


def test_nesting_has_no_limit() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = {"k": [deep]}
    assert text.csv_lines([0], [{"d": deep}]) == b"0.000000000," + b'{"k"=>[' * 5000 + b"1" + b"]}" * 5000 + b"\n"
