"""throttle: the window slides, and what is above the rate is dropped and counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.plugins.filters.throttle.window import Window, interval


def test_the_window_lets_rate_times_size_through_and_then_what_slides_out() -> None:
    window = Window(2, 3, 1.0)
    assert window.take(4, 100.0) == 4
    assert window.take(4, 101.5) == 2
    assert window.take(1, 102.9) == 0
    assert window.take(9, 103.0) == 4  # the first interval has gone
    assert window.take(9, 103.9) == 0
    assert window.take(9, 104.0) == 2
    assert window.take(9, 1_000_000.0) == 6


def test_a_fraction_of_a_record_lets_one_through() -> None:
    window = Window(0.5, 5, 1.0)
    assert [window.take(1, 0.0) for _ in range(4)] == [1, 1, 1, 0]


@given(
    st.floats(0.1, 50),
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(0, 20), st.floats(0, 3)), max_size=30),
)
def test_no_window_ever_holds_more_than_the_rate_allows(rate: float, size: int, steps: list[Any]) -> None:
    window = Window(rate, size, 1.0)
    now = 0.0
    for count, wait in steps:
        now += wait
        before = window.total
        taken = window.take(count, now)
        assert 0 <= taken <= count
        assert window.total <= rate * size + 1
        assert taken == count or window.total >= rate * size
        assert window.total <= before + taken


@pytest.mark.parametrize(
    ("text", "seconds"), [("1", 1), ("1s", 1), ("2m", 120), ("1H", 3600), ("1d", 86_400), ("0.5", 0.5)]
)
def test_intervals(text: str, seconds: float) -> None:
    assert interval(text) == seconds


@pytest.mark.parametrize("text", ["0", "-1", "x", "1x", "1 s", "", "s", "1ms"])
def test_what_is_no_interval(text: str) -> None:
    with pytest.raises(ValueError, match="is no interval"):
        interval(text)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (("rate", "0"), "rate must be more than 0"),
        (("rate", "many"), "is not a number"),
        (("window", "0"), "window must be from 1"),
        (("interval", "soon"), "interval 'soon' is no interval"),
    ],
)
def test_what_is_refused(filter_of: Any, rule: tuple[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_of("throttle", [rule])


async def test_in_a_pipeline_what_is_dropped_is_counted(route: Any) -> None:
    records = [{"n": n} for n in range(20)]
    went = await route([("throttle", [("rate", "2"), ("window", "5"), ("interval", "1h")])], ("app", records))
    assert went.records == records[:10]
    assert went.sheet["inputs"]["given.0"]["dropped"] == {"filter throttle.0": 10}


async def test_the_status_is_printed_every_interval(filter_of: Any, batch: Any) -> None:
    plugin = filter_of("throttle", [("rate", "2"), ("window", "2"), ("interval", "0.001"), ("print_status", "on")])
    plugin.apply(batch({}))
    said: asyncio.Queue[str] = asyncio.Queue()

    class Voice:
        info = staticmethod(said.put_nowait)

    plugin.log = Voice()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        running = group.create_task(plugin.run())
        assert (await said.get()).startswith("limit is 2.00 per 0.001 with window size of 2, current rate is: ")
        assert await said.get()
        running.cancel()
