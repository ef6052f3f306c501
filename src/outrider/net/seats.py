"""Places for connections: who gives up theirs when all are taken and another peer comes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

IDLE_SECONDS: Final = 10.0
"""A connection that has been still for so long may lose its place."""
BUSY: Final = float("inf")
"""The time of a connection that must keep its place."""

Holder = TypeVar("Holder", bound=Hashable)


class Seats(Generic[Holder]):
    """At most so many holders, each of one address; times are seconds that never go back, or BUSY."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._by_address: dict[str, OrderedDict[Holder, float]] = {}

    @property
    def full(self) -> bool:
        """Whether every place is taken."""
        return self._count >= self._most

    def take(self, holder: Holder, address: str, now: float) -> None:
        """A place for a new holder."""
        self._by_address.setdefault(address, OrderedDict())[holder] = now
        self._count += 1

    def stir(self, holder: Holder, address: str, now: float) -> None:
        """The holder did something."""
        held = self._by_address.get(address)
        if held is not None and holder in held:
            held[holder] = now
            held.move_to_end(holder)

    def leave(self, holder: Holder, address: str) -> None:
        """The place is free again; no matter when it is already."""
        held = self._by_address.get(address)
        if held is None or holder not in held:
            return
        del held[holder]
        self._count -= 1
        if not held:
            del self._by_address[address]

    def idlest(self, now: float) -> Holder | None:
        """Who has been still the longest at the address that holds the most places; None: nobody is idle anywhere."""
        for held in sorted(self._by_address.values(), key=len, reverse=True):
            for holder, since in held.items():
                if now - since >= IDLE_SECONDS:
                    return holder
        return None
