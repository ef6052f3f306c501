"""Whether somebody listens."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable


def probe(host: str, port: int, seconds: float, told: Callable[[int], None]) -> None:
    """Connect over TCP; ``told`` gets 0, or the number of the error, on the event loop.

    The name is looked up in a thread, which dies with the process, and tells nobody when the loop has ended.
    """
    loop = asyncio.get_running_loop()

    def attempt() -> None:
        try:
            socket.create_connection((host, port), seconds).close()
            result = 0
        except TimeoutError:
            result = errno.ETIMEDOUT
        except OSError as error:
            result = error.errno if error.errno and error.errno > 0 else errno.EHOSTUNREACH
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(told, result)

    threading.Thread(target=attempt, name=f"probe {host}", daemon=True).start()
