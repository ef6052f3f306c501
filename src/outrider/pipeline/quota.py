"""``storage.total_limit_size``: the chunks on disk that wait for one output, their bytes, and which must go. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from outrider.pipeline.chunk import Chunk

REASON: Final = "storage.total_limit_size"
"""Why records are dropped."""


class Quota:
    """The chunks on disk that one output has not answered for, in the order in which they were sealed."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self._sizes: dict[str, int] = {}
        self._chunks: dict[str, Chunk] = {}

    def note(self, chunk: Chunk) -> None:
        """The chunk waits, and has this size now."""
        self.bytes += chunk.stored - self._sizes.get(chunk.id, 0)
        self._sizes[chunk.id] = chunk.stored
        self._chunks[chunk.id] = chunk

    def forget(self, chunk: Chunk) -> None:
        """The output has answered."""
        self.bytes -= self._sizes.pop(chunk.id, 0)
        self._chunks.pop(chunk.id, None)

    def victims(self) -> Iterator[Chunk]:
        """The oldest chunks, for as long as there are too many bytes; the newest is never among them."""
        for chunk in list(self._chunks.values())[:-1]:
            if self.bytes <= self.limit:
                return
            yield chunk
