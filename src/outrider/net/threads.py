"""Blocking calls that cannot hold up the end of the process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any


async def detached(function: Callable[..., None], *arguments: Any) -> None:
    """Call in a thread of its own and wait; what the function raises is raised here.

    When the wait is cancelled the call goes on, and it dies with the process: a write to a pipe that nobody reads, or
    to a network file system that is gone, never returns, and the threads of ``asyncio.to_thread`` are waited for.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def call() -> None:
        error: BaseException | None = None
        try:
            function(*arguments)
        except BaseException as raised:  # noqa: BLE001 - it is raised where the call is awaited
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended without us
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=call, name=f"detached {function.__name__}", daemon=True).start()
    await done
