"""Blocking calls beside the event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from outrider.net.threads import detached


async def test_the_call_is_waited_for() -> None:
    seen: list[int] = []
    await detached(seen.append, 5)
    assert seen == [5]


async def test_what_it_raises_is_raised() -> None:
    def fail() -> None:
        raise OSError(28, "full")

    with pytest.raises(OSError, match="full"):
        await detached(fail)


def test_the_loop_ends_while_the_call_goes_on() -> None:
    go_on, ended = threading.Event(), threading.Event()

    def block() -> None:
        go_on.wait(10)
        ended.set()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await detached(block)

    asyncio.run(main())
    assert not ended.is_set()
    go_on.set()
    assert ended.wait(10)
