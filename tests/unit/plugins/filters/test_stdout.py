"""The stdout filter prints what passes."""

from __future__ import annotations

import os
from typing import Any

import pytest

from outrider.net import console
from outrider.plugins.filters.stdout import plugin as module


async def test_records_are_printed_and_go_on(route: Any, capfd: Any) -> None:
    went = await route([("stdout", [])], ("app", [{"a": "x"}, {"b": 2}]))
    assert went.records == [{"a": "x"}, {"b": 2}]
    assert capfd.readouterr().out == (
        '[0] app: [[0.000000000, {}], {"a"=>"x"}]\n[1] app: [[0.000000001, {}], {"b"=>2}]\n'
    )


async def test_a_disk_that_is_full_costs_no_records(route: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(console, "STDOUT", full)
    went = await route([("stdout", [])], ("app", [{"a": "x"}]))
    os.close(full)
    assert went.records == [{"a": "x"}]
    assert "standard output: No space left on device" in went.log


async def test_a_reader_that_is_slow_costs_lines_and_no_records(
    filter_of: Any, batch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(console, "STDOUT", writing)
    monkeypatch.setattr(module, "_STOP_SECONDS", 0.0)
    plugin = filter_of("stdout", [])
    await plugin.start()
    found = batch({"a": "x" * (9 << 20)})
    plugin.apply(found)
    plugin.apply(found)
    assert len(found) == 1
    assert "records pass without being printed" in plugin.logged()
    await plugin.stop()
    assert "the last records were not printed" in plugin.logged()
    os.close(reading)
