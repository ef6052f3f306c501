"""The wire format, against the library of its makers."""

from __future__ import annotations

import pytest
from google.protobuf.struct_pb2 import Value
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from outrider.formats import protobuf as pb


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_numbers(value: int) -> None:
    assert AnyValue.FromString(pb.number(3, value)).int_value == value
    assert list(pb.fields(pb.number(3, value))) == [(3, value & (1 << 64) - 1)]


@given(st.binary(max_size=300), st.integers(1, 1 << 20))
def test_blocks(value: bytes, field: int) -> None:
    assert list(pb.fields(pb.block(field, value) + pb.fixed32(1, 7) + pb.fixed64(2, 9))) == [
        (field, value),
        (1, 7),
        (2, 9),
    ]


@given(st.floats(allow_nan=False))
def test_doubles(value: float) -> None:
    assert Value.FromString(pb.double(2, value)).number_value == value


@given(st.binary(max_size=60))
def test_hostile_bytes_raise_only_value_errors(data: bytes) -> None:
    try:
        found = list(pb.fields(data))
    except ValueError:
        return
    assert len(found) <= len(data)


@pytest.mark.parametrize("data", [b"\x08", b"\x0a\x05ab", b"\x09\x01", b"\x0b", b"\x08" + b"\xff" * 11, b"\x80" * 11])
def test_broken_messages(data: bytes) -> None:
    with pytest.raises(ValueError):
        list(pb.fields(data))
