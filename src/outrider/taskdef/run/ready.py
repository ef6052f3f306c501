"""Waits until a sidecar takes connections: before that, an application's first lines would find nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

READY_SECONDS = 20.0
"""How long a sidecar may take from its start until it listens."""
READY_IN_DOCKER_SECONDS = 60.0
"""The same in Docker, where it may have a quarter of a CPU and a cold cache."""
_PAUSE = 0.05
Door: TypeAlias = str | tuple[str, int]
"""The path of a unix socket, or address and port."""


async def open_doors(doors: Sequence[Door]) -> None:
    """Return once each door takes a connection, however long that is. A connection is closed at once.

    Only connecting tells: the file of a socket is there before anybody listens on it.
    """
    for door in doors:
        while True:
            try:
                if isinstance(door, str):
                    _, writer = await asyncio.open_unix_connection(door)
                else:
                    _, writer = await asyncio.open_connection(*door)
                writer.close()
                break
            except (OSError, UnicodeError):  # UnicodeError: no name of a host at all
                await asyncio.sleep(_PAUSE)
