"""What the server's programs and pages need from a log store: an adapter is anything of this shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from outrider.server.domain.histogram import Bar, Grid
from outrider.server.domain.search import Cursor, LogRecord, Page, Search


class ContainerCount(NamedTuple):
    """A container as its records show it. ``last_ns`` is the time of its newest record."""

    host: str
    container: str
    records: int
    last_ns: int


class StoreState(NamedTuple):
    """``stored``: all of the ingest log below this position is in the store. ``problem``: why the store is down or
    nothing is stored at present; empty when all is well. ``aside``: what is to be said of batches that could not be
    stored and were set aside; empty where there are none."""

    up: bool
    stored: int
    problem: str
    restarts: int
    aside: str = ""


class LogStore(Protocol):
    """Records by search. Methods raise ``LocalError`` while the store is not there, ``UserError`` for a search that is
    too expensive."""

    @property
    def state(self) -> StoreState:
        """What the store is doing."""

    async def search(self, search: Search, hosts: Sequence[str] | None) -> Page:
        """Records, newest first, long messages cut; of these host ids only, unless it is None."""

    async def record(self, place: Cursor) -> LogRecord | None:
        """One record, whole."""

    async def histogram(self, search: Search, hosts: Sequence[str] | None, over: Grid) -> list[Bar]:
        """How many records the search finds over time; its page and limit do not count."""

    async def containers(self, host: str, since_ns: int) -> list[ContainerCount]:
        """Containers with records after ``since_ns``, of one host or (empty text) of all."""

    async def rows(self) -> dict[str, int]:
        """Records in the store by host id, counted now."""
