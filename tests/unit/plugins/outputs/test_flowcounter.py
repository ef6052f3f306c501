"""flowcounter: counts by span of time."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outrider.plugins.outputs.flowcounter.flow import Flow


def test_a_span_that_has_ended_has_a_line() -> None:
    flow = Flow("minute", 600)
    assert flow.add([590, 600], [100, 30]) == ("", 0)
    assert flow.add([601, 539, 541], [10, 1, 1]) == (
        '[out_flowcounter] [600, {"counts": 2, "bytes": 130, "counts/minute": 0, "bytes/minute": 2 }]\n',
        2,
    )
    assert flow.until == 660
    assert flow.add([10_000], [5])[0].startswith('[out_flowcounter] [660, {"counts": 1, "bytes": 10,')
    assert flow.until == 10_020


@given(st.lists(st.lists(st.integers(0, 10_000), max_size=10), max_size=10))
def test_every_record_is_counted_once_or_late(batches: list[list[int]]) -> None:
    flow = Flow("second", 0)
    lines, late = "", 0
    for times in batches:
        more, too_late = flow.add(times, [1] * len(times))
        lines += more
        late += too_late
    counted = sum(int(line.split('"counts": ')[1].split(",")[0]) for line in (lines + flow.line()).splitlines())
    assert counted + late == sum(map(len, batches))


async def test_records_are_delivered_and_lines_printed(make: Any, batch: Any, capfd: Any) -> None:
    plugin = make("output", "flowcounter", unit="second", event_based="on")
    assert (await plugin.send(batch({"a": 1}, {"b": 2}))).delivered == 2
    assert "2 records are out of range" in plugin.logged()
    plugin._flow.until = 1_600_000_000
    assert (await plugin.send(batch({"a": 1}))).delivered == 1
    assert capfd.readouterr().out == ""
    await plugin.send(batch({"a": 1}, time=1_800_000_000_000_000_000))
    assert capfd.readouterr().out == (
        '[out_flowcounter] [1700000000, {"counts": 1, "bytes": 17, "counts/second": 1, "bytes/second": 17 }]\n'
    )
