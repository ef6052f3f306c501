"""Raw Forward blocks to batches."""

from __future__ import annotations

import msgpack
import pytest

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
