"""What tests of several rooms need."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from outrider.model.errors import Place
from outrider.pipeline.config.configuration import PluginSection
from outrider.pipeline.options import Property

HERE = Place("test")
PATIENCE = 90.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def wait_for(
    condition: Callable[[], object], tell: Callable[[], object] = lambda: "it did not happen", seconds: float = PATIENCE
) -> None:
    """Wait until something that another process does has happened; ``tell`` gives the words where it has not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, tell()
        time.sleep(0.01)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that has no event to wait for."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.002)


def section(kind: str, **values: Any) -> PluginSection:
    """A section of a configuration; ``tls__verify`` stands for ``tls.verify``."""
    return PluginSection(kind, [Property(key.replace("__", "."), str(v), HERE) for key, v in values.items()], HERE)


def ns(text: str) -> int:
    """A time of day in UTC as nanoseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000
