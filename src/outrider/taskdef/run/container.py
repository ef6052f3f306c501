"""What the runner needs of a container, however it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from outrider.model.errors import OutriderError
from outrider.taskdef.run.health import Health


class StartError(OutriderError):
    """A container could not be started, in the words of whoever tried.

    ``status`` is what a shell would report: 127 for a command that is not there, 126 for one that cannot be executed,
    125 for a failure of Docker itself.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Container(Protocol):
    """One container of a task. ``start`` once, ``wait`` once right after it, ``remove`` at last."""

    @property
    def backend(self) -> str:
        """``docker`` or ``process``."""

    @property
    def lines(self) -> int:
        """Lines that it has written to stdout and stderr so far, counted where they leave it."""

    @property
    def dropped(self) -> int | None:
        """Log messages that the log driver dropped; None if it does not say (Docker's does not)."""

    async def start(self) -> None:
        """Start it. Raises StartError."""

    async def wait(self) -> int:
        """Its exit status (128 + n if signal n ended it), once it has ended and its output has been taken."""

    async def stop(self, grace: float) -> None:
        """SIGTERM, and SIGKILL after ``grace`` seconds; returns when it has been sent what it needs to end."""

    async def kill(self) -> None:
        """SIGKILL at once; ``wait`` gives its output hardly any more time."""

    async def health(self, changed: Callable[[Health], None]) -> None:
        """Tell each change of its health, as long as it runs. Raises LocalError if nobody can say any more."""

    async def remove(self) -> None:
        """Leave nothing of it behind. Never raises for what is gone already."""
