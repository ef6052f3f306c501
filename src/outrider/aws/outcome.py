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

    ``dropped`` counts by reason; ``rest`` are the places in the batch that must be tried again because of ``error``.
    """

    delivered: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    rest: list[int] = field(default_factory=list)
    error: PeerError | None = None
    after: float = 0.0
    """Seconds that the peer has asked to wait."""

    def keep(self, places: Sequence[int], error: PeerError) -> None:
        """These must be tried again."""
        self.rest += places
        self.error = self.error or error
        self.after = max(self.after, error.after)

    @property
    def reason(self) -> str:
        """Why records were dropped, or must be tried again."""
        return "; ".join([*self.dropped, *([str(self.error)] if self.error is not None else [])])
