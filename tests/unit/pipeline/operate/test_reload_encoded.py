"""A new configuration while chunks wait as an output has encoded them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.pipeline.test_slices import Encoding

from outrider.model.errors import LocalError
from outrider.pipeline import registry
from outrider.pipeline.plugin import Delivery, Encoded
from outrider.spool.chunkfile import DamagedError

TEXT = (
    "[INPUT]\n  Name steered\n  Alias in\n"
    "[OUTPUT]\n  Name encoding\n  Alias out\n  Match *\n  Retry_Limit False\n  Workers 1\n"
)


@pytest.fixture(autouse=True)
def encoding(monkeypatch: pytest.MonkeyPatch, built: Any) -> None:
    steered = registry.plugin_class

    def plugin_class(kind: str, name: str, place: Any = None) -> Any:
        return Encoding if name == "encoding" else steered(kind, name, place)

    monkeypatch.setattr(registry, "plugin_class", plugin_class)


@pytest.mark.parametrize("changed", [False, True])
async def test_a_chunk_that_is_damaged_meanwhile_is_sent_as_it_was_encoded_or_counted(
    running: Any, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    async with running(TEXT) as it:
        output, runner = it.output(), it.engine.outputs[0]
        output.gate.clear()
        it.input.push("app", {"n": 1})
        await it.until(lambda: output.under_way == 1)
        it.input.push("app", {"n": 2})
        await it.until(lambda: runner.pending == 2)

        def damaged(chunk: Any) -> Any:
            raise DamagedError("a frame is broken")

        monkeypatch.setattr(it.engine, "remake", damaged)
        runner.freeze()
        output.gate.set()
        await it.exchange(TEXT.replace("False", "9") if changed else TEXT)
        it.input.push("app", {"n": 3})
        await it.until(lambda: {"n": 3} in it.output().sent)
        assert output.sent == [{"n": 1}]
        assert it.output().sent == ([] if changed else [{"n": 2}]) + [{"n": 3}]
        (row,) = it.engine.ledger.sent.values()
        assert dict(row.dropped) == ({"unreadable chunk": 1} if changed else {})
        assert "cannot be read again: a frame is broken" in it.stream.getvalue()


async def test_what_is_left_of_a_part_goes_on_in_the_new_pipeline(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(TEXT) as it:
        output, runner = it.output(), it.engine.outputs[0]

        def partly(encoded: Encoded) -> Delivery:
            output.sent += [encoded.parts[0][0], encoded.parts[0][2]]
            return Delivery(2, rest=[1])

        def unreadable(chunk: Any) -> Any:
            raise LocalError("no disk")

        monkeypatch.setattr(runner, "remake", unreadable)
        output.answers = [partly]
        it.input.push("app", {"n": 1}, {"n": 2}, {"n": 3})
        await it.until(lambda: it.delivered == 2)
        await it.exchange(TEXT)
        await it.until(lambda: it.delivered == 3)
        assert output.sent == [{"n": 1}, {"n": 3}]
        assert it.output().sent == [{"n": 2}]
        (row,) = it.engine.ledger.sent.values()
        assert (row.buffered, dict(row.dropped)) == (0, {})
