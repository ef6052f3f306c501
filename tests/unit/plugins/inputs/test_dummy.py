"""The dummy input: which records, how many, with which times."""

from __future__ import annotations

from typing import Any

import pytest

from outrider.model.errors import UserError

SECOND = 1_000_000_000


async def run(make: Any, intake_of: Any, count: int, **options: Any) -> Any:
    """What the input hands in until there are ``count`` batches."""
    plugin = make("input", "dummy", **{"rate": 1000, "flush_on_startup": "on", **options})
    intake = intake_of(plugin)
    await plugin.start(intake)
    await intake.until(lambda seen: len(seen.batches) >= count)
    await plugin.stop()
    return intake


async def test_default_record_and_tag(make: Any, intake_of: Any) -> None:
    intake = await run(make, intake_of, 2)
    assert intake.records[:2] == [{"message": "dummy"}] * 2
    assert intake.tags[0] == "dummy.0"
    assert intake.batches[0].metadata is None


async def test_record_metadata_copies_and_tag(make: Any, intake_of: Any) -> None:
    options = {"dummy": '{"a":{"b":[1,null]}}', "metadata": '{"m":1}', "copies": 3, "tag": "made.up"}
    intake = await run(make, intake_of, 1, **options)
    batch = intake.batches[0]
    assert (batch.tag, batch.records, batch.metadata) == ("made.up", [{"a": {"b": [1, None]}}] * 3, [{"m": 1}] * 3)


async def test_samples_end_it(make: Any, intake_of: Any) -> None:
    plugin = make("input", "dummy", samples=3, copies=2, rate=1000)
    intake = intake_of(plugin)
    await plugin.start(intake)
    await intake.until(lambda seen: len(seen.batches) == 3)
    assert plugin._ended
    await plugin.stop()
    assert len(intake.records) == 6


async def test_fixed_time(make: Any, intake_of: Any) -> None:
    options = {"start_time_sec": 1_700_000_000, "start_time_nsec": 5, "fixed_timestamp": "on"}
    intake = await run(make, intake_of, 3, **options)
    assert {time for batch in intake.batches for time in batch.times} == {1_700_000_000 * SECOND + 5}
    intake = await run(make, intake_of, 3, fixed_timestamp="on")
    assert len({time for batch in intake.batches for time in batch.times}) == 1


async def test_times_go_on_from_the_start_time(make: Any, intake_of: Any) -> None:
    intake = await run(make, intake_of, 3, start_time_sec=100)
    times = [batch.times[0] for batch in intake.batches]
    assert times == sorted(times)
    assert times[0] == 100 * SECOND
    assert times[-1] < 200 * SECOND


async def test_an_interval_instead_of_a_rate(make: Any, intake_of: Any) -> None:
    intake = await run(make, intake_of, 3, rate=1, interval_nsec=1_000_000)
    assert len(intake.batches) >= 3


async def test_it_waits_while_there_is_no_room_and_stays_stopped(make: Any, intake_of: Any) -> None:
    plugin = make("input", "dummy", rate=1000)
    intake = intake_of(plugin)
    await plugin.start(intake)
    await intake.until(lambda seen: seen.batches)
    intake.pause()
    before = len(intake.batches)
    plugin._make()
    assert len(intake.batches) == before
    intake.resume()
    await intake.until(lambda seen: len(seen.batches) > before)
    await plugin.stop()
    before = len(intake.batches)
    intake.resume()
    plugin._make()
    assert len(intake.batches) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dummy": "text"}, "dummy is not JSON"),
        ({"dummy": '{"a":"\udcff"}'}, "dummy is not JSON"),
        ({"dummy": '{"a":' * 100_000}, "dummy is not JSON"),
        ({"dummy": "[1]"}, "dummy must be a JSON object"),
        ({"metadata": "1"}, "metadata must be a JSON object"),
        ({"rate": 0}, "at least 1"),
        ({"copies": 0}, "at least 1"),
        ({"interval_sec": -1}, "allowed: 0 and more"),
        ({"interval_nsec": SECOND}, "between 0 and 999999999"),
    ],
)
def test_what_is_refused(make: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make("input", "dummy", **options)
