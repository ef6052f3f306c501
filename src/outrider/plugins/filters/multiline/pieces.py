"""The pieces that Docker's log drivers make of long lines, to whole records.

A piece has ``partial_message`` true and a ``partial_id``; the last one has ``partial_last`` true. The whole record has
the time and the fields of the first piece, without those that begin with ``partial_``, and the joined text last; it
stands where the last piece stood. Pure.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from outrider.formats.multiline import Joined
from outrider.model.batch import Batch, Record

Key: TypeAlias = tuple[str, str, str]
"""Source, tag, partial_id."""

_PREFIX: Final = "partial_"
_OPEN_MAX: Final = 1_000


class _Message:
    """What has come of one message."""

    __slots__ = ("joined", "parts", "seen", "size", "touched")

    def __init__(self, joined: Joined) -> None:
        self.joined = joined
        self.parts: list[str] = []
        self.size = 0
        self.touched = True
        self.seen = 0


class Pieces:
    """All messages that are not whole yet: at most ``limit`` characters (0: no limit), and 1,000 messages.

    What is over the limits is given up as it is: ``spilled`` holds it until it is taken.
    """

    def __init__(self, key_content: str, limit: int) -> None:
        self._key = key_content
        self._limit = limit
        self._open: dict[Key, _Message] = {}
        self._size = 0
        self.spilled: list[tuple[str, Joined]] = []

    def take(self, batch: Batch) -> None:
        """Take the pieces out of a batch and put whole records in."""
        if not any("partial_message" in record for record in batch.records):
            return
        metadata = batch.metadata or [{}] * len(batch.records)
        kept: list[Joined] = []
        for time, record, own in zip(batch.times, batch.records, metadata, strict=True):
            found = self._piece(batch, Joined(time, record, own))
            if found is not None:
                kept.append(found)
        batch.times[:] = [item.time for item in kept]
        batch.records[:] = [item.record for item in kept]
        if batch.metadata is not None:
            batch.metadata[:] = [item.metadata or {} for item in kept]

    def idle(self, now: int, timeout: int) -> list[tuple[str, Joined]]:
        """Tag and record of messages that got no piece since the first call that was ``timeout`` ago, incomplete."""
        over: list[Key] = []
        for key, message in self._open.items():
            if message.touched:
                message.touched, message.seen = False, now
            elif now - message.seen >= timeout:
                over.append(key)
        return [(key[1], self._close(key)) for key in over]

    def all(self) -> list[tuple[str, Joined]]:
        """Tag and record of every message, incomplete."""
        return [(key[1], self._close(key)) for key in list(self._open)]

    def _piece(self, batch: Batch, item: Joined) -> Joined | None:
        """The record to keep in the batch; None: the piece has been put away."""
        record = item.record
        text, name = _text(record.get(self._key)), _text(record.get("partial_id"))
        if not _is_true(record.get("partial_message")) or text is None or name is None:
            return item
        key = (batch.source, batch.tag, name)
        message = self._open.get(key)
        if message is None:
            if len(self._open) >= _OPEN_MAX:
                self._spill(next(iter(self._open)))
            fields = {field: value for field, value in record.items() if field != self._key and not _is_own(field)}
            message = self._open[key] = _Message(Joined(item.time, fields, item.metadata))
        elif self._limit and message.size + len(text) > self._limit:
            joined = message.joined
            self._spill(key)
            message = self._open[key] = _Message(joined._replace(record=dict(joined.record)))
        message.parts.append(text)
        message.size += len(text)
        message.touched = True
        self._size += len(text)
        if _is_true(record.get("partial_last")):
            return self._close(key)
        while self._limit and self._size > self._limit and len(self._open) > 1:
            self._spill(next(iter(self._open)))
        return None

    def _spill(self, key: Key) -> None:
        self.spilled.append((key[1], self._close(key)))

    def _close(self, key: Key) -> Joined:
        message = self._open.pop(key)
        self._size -= message.size
        record = message.joined.record
        record.pop(self._key, None)
        record[self._key] = "".join(message.parts)
        return message.joined


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value if isinstance(value, str) else None


def _is_true(value: object) -> bool:
    return value is True or (_text(value) or "")[:4].lower() == "true"


def _is_own(field: Record | object) -> bool:
    return isinstance(field, str) and field.startswith(_PREFIX)
