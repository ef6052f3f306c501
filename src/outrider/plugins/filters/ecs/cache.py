"""Which fields go to the records of which tag, and which containers are still to be looked for. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from outrider.aws.metadata import Fields, Known, container_in

_MISSING_MAX: Final = 1_000


class Cache:
    """What is known of containers. ``made`` makes the fields of records of what is known; times are seconds."""

    def __init__(self, made: Callable[[Fields], Fields], prefix: str, ttl: float, retries: int) -> None:
        self._made = made
        self._prefix = prefix
        self._ttl = ttl
        self._retries = retries
        self._common: Fields | None = None
        self._own: dict[str, Fields] | None = None
        self._fields: dict[str, Fields] = {}
        self._heard: dict[str, float] = {}
        self._missing: dict[str, int] = {}

    @property
    def empty(self) -> bool:
        """Whether nothing is known at all."""
        return self._common is None

    @property
    def wants(self) -> bool:
        """Whether there are containers to look for."""
        return any(tries < self._retries for tries in self._missing.values())

    def take(self, known: Known, now: float) -> None:
        """Remember what an endpoint has said."""
        self._common = self._made(known.common)
        self._own = {name: self._made(fields) for name, fields in known.by_name.items()} or None
        for short, fields in known.by_id.items():
            self._fields[short] = self._made(fields)
            self._heard[short] = now
            self._missing.pop(short, None)
        for short in self._missing:
            self._missing[short] += 1
        for short in [short for short, heard in self._heard.items() if now - heard > self._ttl]:
            del self._heard[short], self._fields[short]

    def fields(self, tag: str, now: float) -> Fields | None:
        """The fields for a tag's records: the container's, or what all share; None: nothing is known yet."""
        short, name = container_in(tag, self._prefix)
        found = self._fields.get(short)
        if found is not None:
            self._heard[short] = now
            return found
        if self._own is not None:
            return self._own.get(name, self._common)
        if short and self._common is not None and short not in self._missing:
            if len(self._missing) >= _MISSING_MAX:
                self._missing.clear()
            self._missing[short] = 0
        return self._common
