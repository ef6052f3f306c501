"""One filter at work: which chunks go through it, and what it did to a batch.

This is the place where what filters raise is caught.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Final

from msgspec import Struct

from outrider.formats import msgpack
from outrider.model.batch import Batch, Record
from outrider.pipeline.intake import ChunkIntake
from outrider.pipeline.log import Log
from outrider.pipeline.plugin import Filter

BY_FILTER: Final = "filter "
"""What the reasons begin with of records that a filter has taken out."""


class RunningFilter(Struct):
    """A filter, the tags it applies to, and the one input it belongs to, if it is a processor of an input."""

    plugin: Filter[Any]
    name: str
    matches: Callable[[str], bool]
    source: str = ""
    emitter: ChunkIntake | None = None
    seen: int = 0
    gone: int = 0
    """Records that went in, and that did not come out."""
    has_failed: bool = False
    """Whether the last batch was emptied because of a bug."""

    @property
    def reason(self) -> str:
        """Why the records that it takes out of a batch are dropped."""
        return f"{BY_FILTER}{self.name}"

    def takes(self, tag: str, source: str) -> bool:
        """Whether records of that tag and input go through this filter."""
        return self.matches(tag) and (not self.source or self.source == source)

    def apply(self, batch: Batch, log: Log, *, counts: bool = True) -> int:
        """Filter the batch in place; how many records it has less. ``counts``: add them to ``seen`` and ``gone``."""
        before, self.has_failed = len(batch), False
        try:
            self.plugin.apply(batch)
        except Exception as error:  # noqa: BLE001 - a bug in a filter must not stop the records
            self._bug(error, log)
            if self.plugin.drops_on_bug:
                self._empty(batch)
        columns = {len(batch.times), len(batch) if batch.metadata is None else len(batch.metadata)}
        if len(batch) > before or columns != {len(batch)}:
            log.error(f"bug in filter {self.name}: it must not add records or change one column alone")
            self._empty(batch)
        if counts:
            self.seen += before
            self.gone += before - len(batch)
        return before - len(batch)

    def _empty(self, batch: Batch) -> None:
        self.has_failed = True
        batch.times.clear()
        batch.records.clear()
        batch.metadata = None

    def flush(self, now: int, log: Log, *, last: bool) -> None:
        """See ``plugin.Filter``."""
        try:
            self.plugin.flush(now, last=last)
        except Exception as error:  # noqa: BLE001 - as above
            self._bug(error, log)

    async def run(self, log: Log) -> None:
        """See ``plugin.Filter``."""
        try:
            await self.plugin.run()
        except Exception as error:  # noqa: BLE001 - as above
            self._bug(error, log)

    def _bug(self, error: Exception, log: Log) -> None:
        log.error(f"bug in filter {self.name}: {''.join(traceback.format_exception(error))}")


def processed(whole: Batch, filters: Sequence[RunningFilter], gone: Counter[str], log: Log) -> Batch:
    """A copy that has been through an output's own filters; other outputs have the same batch."""
    batch = Batch(whole.tag, list(whole.times), _copied(whole.records) or [], _copied(whole.metadata))
    batch.id, batch.source = whole.id, whole.source
    for item in filters:
        if batch.records and (less := item.apply(batch, log)):
            gone[item.reason] += less
    return batch


def _copied(columns: list[Record] | None) -> list[Record] | None:
    try:
        return deepcopy(columns)
    except RecursionError:  # a sender may nest more deeply than that goes
        found: list[Record] = msgpack.decode(msgpack.encode(columns))
        return found
