"""Records in a stream of bytes: any split gives the same, and what is no record spoils one line at most."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outrider.formats.parser import Parser, json_fields
from outrider.formats.split import JsonValues, Lines, TooLongError, records_of

LIMIT = 30


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    return [data[a:b] for a, b in zip(edges, [*edges[1:], len(data)], strict=True)]


def feed_all(machine: JsonValues | Lines, data: bytes, cuts: Sequence[int]) -> tuple[list[Any], int]:
    """Everything that is found, and how many faults, when faults are skipped."""
    found: list[Any] = []
    faults = 0
    for piece in pieces(data, cuts):
        while True:
            trouble = False
            try:
                found += machine.feed(piece)
            except TooLongError as error:
                found += error.values
                trouble = True
            faults += trouble + (machine.garbage if isinstance(machine, JsonValues) else 0)
            if not trouble:
                break
            machine.skip()
            piece = b""
    return found, faults


cutting = st.lists(st.integers(0, 300), max_size=5)
lines = st.lists(st.sampled_from([b"a", b"", b"bc", b"x" * LIMIT, b"y" * (LIMIT + 1), b"z" * 90]), max_size=8)


@example([b"x" * LIMIT], [LIMIT + 1], b"--")
@given(lines, cutting, st.sampled_from([b"\n", b"--", b"\r\n"]))
def test_lines_that_are_too_long_are_skipped_in_any_split(sent: list[bytes], cuts: list[int], separator: bytes) -> None:
    data = b"".join(line + separator for line in sent)
    machine = Lines(separator, LIMIT)
    found, faults = feed_all(machine, data, cuts)
    assert found == [line for line in sent if len(line) <= LIMIT]
    assert faults == sum(len(line) > LIMIT for line in sent)
    assert machine.waiting == 0


@pytest.mark.parametrize("text", [b"9" * 5000 + b" ", b"[-" + b"9" * 5000 + b"]", b'{"n":' + b"9" * 5000 + b"}"])
def test_a_number_of_thousands_of_digits_is_no_record(text: bytes) -> None:
    machine = JsonValues(10_000)
    found, faults = feed_all(machine, b'{"a":1}\n' + text + b'\n{"b":2}\n', [])
    assert (found, faults) == ([{"a": 1}, {"b": 2}], 1)


@given(
    st.lists(st.one_of(st.none(), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)), max_size=6), cutting
)
def test_garbage_spoils_its_line_alone(sent: list[Any], cuts: list[int]) -> None:
    data = b"".join(b"?!garbage\n" if value is None else json.dumps(value).encode() + b"\n" for value in sent)
    machine = JsonValues(1000)
    found, faults = feed_all(machine, data, cuts)
    assert found == [value for value in sent if value is not None]
    assert faults == sent.count(None)
    assert machine.waiting == 0


@given(st.binary(max_size=80), cutting)
def test_anything_is_values_or_faults(data: bytes, cuts: list[int]) -> None:
    for machine in (JsonValues(LIMIT), Lines(b"\n", LIMIT)):
        feed_all(machine, data, cuts)
        assert machine.waiting <= LIMIT


def test_what_the_values_are() -> None:
    assert records_of([{"a": 1}, [2], b"\xff"], 7) == ([7, 7, 7], [{"a": 1}, {"msg": [2]}, {"log": "\udcff"}])
    parser = Parser("j", json_fields)
    assert records_of([b'{"a":1}', b"no"], 7, parser) == ([7, 7], [{"a": 1}, {"log": "no"}])


def test_what_came_before_the_fault_is_told() -> None:
    with pytest.raises(TooLongError) as raised:
        JsonValues(100).feed(b'{"a":1} {"b":2} "' + b"x" * 100)
    assert raised.value.values == [{"a": 1}, {"b": 2}]


MALFORMED = [
    b"nope", b"{bad}", b'{"a":1,}', b"[1,2",
    b'{"x":tru}', b"{'a':1}", b'{"a":1', b'{"a":"x', b'{"a":NaN}', b"-Infinity",
    b'{"a":Infinity}', b'"\\uZZ"', b'"\\q"', b"[1.]", b"[1e]", b"}", b"[-]", b'{"a"', b"[01]", b"{,}",
]  # fmt: skip


@pytest.mark.parametrize("line", MALFORMED)
def test_what_is_malformed_is_one_fault_at_once(line: bytes) -> None:
    data = b'{"n":1}\n' + line + b'\n{"n":2}\n{"n":3}\n'
    cuts: Sequence[int]
    for cuts in ([], range(len(data))):
        machine = JsonValues(1000)
        assert feed_all(machine, data, cuts) == ([{"n": 1}, {"n": 2}, {"n": 3}], 1)
        assert machine.waiting == 0


@given(
    st.lists(
        st.one_of(
            st.sampled_from(MALFORMED),
            st.sampled_from([b'{\n "a": [1,\n 2.5e1, true]\n}', b'{"a":"\\u00e4\xc3\xa4"}']),
            st.sampled_from([b"[", b"{", b"\xff", b"1.5", b"tru"]),
            st.text('{}[]",:1.eE-+\\untrfalsNI\n ', max_size=6).map(str.encode),
        ),
        max_size=8,
    ),
    cutting,
    st.sampled_from([b"\n", b"", b" "]),
)  # fmt: skip
def test_any_split_of_garbage_gives_the_same(sent: list[bytes], cuts: list[int], between: bytes) -> None:
    data = between.join(sent) + b'\n"end" \n'
    whole, split = JsonValues(10_000), JsonValues(10_000)
    assert feed_all(whole, data, []) == feed_all(split, data, cuts) == feed_all(JsonValues(10_000), data, range(300))
    assert whole.waiting == split.waiting


def test_what_is_large_is_read_in_windows_after_garbage() -> None:
    values = [{"n": n, "x": "y" * size} for n, size in enumerate([1, 5000, 4090, 70_000, 3])]
    data = b"?\n" + b"\n{bad}\n".join(json.dumps(value, indent=1).encode() for value in values) + b"\n"
    assert feed_all(JsonValues(100_000), data, []) == (values, 5)


def test_a_record_of_several_lines_is_legal_and_the_next_one_survives_a_broken_one() -> None:
    data = b'{\n "a": 1,\n "b": 2\n}\n[1,\n2\n{"c":3}\n{bad}{"d":4}\n'
    assert feed_all(JsonValues(100), data, []) == ([{"a": 1, "b": 2}, {"c": 3}, {"d": 4}], 2)


def test_many_lines_of_garbage_are_looked_at_once() -> None:
    machine = JsonValues(100)
    decoded: list[int] = []
    scan = machine._scan

    def counting(text: str, position: int) -> tuple[Any, int]:
        decoded.append(len(text))
        found: tuple[Any, int] = scan(text, position)
        return found

    machine._scan = counting
    machine.feed(b"{x}\n" * 50_000)
    assert machine.garbage == 50_000
    assert len(decoded) == 50_000
    assert sorted(decoded)[-2] <= 4096
