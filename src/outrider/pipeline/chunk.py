"""A chunk: records of one tag, raw as they came, from acceptance until every output has answered."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from outrider.formats import msgpack
from outrider.model.batch import Batch
from outrider.model.errors import LocalError
from outrider.pipeline.plugin import Decoder
from outrider.spool import chunkfile

SIZE_MAX: Final = 2_000_000
"""Bytes at which a chunk is sealed."""
FILTERED: Final = "batch"
"""Codec of a chunk that has been through the filters."""
_PART: Final = "-"


class UnknownFormError(LookupError):
    """The codec of a chunk is that of a plugin, a version or a parser that is not here."""


class Chunk:
    """Raw pieces in memory, in a file, or both. ``memory`` is what its input is charged for, in bytes."""

    __slots__ = (
        "codec",
        "count",
        "counts",
        "created",
        "done",
        "file",
        "file_is_current",
        "id",
        "memory",
        "part",
        "parts",
        "path",
        "pending",
        "pieces",
        "raw_is_final",
        "rests",
        "size",
        "source",
        "stored",
        "sync",
        "tag",
        "taken",
    )

    def __init__(self, source: str, tag: str, codec: str, created: int, chunk_id: str = "") -> None:
        self.id = chunk_id or os.urandom(16).hex()
        self.source = source
        self.tag = tag
        self.codec = codec
        self.created = created
        self.pieces: list[bytes] = []
        self.counts: list[int] = []
        """How many records each raw piece holds, where they are in memory since they came."""
        self.count = 0
        self.size = 0
        self.memory = 0
        self.stored = 0
        self.file: chunkfile.ChunkFile | None = None
        self.path: Path | None = None
        self.file_is_current = True
        self.raw_is_final = False
        self.done: set[str] = set()
        self.pending = 0
        self.taken = False
        """Whether it has been decoded, filtered and handed to outputs."""
        self.rests: dict[str, bytes] = {}
        """What is left for outputs that have delivered a part, packed."""
        self.part = 1
        self.parts: dict[str, int] = {}
        """The number of the rest that the chunk and its file hold, and of those in ``rests``; 1: all of it."""
        self.sync = False
        """Whether what is written must have reached the disk."""

    @classmethod
    def recovered(cls, source: str, found: chunkfile.Recovered) -> Chunk:
        """A chunk that was left on disk; nothing of it is in memory."""
        chunk_id, _, part = found.header.id.partition(_PART)
        chunk = cls(source, found.header.tag, found.header.codec, found.header.created, chunk_id)
        chunk.part = int(part) if part.isascii() and part.isdecimal() and len(part) < 10 else 1
        chunk.path, chunk.count, chunk.size, chunk.done = found.path, found.count, found.size, found.done
        return chunk

    @property
    def header(self) -> chunkfile.Header:
        """What stands at the front of the chunk's file."""
        return chunkfile.Header(self._name(self.part), self.tag, self.codec, self.created)

    def _name(self, part: int) -> str:
        """The id of a batch: a rest is not what the whole was, and has one of its own."""
        return self.id if part == 1 else f"{self.id}{_PART}{part}"

    def append(self, raw: bytes, count: int) -> None:
        """Take raw records; into the file first, where there is one. Raises LocalError and has then taken nothing."""
        if self.file is not None:
            self.file.append(raw, count)
        self.pieces.append(raw)
        self.counts.append(count)
        self.count += count
        self.size += len(raw)
        self.memory += len(raw)

    @property
    def is_as_it_came(self) -> bool:
        """Whether all its raw pieces are in memory, so that there may be ``slices``."""
        return bool(self.pieces) and len(self.pieces) == len(self.counts) and sum(self.counts) == self.count

    def slices(self, size: int) -> Iterator[tuple[list[bytes], int]]:
        """The raw pieces in groups of ``size`` records or somewhat more, each with its number of records."""
        group: list[bytes] = []
        count = 0
        for piece, number in zip(self.pieces, self.counts, strict=True):
            group.append(piece)
            count += number
            if count >= size:
                yield group, count
                group, count = [], 0
        if group:
            yield group, count

    def seal(self) -> None:
        """No more appends."""
        if self.file is not None:
            self.file.seal()

    def batch(self, decoders: Mapping[str, Decoder], output: str = "") -> Batch:
        """The records, decoded; what is left of them, where ``output`` has delivered a part.

        Raises LocalError when the file cannot be read now, DamagedError and MalformedError when it never can,
        UnknownFormError where nothing here can decode it.
        """
        rest = self.rests.get(output)
        pieces = self.pieces if rest is None else [rest]
        if not pieces and self.path is not None:
            pieces = chunkfile.read(self.path)
        if not pieces:
            raise chunkfile.DamagedError(f"chunk {self.id} has no records left in memory or on disk")
        if self.codec == FILTERED or rest is not None:
            times, records, metadata = msgpack.decode(pieces[0])
            batch = Batch(self.tag, times, records, metadata)
        else:
            try:
                decode = decoders[self.codec]
            except KeyError as error:
                raise UnknownFormError(f"its records have the form '{self.codec}', which nothing here knows") from error
            batch = decode(self.tag, pieces, self.count)
        batch.id, batch.source = self._name(self.parts.get(output, self.part)), self.source
        return batch

    def pack(self, batch: Batch) -> None:
        """Keep the filtered records in place of the raw ones, unless no filter has touched them.

        Raises LocalError when the file cannot be replaced; memory then holds the filtered form all the same.
        """
        if self.codec != FILTERED and not self.raw_is_final:
            self._replace(batch)

    def keep_rest(self, output: str, batch: Batch, *, alone: bool) -> None:
        """Keep what is left for an output that has delivered a part: in place of all, where it is alone in waiting.

        Raises LocalError as ``pack`` does.
        """
        blob, number = pack(batch), self.parts.get(output, self.part)
        number += blob != self.rests.get(output)  # else all of the rest is to be tried again
        if alone:
            self.rests.pop(output, None)
            self.part = number
            self._replace(batch)
        else:
            self.rests[output] = blob
        self.parts[output] = number

    def _replace(self, batch: Batch) -> None:
        blob = pack(batch)
        self.codec, self.count, self.pieces, self.size = FILTERED, len(batch), [blob], len(blob)
        if self.path is not None:
            self.file_is_current = False
            chunkfile.replace(self.path, self.header, blob, self.count, self.done, sync=self.sync)
            self.file_is_current = True

    def write_to(self, directory: Path, *, sync: bool) -> None:
        """Put a sealed chunk of memory alone into a file. Raises LocalError; the chunk is then as before."""
        file = chunkfile.ChunkFile(directory, self.header, sync=sync)
        try:
            counts = self.counts if self.is_as_it_came else [self.count, *[0] * (len(self.pieces) - 1)]
            for piece, count in zip(self.pieces, counts, strict=True):
                file.append(piece, count)
            file.seal()
            for output in sorted(self.done):
                chunkfile.mark_done(file.path, output)
        except LocalError:
            file.delete()
            raise
        self.path = file.path

    def unload(self) -> None:
        """Let go of the memory, where the file has it all."""
        if self.path is not None and self.file_is_current:
            self.pieces = []

    def mark_done(self, output: str) -> None:
        """Remember on disk that an output has delivered the chunk. Raises LocalError."""
        self.done.add(output)
        if self.path is not None:
            chunkfile.mark_done(self.path, output)

    def set_aside(self) -> None:
        """Nobody can read the chunk: keep its file under another name. Raises LocalError."""
        path = self.leave()
        if path is not None:
            chunkfile.set_aside(path)

    def leave(self) -> Path | None:
        """Nobody here can decode the chunk: its file stays as it is, for who can; the path."""
        self.pieces = []
        self.seal()
        path, self.path, self.file = self.path, None, None
        return path

    def delete(self) -> None:
        """Every output has answered. Raises LocalError when the file cannot be removed."""
        self.pieces = []
        self.seal()
        if self.path is not None:
            chunkfile.delete(self.path)


def pack(batch: Batch) -> bytes:
    """The batch as msgpack: times, records, metadata."""
    return msgpack.encode([batch.times, batch.records, batch.metadata])
