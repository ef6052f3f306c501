"""Raw Forward blocks to batches."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest

from outrider.formats.msgpack import MalformedError
from outrider.plugins.inputs.forward.decode import decode_entries, decode_messages

ODD = [{"a": 1}, {}, 7, None, "text", [], [1]]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_entry_of_another_form_costs_only_itself(odd: object) -> None:
    raw = b"".join(map(msgpack.packb, [[1, {"n": 1}], odd, [2, {"n": 2}]]))
    batch = decode_entries("app", [raw], 3)
    assert batch.records == [{"n": 1}, {"n": 2}]
    assert batch.times == [1_000_000_000, 2_000_000_000]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_message_of_another_form_costs_only_itself(odd: object) -> None:
    raw = b"".join(map(msgpack.packb, [["app", 1, {"n": 1}], odd, ["app", 2, {"n": 2}]]))
    batch = decode_messages("app", [raw], 3)
    assert batch.records == [{"n": 1}, {"n": 2}]


TIME = msgpack.ExtType(0, (7).to_bytes(4, "big") + (9).to_bytes(4, "big"))
HEAD = msgpack.packb("app") + b"\xd7\x00"


@pytest.mark.parametrize(
    ("options", "metadata"),
    [
        ([[], []], None),
        ([[{}], [None]], None),
        ([[{"size": 1}], [{"metadata": {}}]], None),
        ([[{"metadata": {"m": 1}}], [None]], [{"m": 1}, {}]),
        ([[{"metadata": {"m": 1}}], []], [{"m": 1}, {}]),
        ([[7], ["text"]], None),
    ],
)
def test_messages_that_begin_alike(options: list[list[Any]], metadata: list[Any] | None) -> None:
    pieces = [msgpack.packb(["app", TIME, {"n": n}, *rest]) for n, rest in enumerate(options)]
    for parts in (pieces, [b"".join(pieces)]):
        batch = decode_messages("app", parts, len(pieces))
        assert batch.times == [7_000_000_009] * len(pieces)
        assert batch.records == [{"n": 0}, {"n": 1}]
        assert batch.metadata == metadata


@pytest.mark.parametrize("size", [3, 4])
def test_the_beginning_of_a_message_inside_a_record(size: int) -> None:
    hidden = {"n": bytes([0x90 + size]) + HEAD}
    option: list[Any] = [{}] * (size - 3)
    raw = b"".join(map(msgpack.packb, [["app", TIME, hidden, *option], ["app", 7, {"n": 2}, *option]]))
    batch = decode_messages("app", [raw], 2)
    assert batch.records == [hidden, {"n": 2}]
    assert batch.times == [7_000_000_009, 7_000_000_000]


@pytest.mark.parametrize("raw", [b"", b"\x93", b"\x94\xa1", b"\x94\xa1t\xd7", b"\x93\xa1t\xd7\x00"])
def test_a_block_that_is_cut_off_holds_no_messages(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_messages("t", [raw], 1)
