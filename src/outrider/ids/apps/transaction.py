"""A request and its answer, as rules and events see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Transaction(Protocol):
    """``id`` counts from 0 in its flow. ``alerted`` are the numbers of rules that have matched it.

    For each direction, ``fresh`` says whether there is something that rules have not seen, ``done`` that it is whole.
    """

    id: int
    fresh: list[bool]
    done: list[bool]
    alerted: set[tuple[int, int]]

    def forget(self) -> None:
        """Nobody looks at it any more: what it holds may go."""

    def buffer(self, name: str, direction: int) -> Sequence[bytes]:
        """What is in a buffer, each instance by itself; none if it is not there."""

    def number(self, name: str) -> int | None:
        """A number that rules compare, None if there is none."""

    def event(self) -> dict[str, Any]:
        """Its own part of an event."""


class Parser(Protocol):
    """Takes the bytes of both directions as they come."""

    name: str
    transactions: list[Any]
    """Those that somebody may still want to look at."""

    def feed(self, direction: int, data: bytes) -> None:
        """Bytes in order."""

    def gap(self, direction: int, size: int) -> None:
        """Bytes that nobody has seen."""

    def end(self, direction: int) -> None:
        """Nothing more comes."""
