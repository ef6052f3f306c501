"""The three declared kinds of error. Everything else that is raised is a bug.

Each kind is caught in one named place: ``UserError`` in ``outrider.cli``, ``PeerError`` and ``LocalError`` where the
pipeline calls a plugin (``outrider.pipeline.answer``) or, in the programs, around one request or one cycle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_WORD_MAX = 300
"""Characters of one word that are told."""
_SHORT_LIST = 8
"""A longer list of what is allowed is told only where nothing in it is near to what was found."""
_LONG = re.compile(rf"\S{{{_WORD_MAX + 1},}}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a file (or ``command line``), a 1-based line and a 1-based column; 0 is unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


class OutriderError(Exception):
    """Base of the declared kinds."""


class UserError(OutriderError):
    """The configuration or the arguments are wrong. Exit status 2 (1 where Fluent Bit says 1), never a traceback.

    ``message`` says what was found; ``place`` where; ``allowed`` what is possible instead; ``fix`` what to do.
    ``key`` names the option that is wrong, for who knows the option and not its place.
    """

    def __init__(
        self,
        message: str,
        place: Place | None = None,
        *,
        key: str = "",
        found: str = "",
        allowed: Iterable[str] = (),
        fix: str = "",
    ) -> None:
        self.message = message
        self.place = place
        self.key = key
        self.found = found
        self.allowed = tuple(allowed)
        self.fix = fix
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [f"{self.place}: {self.message}" if self.place else self.message]
        near = _nearest(self.found, self.allowed) if self.found else []
        if near:
            parts.append(f"did you mean '{near[0]}'?")
        if self.allowed and not (near and len(self.allowed) > _SHORT_LIST):
            parts.append(f"allowed: {', '.join(self.allowed)}")
        if self.fix:
            parts.append(f"fix: {self.fix}")
        return shown("; ".join(parts))


class UserErrors(UserError):  # noqa: N818 - several of the class above
    """Several faults of one configuration; ``errors`` has two or more, in the order in which they were found.

    ``heading`` is a line above them, where one is wanted.
    """

    def __init__(self, errors: Iterable[UserError], heading: str = "") -> None:
        self.errors = tuple(errors)
        self.heading = heading
        super().__init__(heading or self.errors[0].message, self.errors[0].place)

    def __str__(self) -> str:
        lines = [str(error) for error in self.errors]
        return "\n  ".join([f"{self.heading}:", *lines]) if self.heading else "\n".join(lines)


class PeerError(OutriderError):
    """The other side failed: unreachable, slow, refused, or sent what it must not.

    ``retry`` says whether the same request may succeed later; if not, the records are dropped with ``str(error)``
    as the reason. ``after``: the peer asked for so many seconds before the next try.
    """

    def __init__(self, message: str, *, retry: bool = True, after: float = 0.0) -> None:
        super().__init__(message)
        self.retry = retry
        self.after = after


class LocalError(OutriderError):
    """This machine failed: disk full, permission, memory. Back off, degrade and say so."""


def shown(text: str) -> str:
    """The text as it is told: what was found may steer a terminal, or be a file that was pasted into a value."""
    return _LONG.sub(lambda found: f"{found[0][:_WORD_MAX]}…", printable(text))


def printable(text: str) -> str:
    """The text without what steers a terminal, or turns what is read around."""
    return text if text.isprintable() else "".join([c if c.isprintable() or c == "\n" else "\ufffd" for c in text])


def _nearest(found: str, allowed: tuple[str, ...]) -> list[str]:
    import difflib  # for what is told of a mistake alone

    return difflib.get_close_matches(found.lower(), allowed, 1, 0.6)
