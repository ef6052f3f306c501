"""Somebody who visits the web container."""

from __future__ import annotations

import asyncio

import aiohttp


class Visitor:
    """Visits ``url`` every ``pause`` seconds; the web container logs a line for each of the ``answered`` requests."""

    def __init__(self, url: str, pause: float) -> None:
        self.url = url
        self.answered = 0
        self._pause = pause

    async def run(self, visits: int | None = None) -> None:
        """So many visits, or until cancelled. A server that is not there yet, or not any more, is tried again."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while visits is None or self.answered < visits:
                try:
                    async with session.get(self.url) as response:
                        await response.read()
                        self.answered += 1
                except (aiohttp.ClientError, OSError, TimeoutError):
                    pass  # no answer, no line: the next visit comes soon
                await asyncio.sleep(self._pause)
