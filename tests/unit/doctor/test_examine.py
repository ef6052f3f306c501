"""Checks in their order: what one needs of another, how long they may take, and what becomes of errors."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest

from outrider.doctor.check import Check
from outrider.doctor.examine import examine
from outrider.doctor.subject import Subject
from outrider.doctor.verdict import Level, Verdict, fail, ok, warn
from outrider.model.errors import LocalError, OutriderError, PeerError, UserError


class Plain(Check[str]):
    """Comes to what it is told."""

    fix = "do this"

    def __init__(self, name: str, outcome: str | OutriderError = "ok", *needs: str, why: str = "") -> None:
        super().__init__(Subject())
        self.id = name
        self._outcome = outcome
        self.needs = needs  # type: ignore[misc]
        self._why = why

    def idle(self) -> str:
        return self._why

    async def look(self) -> str:
        if isinstance(self._outcome, OutriderError):
            raise self._outcome
        return self._outcome

    def judge(self, seen: str) -> Verdict:
        return {"ok": ok("good"), "warn": warn("so so", "that"), "fail": fail("bad", "this")}[seen]


class Endless(Plain):
    """Never ends."""

    seconds: ClassVar[float] = 0.01

    async def look(self) -> str:
        await asyncio.Event().wait()
        return "ok"


class Patient(Endless):
    """Never ends, and may."""

    seconds: ClassVar[float] = 3600.0


async def test_lines_come_in_the_order_of_the_checks() -> None:
    lines = await examine([Plain("a"), Plain("b", "warn"), Plain("c", "fail"), Plain("d", why="nothing here")], 10)
    assert list(map(str, lines)) == [
        "ok       a: good",
        "warn     b: so so; fix: that",
        "fail     c: bad; fix: this",
        "skipped  d: nothing here",
    ]


async def test_what_needs_a_check_that_fails_is_skipped_and_so_on() -> None:
    checks = [Plain("last", "ok", "middle"), Plain("middle", "ok", "first"), Plain("first", "fail")]
    lines = await examine(checks, 10)
    assert [(line.check, line.level) for line in lines] == [
        ("last", Level.SKIPPED),
        ("middle", Level.SKIPPED),
        ("first", Level.FAIL),
    ]
    assert lines[0].what == "middle must work first"


async def test_a_warning_stops_nobody() -> None:
    lines = await examine([Plain("first", "warn"), Plain("second", "ok", "first")], 10)
    assert [line.level for line in lines] == [Level.WARN, Level.OK]


async def test_a_check_has_its_time() -> None:
    (line, other) = await examine([Endless("slow"), Plain("quick")], 10)
    assert (line.level, line.what, line.fix) == (Level.FAIL, "no answer within 0.01 seconds", "do this")
    assert other.level is Level.OK


async def test_all_together_have_theirs() -> None:
    lines = await examine([Patient("slow"), Plain("quick"), Plain("behind", "ok", "slow")], 0.05)
    assert [(line.level, line.what) for line in lines] == [
        (Level.FAIL, "not done within 0.05 seconds"),
        (Level.OK, "good"),
        (Level.FAIL, "not done within 0.05 seconds"),
    ]


@pytest.mark.parametrize(
    ("error", "what", "fix"),
    [
        (PeerError("gone"), "gone", "do this"),
        (LocalError("full; fix: free it"), "full", "free it"),
        (UserError("wrong", fix="right"), "wrong", "right"),
    ],
)
async def test_an_error_is_a_failure_with_one_remedy(error: OutriderError, what: str, fix: str) -> None:
    (line,) = await examine([Plain("a", error)], 10)
    assert (line.level, line.what, line.fix) == (Level.FAIL, what, fix)
