"""All reasons why a task cannot be protected, said together, so that the user mends them together."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from outrider.model.errors import UserError, UserErrors


class Refusals:
    """Collects reasons. As a context manager it takes the UserError that its block raises, and the program goes on."""

    def __init__(self) -> None:
        self._found: list[UserError] = []

    def add(self, reasons: Iterable[UserError]) -> None:
        """Take these."""
        self._found += reasons

    def settle(self) -> None:
        """Raise UserError if there is any reason."""
        if len(self._found) > 1:
            raise UserErrors(self._found, f"{len(self._found)} things are to be mended")
        if self._found:
            raise self._found[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, UserError):
            return False
        self.add(error.errors if isinstance(error, UserErrors) else [error])
        return True
