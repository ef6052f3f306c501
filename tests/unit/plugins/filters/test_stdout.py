"""The stdout filter prints what passes."""

from __future__ import annotations

import os
from typing import Any

import pytest

from outrider.net import console


async def test_records_are_printed_and_go_on(route: Any, capfd: Any) -> None:
    went = await route([("stdout", [])], ("app", [{"a": "x"}, {"b": 2}]))
    assert went.records == [{"a": "x"}, {"b": 2}]
    assert capfd.readouterr().out == (
        '[0] app: [[0.000000000, {}], {"a"=>"x"}]\n[1] app: [[0.000000001, {}], {"b"=>2}]\n'
    )


async def test_a_disk_that_is_full_costs_no_records(
    filter_of: Any, batch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = filter_of("stdout", [])
    found = batch({"a": "x"})
    plugin.apply(found)
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(console, "STDOUT", full)
    await plugin.stop()
    os.close(full)
    assert len(found) == 1
    assert "standard output: No space left on device" in plugin.logged()


def test_a_reader_that_is_slow_costs_lines_and_no_records(filter_of: Any, batch: Any) -> None:
    plugin = filter_of("stdout", [])
    found = batch({"a": "x" * (9 << 20)})
    plugin.apply(found)
    plugin.apply(found)
    assert len(found) == 1
    assert "records pass without being printed" in plugin.logged()
