"""The sending side: what we write, our own receiver and another implementation read."""

from __future__ import annotations

from typing import Any

import msgpack as other
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.batch import Batch
from outrider.plugins.inputs.forward.decode import decode_entries
from outrider.protocols.forward import frames
from outrider.protocols.forward.session import Block, ForwardSession, Reply

text = st.binary(max_size=6).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
records = st.lists(
    st.tuples(
        st.integers(0, (2**32 - 1) * 10**9), st.dictionaries(text, st.one_of(text, st.integers(-9, 9)), max_size=3)
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("with_metadata", [False, True])
@given(tag=text, sent=records)
def test_round_trip(gzip: bool, with_metadata: bool, tag: str, sent: list[tuple[int, dict[str, Any]]]) -> None:
    batch = Batch(tag, [time for time, _ in sent], [record for _, record in sent])
    if with_metadata:
        batch.metadata = [{"m": n} for n in range(len(sent))]
    packed = frames.entries(batch, integer_times=False, with_metadata=with_metadata)
    frame = frames.packed_frame(tag, packed, len(batch), {"extra": 1}, gzip=gzip, chunk="id")
    block, reply = ForwardSession().feed(b"".join(frame))
    assert isinstance(block, Block)
    assert isinstance(reply, Reply)
    found = decode_entries(block.tag, [block.raw], block.count)
    assert (found.tag, found.times, found.records) == (tag, batch.times, batch.records)
    assert found.metadata == (batch.metadata if with_metadata and any(batch.metadata or []) else None)
    assert other.unpackb(reply.data) == {"ack": "id"}


def test_options_of_a_frame() -> None:
    frame = frames.packed_frame("t", b"", 3, {"a": "b"}, gzip=True, chunk="id")
    option = other.unpackb(b"".join(frame))[2]
    assert option == {"size": 3, "fluent_signal": 0, "a": "b", "chunk": "id", "compressed": "gzip"}
    assert "chunk" not in other.unpackb(b"".join(frames.packed_frame("t", b"", 3, {}, gzip=False, chunk="")))[2]


@pytest.mark.parametrize("size", [0, 255, 256, 65_535, 65_536])
def test_payloads_of_every_size(size: int) -> None:
    frame = frames.packed_frame("t", bytes(size), 1, {}, gzip=False, chunk="")
    assert other.unpackb(b"".join(frame)) == ["t", bytes(size), {"size": 1, "fluent_signal": 0}]


def test_whole_seconds() -> None:
    batch = Batch("t", [1_999_999_999], [{}])
    assert other.unpackb(frames.entries(batch, integer_times=True, with_metadata=False)) == [1, {}]
    batch.metadata = [{"m": 1}]
    assert other.unpackb(frames.entries(batch, integer_times=True, with_metadata=True)) == [[1, {"m": 1}], {}]


def test_a_chunk_id_depends_on_the_records_alone() -> None:
    assert frames.chunk_id(b"x") == frames.chunk_id(b"x")
    assert frames.chunk_id(b"x") != frames.chunk_id(b"y")
