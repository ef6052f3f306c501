"""What is wrong with a configuration, all of it: errors, with which nothing starts, and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from outrider.model.errors import Place, UserError, UserErrors
from outrider.pipeline.log import Log


class Findings(Struct):
    """``errors`` and ``warnings`` in the order in which they were found."""

    errors: list[UserError] = field(default_factory=list)
    warnings: list[UserError] = field(default_factory=list)

    def error(self, error: UserError) -> None:
        """Add an error, or each of several."""
        self.errors += error.errors if isinstance(error, UserErrors) else [error]

    def warn(
        self, message: str, place: Place | None, *, found: str = "", allowed: Iterable[str] = (), fix: str = ""
    ) -> None:
        """Add a warning: what it says works, but hardly as its writer wanted."""
        self.doubt(UserError(message, place, found=found, allowed=allowed, fix=fix))

    def doubt(self, warning: UserError) -> None:
        """Add a warning, once."""
        if str(warning) not in map(str, self.warnings):
            self.warnings.append(warning)

    def unset(self, message: str, place: Place, fix: str) -> None:
        """Add a warning about a variable."""
        self.warn(message, place, fix=fix)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Around what may raise UserError: the error is added and does not go further."""
        try:
            yield
        except UserError as error:
            self.error(error)

    def raise_errors(self) -> None:
        """Raise what was found: the error itself, or UserErrors where there are several."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise UserErrors(self.errors)

    def log_warnings(self, log: Log) -> None:
        """Say the warnings, for who starts in spite of them."""
        for warning in self.warnings:
            log.warn(str(warning))

    def lines(self) -> list[str]:
        """One line for each finding, errors first, and the sum."""
        count = len(self.errors) + len(self.warnings)
        found = [str(error) for error in self.errors]
        found += [_warning(error) for error in self.warnings]
        return [*found, f"{count} problem{'' if count == 1 else 's'}"] if count else []


def _warning(warning: UserError) -> str:
    """``PLACE: warning: …``, as compilers write it."""
    place = f"{warning.place}: " if warning.place else ""
    return f"{place}warning: {str(warning).removeprefix(place)}"
