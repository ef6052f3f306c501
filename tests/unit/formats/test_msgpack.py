"""Msgpack: what goes in comes out, what cannot be decoded harms nothing else, and times stay in range."""

from __future__ import annotations

from typing import Any

import msgpack as other
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats import msgpack
from outrider.formats.msgpack import Ext, MalformedError

SECOND = 1_000_000_000

escaped = st.binary(max_size=8).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), st.binary(), escaped
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(escaped, inner, max_size=3)),
    max_leaves=12,
)


@given(values)
def test_round_trip_with_undecodable_bytes(value: Any) -> None:
    assert msgpack.decode(msgpack.encode(value)) == value


@given(values)
def test_other_implementation_reads_the_same(value: Any) -> None:
    read = other.unpackb(msgpack.encode(value), unicode_errors="surrogateescape", strict_map_key=False)
    assert read == value


@given(st.lists(values, max_size=5))
def test_values_in_pieces(sent: list[Any]) -> None:
    assert msgpack.decode_values([msgpack.encode(value) for value in sent], len(sent)) == sent


@given(st.binary(max_size=60), st.integers(0, 5))
def test_garbage_raises_only_malformed(raw: bytes, count: int) -> None:
    for read in (msgpack.decode, lambda data: msgpack.decode_values([data], count)):
        try:
            read(raw)
        except MalformedError:
            continue


def test_a_value_that_cannot_be_decoded_leaves_a_gap() -> None:
    bad = b"\xc7\x03\xff\x01\x02\x03"
    assert msgpack.decode_values([b"\x01", bad + b"\xa1a"], 3) == [1, None, "a"]


@pytest.mark.parametrize(("raw", "count"), [(b"\x01\x02", 1), (b"\x01", 2), (b"\x01\xa5ab", 2), (b"\xc1", 1)])
def test_a_wrong_number_of_values_is_malformed(raw: bytes, count: int) -> None:
    with pytest.raises(MalformedError):
        msgpack.decode_values([raw], count)


def test_deep_nesting_is_malformed_not_a_crash() -> None:
    with pytest.raises(MalformedError):
        msgpack.decode(b"\x91" * 100_000)


def _nested(depth: int) -> Any:
    value: Any = "inside"
    for _ in range(depth):
        value = [value]
    return value


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, list):
        depth, value = depth + 1, value[0]
    return depth


@pytest.mark.parametrize("depth", [900, 960, 980, 990, 995, 997])
def test_deep_nesting_survives_wherever_it_is_met(depth: int) -> None:
    """However much of the stack is in use: a record that one place took must not break another."""

    def below(frames: int) -> Any:
        return below(frames - 1) if frames else msgpack.decode(msgpack.encode([[1], [{"a": _nested(depth)}], None]))

    assert {_depth(below(frames)[1][0]["a"]) for frames in range(0, 200, 7)} == {depth}


@pytest.mark.parametrize("depth", [1_000, 1_015, 1_100, 20_000])
def test_what_no_decoder_would_take_is_cut_off(depth: int) -> None:
    deep = _nested(depth)
    found = msgpack.decode(msgpack.encode({"a": deep, "b": "\udcff", "c": 1}))
    assert _depth(found["a"]) == msgpack.DEPTH_MAX - 1
    assert (found["b"], found["c"]) == ("\udcff", 1)
    while isinstance(deep, list):  # freed step by step
        deep = deep[0]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (2**64, float(2**64)),
        (-(2**63) - 1, float(-(2**63) - 1)),
        (10**400, float("inf")),
        (-(10**400), float("-inf")),
        ("\ud800", "\ufffd"),
        ("a\udfffb\udcff", "a\ufffdb\udcff"),
        ({"\ud800": [2**70]}, {"\ufffd": [float(2**70)]}),
        ({"\udcff": Ext(5, b"x")}, {"\udcff": Ext(5, b"x")}),
    ],
)
def test_what_msgpack_has_no_form_for_is_replaced(value: Any, read: Any) -> None:
    assert msgpack.decode(msgpack.encode(value)) == read


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (0, 0),
        (1_700_000_000, 1_700_000_000 * SECOND),
        (1.5, 1_500_000_000),
        (Ext(0, b"\x00\x00\x00\x01\x00\x00\x00\x05"), SECOND + 5),
        (Ext(0, b"\xff" * 8), (2**32 - 1) * SECOND + 2**32 - 1),
        (2**63, msgpack.TIME_MAX),
        (-(2**63), -msgpack.TIME_MAX),
        (9.9e10, msgpack.TIME_MAX),
    ],
)
def test_times_as_received(time: Any, expected: int) -> None:
    assert msgpack.nanoseconds(time) == expected
    assert msgpack.nanoseconds_all([time, 1]) == [expected, SECOND]


def test_event_times_of_a_block_at_once() -> None:
    assert msgpack.nanoseconds_all([msgpack.event_time(n) for n in (5, SECOND + 7)]) == [5, SECOND + 7]
    assert msgpack.nanoseconds_all([]) == []


@pytest.mark.parametrize(
    "time", [None, "1", True, float("nan"), float("inf"), 1e11, Ext(1, bytes(8)), Ext(0, bytes(7)), [], {}]
)
def test_what_is_no_time(time: Any) -> None:
    with pytest.raises(MalformedError):
        msgpack.nanoseconds(time)
    with pytest.raises(MalformedError):
        msgpack.nanoseconds_all([msgpack.event_time(1), time])


@pytest.mark.parametrize(
    ("nanoseconds", "seen"),
    [(0, (0, 0)), (SECOND + 5, (1, 5)), (-1, (0, 0)), (2**33 * SECOND, (2**32 - 1, 999_999_999))],
)
def test_event_time(nanoseconds: int, seen: tuple[int, int]) -> None:
    data = msgpack.event_time(nanoseconds).data
    assert (int.from_bytes(data[:4], "big"), int.from_bytes(data[4:], "big")) == seen


def test_events_are_split_into_columns() -> None:
    entries = [[1, {"a": 1}], [[2, {"m": 1}], {"b": 2}], [3, {"c": 3}, "more"]]
    assert msgpack.split_events(entries) == (
        [SECOND, 2 * SECOND, 3 * SECOND],
        [{"a": 1}, {"b": 2}, {"c": 3}],
        [{}, {"m": 1}, {}],
        0,
    )
    assert msgpack.split_events([[1, {}]])[2] is None


@pytest.mark.parametrize(
    "entry", [None, 5, "ab", [], [1], [1, 2], ["x", {}], [[1], {}], [[1, 2], {}], [[1, {}, 3], {}], {}, {0: 1, 1: {}}]
)
def test_malformed_events_are_left_out_and_counted(entry: Any) -> None:
    times, records, _, bad = msgpack.split_events([[1, {"a": 1}], entry])
    expected = 2 if entry == {0: 1, 1: {}} else 1
    assert (len(times), len(records), bad) == (expected, expected, 2 - expected)


@given(st.lists(st.integers(-(1 << 63), 1 << 63)))
def test_times_of_a_batch_are_encoded_as_each_alone(times: list[int]) -> None:
    alone = [msgpack.encode(msgpack.event_time(time)) for time in times]
    assert msgpack.event_times(times) == alone
    assert msgpack.event_times(times, b"front", b"behind") == [b"front%bbehind" % time for time in alone]


def test_each_value_for_itself() -> None:
    values: list[Any] = [{"a": 1}, {"a": "\udcff"}, {"a": 1 << 70}]
    assert msgpack.encode_each(values) == [msgpack.encode(value) for value in values]


@pytest.mark.parametrize("value", ["text", "\udcff", 1 << 70])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 32_767, 32_768])
def test_values_behind_their_heads(value: Any, count: int) -> None:
    expected = (b"head" + msgpack.encode({"a": value})) * count
    assert msgpack.encode_behind([b"head"] * count, [{"a": value}] * count) == expected
