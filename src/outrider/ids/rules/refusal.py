"""Why a rule is not used."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.model.errors import Place


class RuleError(Exception):
    """A rule, or one option of it, cannot be used; the message says why. ``at``: the offset in the rule's text."""

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.at = at


class UnsupportedError(RuleError):
    """The rule is right, and asks for what this engine does not do."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that is left out. ``supported`` is false where the rule is right and the engine lacks something."""

    place: Place
    reason: str
    sid: int | None
    supported: bool

    def __str__(self) -> str:
        return f"{self.place}: {f'sid {self.sid}: ' if self.sid is not None else ''}{self.reason}"
