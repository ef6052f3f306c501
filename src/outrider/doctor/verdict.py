"""What a check comes to."""

from __future__ import annotations

import enum

import msgspec

from outrider.model.errors import shown


class Level(enum.StrEnum):
    """``warn``: it works and will hurt; ``skipped``: nothing to look at, or something else must work first."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class Verdict(msgspec.Struct, frozen=True):
    """``what`` was found, and how to ``fix`` it where that is needed."""

    level: Level
    what: str
    fix: str = ""


class Line(msgspec.Struct, frozen=True):
    """A verdict with the name of its check, as it is printed."""

    check: str
    level: Level
    what: str
    fix: str = ""

    def __str__(self) -> str:
        fix = f"; fix: {self.fix}" if self.fix else ""
        return shown(f"{self.level.value:8} {self.check}: {self.what}{fix}").replace("\n", " ")


def ok(what: str) -> Verdict:
    """It works."""
    return Verdict(Level.OK, what)


def warn(what: str, fix: str) -> Verdict:
    """It works and will hurt."""
    return Verdict(Level.WARN, what, fix)


def fail(what: str, fix: str) -> Verdict:
    """It does not work."""
    return Verdict(Level.FAIL, what, fix)


def skipped(why: str) -> Verdict:
    """There was nothing to look at."""
    return Verdict(Level.SKIPPED, why)
