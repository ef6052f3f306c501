"""What became of the records of a batch that goes out in several calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from outrider.aws.faults import Fault
from outrider.model.errors import PeerError


class CallError(PeerError):
    """A call that was answered with an error."""

    def __init__(self, what: str, fault: Fault, *, after: float = 0.0) -> None:
        super().__init__(f"{what}: {fault}", after=after)
        self.fault = fault


@dataclass(slots=True)
class Outcome:
    """``delivered + sum(dropped) + len(rest)`` is the size of the batch.

    ``dropped`` counts by reason, ``refused`` are the places of those that AWS or a limit did not let in; ``rest`` are
    the places that must be tried again because of ``error``.
    """

    delivered: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    refused: list[int] = field(default_factory=list)
    rest: list[int] = field(default_factory=list)
    error: PeerError | None = None
    after: float = 0.0
    """Seconds that the peer has asked to wait."""

    def refuse(self, places: Sequence[int], reason: str) -> None:
        """These are dropped, and not because an option says so."""
        self.dropped[reason] += len(places)
        self.refused += places

    def keep(self, places: Sequence[int], error: PeerError) -> None:
        """These must be tried again."""
        self.rest += places
        self.error = self.error or error
        self.after = max(self.after, error.after)

    @property
    def reason(self) -> str:
        """Why records were dropped, or must be tried again."""
        return "; ".join([*self.dropped, *([str(self.error)] if self.error is not None else [])])
