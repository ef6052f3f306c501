"""What a check is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from outrider.doctor.subject import Subject
from outrider.doctor.verdict import Verdict

S = TypeVar("S")


class Check(ABC, Generic[S]):
    """Looks at one thing, and judges what it saw. Only ``look`` touches the world.

    ``needs`` names the checks that must work first. A declared error of ``look`` is a failure, and ``fix`` its remedy.
    """

    id: str
    fix: str
    needs: ClassVar[tuple[str, ...]] = ()
    seconds: ClassVar[float] = 5.0

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def idle(self) -> str:
        """Why there is nothing to look at; empty: there is."""
        return ""

    @abstractmethod
    async def look(self) -> S:
        """What is there. Raises PeerError, LocalError or UserError."""

    @abstractmethod
    def judge(self, seen: S) -> Verdict:
        """What to think of it. Pure."""


AnyCheck = Check[Any]
