"""A batch of records: what filters change in place and outputs deliver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]
"""Field name to value: str (undecodable bytes as surrogate escapes), int, float, bool, None, bytes, list or dict."""


class Batch:
    """Records of one tag, as columns of equal length.

    ``times`` are nanoseconds since the epoch (UTC), ``metadata`` is None where no record has any.
    ``id`` names the chunk that the records come from: the same records sent again have the same id, so an output
    may use it as an idempotency key; what is left after a part was delivered has another one (``ID-2``, ``ID-3`` …).
    It is empty where there is none. ``source`` is the instance name of the input that
    took the records, or of the emitter of the filter that made them.
    Filters change the three lists in place; outputs only read them.
    """

    __slots__ = ("id", "metadata", "records", "source", "tag", "times")

    def __init__(
        self,
        tag: str,
        times: list[int],
        records: list[Record],
        metadata: list[Record] | None = None,
        id: str = "",  # noqa: A002 - the field's own name
        source: str = "",
    ) -> None:
        self.tag = tag
        self.times = times
        self.records = records
        self.metadata = metadata
        self.id = id
        self.source = source

    def __len__(self) -> int:
        return len(self.records)

    def part(self, places: Sequence[int]) -> Batch:
        """The records at these places, as a batch of its own without an id: they have not come together before."""
        return Batch(
            self.tag,
            [self.times[at] for at in places],
            [self.records[at] for at in places],
            None if self.metadata is None else [self.metadata[at] for at in places],
            source=self.source,
        )

    def keep(self, chosen: list[bool]) -> None:
        """Keep the records whose place in ``chosen`` is true; the others are gone."""
        if all(chosen):
            return
        self.times[:] = [t for t, c in zip(self.times, chosen, strict=True) if c]
        self.records[:] = [r for r, c in zip(self.records, chosen, strict=True) if c]
        if self.metadata is not None:
            self.metadata[:] = [m for m, c in zip(self.metadata, chosen, strict=True) if c]
