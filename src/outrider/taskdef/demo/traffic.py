"""Somebody who visits the web container."""

from __future__ import annotations

import asyncio

import aiohttp

PAGE = b"Hello from the web container"
"""What the page of ``examples/web-task.json`` says: another answer is not from there."""


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
                        self.answered += PAGE in await response.read()
                except (aiohttp.ClientError, OSError, TimeoutError):
                    pass  # no answer, no line: the next visit comes soon
                await asyncio.sleep(self._pause)
