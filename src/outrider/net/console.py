"""Standard output, which several plugins share: what one prints at once stays together."""

from __future__ import annotations

import os
import threading
from typing import Final

from outrider.model.errors import LocalError
from outrider.net.threads import detached

STDOUT: Final = 1
_TURN = threading.Lock()
"""Held while something is written: a pipe may take it in pieces, and others print too."""


async def print_whole(data: bytes) -> None:
    """Print; a reader that is slow delays whoever waits for this alone. Raises LocalError."""
    await detached(_write_all, data)


def _write_all(data: bytes) -> None:
    view = memoryview(data)
    try:
        with _TURN:
            while view:
                view = view[os.write(STDOUT, view) :]
    except OSError as error:
        raise LocalError(f"standard output: {error.strerror}") from error
