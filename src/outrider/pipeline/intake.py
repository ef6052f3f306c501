"""Where an input hands in its records: open chunks by tag, the spool, back-pressure.

At ``Mem_Buf_Limit`` an input with a spool lets go of the memory of waiting chunks: the disk has them already, where
``storage.type`` is ``filesystem``, or gets them then, where it is ``memory``. An input without a spool stops reading
and goes on when there is room. Nothing is refused that was read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from outrider.formats import msgpack
from outrider.model.batch import Record
from outrider.model.errors import LocalError
from outrider.pipeline import elsewhere
from outrider.pipeline.chunk import SIZE_MAX, Chunk
from outrider.pipeline.ledger import Ledger, count_reason
from outrider.pipeline.log import Log
from outrider.spool import chunkfile, disk

OPEN_MAX: Final = 512
"""Open chunks of an input: a sender that makes up tags gets small chunks, and no more files than this."""
CHUNK_COST: Final = 1_000
"""Bytes that a chunk is charged with beside its records."""
UNFINISHED_MIN: Final = 16_000_000
UNFINISHED_MAX: Final = 256_000_000
"""Bytes of unfinished records of all connections: Mem_Buf_Limit, but at least the first; without one the second."""
FILE_COST: Final = 4_000
"""Bytes that a chunk on disk is charged with beside its records: a block of the file system."""
RECORDS: str = "records"
"""Codec of records that were made by an input: ``[times, records, metadata or nil]``."""


class Spool(Struct):
    """Where an input's chunks lie on disk."""

    directory: Path
    sync: bool
    first: bool = True
    """Whether records go to disk before they are accepted; else only when memory has no room for them."""
    limit: int = 0
    """Bytes at which the input stops reading; 0: none."""
    memory_fallback: bool = True
    """Whether records are kept in memory while the disk refuses them; else the input stops reading."""


class ChunkIntake:
    """The intake of one input (see ``plugin.Intake``). ``sealed`` is called with each chunk that is complete."""

    def __init__(
        self, name: str, ledger: Ledger, log: Log, limit: int, spool: Spool | None, sealed: Callable[[Chunk], None]
    ) -> None:
        self.name = name
        self.held = 0
        self.stored = 0
        self.live: dict[str, Chunk] = {}
        """Every chunk of this input that is not finished."""
        self.trouble = ""
        """Why records are kept in memory only at the moment; empty where they are not."""
        self.log = log
        self._ledger = ledger
        self.limit = limit
        self._spool = spool
        self._sealed = sealed
        self._open: dict[tuple[str, str], Chunk] = {}
        self._in_memory: dict[str, Chunk] = {}
        self._unfinished = 0
        self._paused = False
        self._adopted: set[str] = set()
        self._listeners: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self.on_disk: Callable[[Chunk], None] = lambda chunk: None
        """Called with a sealed chunk that was in memory alone and is on disk now."""
        self.ended: Callable[[], None] = lambda: None
        """Called when the input has come to its end."""

    # -- what inputs and filters call

    def append(self, tag: str, codec: str, raw: bytes, count: int) -> bool:
        """See ``plugin.Intake``."""
        chunk = self._open.get((tag, codec))
        if chunk is None:
            if len(self._open) >= OPEN_MAX:
                self.seal_all()
            chunk = self._new(tag, codec)
        before = chunk.memory
        try:
            chunk.append(raw, count)
        except LocalError as error:
            chunk = self._fall_back_to_memory(chunk, error)
            before = chunk.memory
            chunk.append(raw, count)
        self.held += chunk.memory - before
        self._restored(chunk)
        row = self._ledger.of_input(self.name, tag)
        row.accepted += count
        row.waiting += count
        row.bytes += len(raw)
        is_stored = chunk.path is not None or self._spool is None or not self._spool.first
        if chunk.size >= SIZE_MAX:
            self._seal(chunk)
        if self._over:
            self._make_room()
        return is_stored

    def append_records(
        self, tag: str, times: list[int], records: list[Record], metadata: list[Record] | None = None
    ) -> None:
        """See ``plugin.Intake``."""
        self.append(tag, RECORDS, msgpack.encode([times, records, metadata]), len(records))

    def emit(self, tag: str, times: list[int], records: list[Record], metadata: list[Record] | None = None) -> None:
        """See ``plugin.Emitter``."""
        self.append_records(tag, times, records, metadata)

    def end(self) -> None:
        """See ``plugin.Intake``."""
        self.ended()

    def lost(self, tag: str, count: int, reason: str) -> None:
        """See ``plugin.Intake``."""
        count_reason(self._ledger.of_input(self.name, tag).refused, reason, count)

    def unfinished(self, change: int) -> bool:
        """See ``plugin.Intake``. Reading cannot stop for these bytes, or none of the records would ever be whole."""
        self._unfinished += change
        return self._unfinished <= max(self.limit, UNFINISHED_MIN) if self.limit else self._unfinished <= UNFINISHED_MAX

    @property
    def full(self) -> bool:
        """See ``plugin.Intake``."""
        return self._paused

    def on_room(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """See ``plugin.Intake``."""
        self._listeners.append((pause, resume))
        if self._paused:
            pause()

    # -- what the engine calls

    def recover(self) -> Iterator[Chunk]:
        """The chunks that an earlier process left in this input's spool, accounted as accepted."""
        if self._spool is None:
            return
        for found in chunkfile.recover(self._spool.directory):
            if isinstance(found, str):
                self.log.error(found)
                self.lost("(unknown)", 1, "unreadable chunk file")
                continue
            if found.damage:
                self.log.error(
                    f"{found.path.name}: {found.damage}; {found.count} records recovered, the rest set aside"
                )
            chunk = Chunk.recovered(self.name, found)
            chunk.sync = self._spool.sync
            if chunk.id in self._adopted:
                continue
            for count, reason in ((found.lost, "damaged in the spool"), (found.torn, "cut off in the spool")):
                if count:
                    self.lost(found.header.tag, count, reason)
            row = self._ledger.of_input(self.name, found.header.tag)
            row.accepted += found.count
            row.waiting += found.count
            row.bytes += found.size
            self.live[chunk.id] = chunk
            self._restored(chunk)
            yield chunk
        if self._over:
            self._make_room()

    def adopt(self, chunk: Chunk) -> None:
        """Take over a sealed chunk from the input of that name of the pipeline before this one."""
        self._adopted.add(chunk.id)
        spool = self._spool
        elsewhere.bring(chunk, spool.directory if spool else None, self.log, sync=spool is not None and spool.sync)
        self.live[chunk.id] = chunk
        self.held += chunk.memory
        self.stored += chunk.stored
        if chunk.pieces:
            self._in_memory[chunk.id] = chunk

    def hand_to(self, sealed: Callable[[Chunk], None]) -> None:
        """Another engine gets the chunks from now on."""
        self._sealed = sealed

    def retire(self) -> None:
        """The input is gone; what it took is still under way."""
        self._listeners.clear()

    def seal_all(self) -> None:
        """Every open chunk is complete."""
        for chunk in list(self._open.values()):
            self._seal(chunk)
        if self.trouble and self._spool is not None:
            self._try_disk(self._spool)

    def loaded(self, chunk: Chunk) -> None:
        """The size of the chunk in memory has changed."""
        self._measure(chunk)
        if chunk.pieces:
            self._in_memory[chunk.id] = chunk
        if self._over:
            self._make_room()
        self._resume_if_room()

    @property
    def spills(self) -> bool:
        """Whether there is a disk for what memory has no room for."""
        return self._spool is not None

    def keep(self, chunk: Chunk) -> bool:
        """The process ends: put a chunk on disk, if it is not there. Whether it will be found at the next start."""
        if chunk.path is None and chunk.pieces and self._spool is not None:
            try:
                self._write(chunk, self._spool)
            except LocalError as error:
                self.log.error(str(error))
        return chunk.path is not None

    def release(self, chunk: Chunk) -> None:
        """The chunk is finished: its memory is free."""
        self.held -= chunk.memory
        self.stored -= chunk.stored
        chunk.memory = chunk.stored = 0
        self._in_memory.pop(chunk.id, None)
        self.live.pop(chunk.id, None)
        self._resume_if_room()

    def finish(self, chunk: Chunk) -> None:
        """Nothing is left to do for the chunk."""
        try:
            chunk.delete()
        except LocalError as error:
            self.log.error(f"{error}; after a restart its records are delivered a second time")
        self.release(chunk)

    def _resume_if_room(self) -> None:
        if self._paused and not self._over:
            self._paused = False
            self.log.info(f"resume: {self._fill()}", "resume")
            for _, resume in self._listeners:
                resume()

    def unload(self, chunk: Chunk) -> None:
        """The chunk waits for long: keep it on disk alone, where it is there."""
        chunk.unload()
        self._measure(chunk)
        self._resume_if_room()

    # -- inside

    def _measure(self, chunk: Chunk) -> None:
        size = sum(map(len, chunk.pieces)) + sum(map(len, chunk.rests.values()))
        size += CHUNK_COST if size else 0
        self.held += size - chunk.memory
        chunk.memory = size
        self._restored(chunk)

    @property
    def _over(self) -> bool:
        if self.limit and self.held >= self.limit:
            return True
        spool = self._spool
        if spool is None:
            return False
        return bool(spool.limit and self.stored >= spool.limit) or bool(self.trouble and not spool.memory_fallback)

    def _fill(self) -> str:
        disk = f", {self.stored} bytes on disk (limit {self._spool.limit or 'none'})" if self._spool else ""
        return f"{self.held} bytes in memory (limit {self.limit or 'none'}){disk}"

    def _restored(self, chunk: Chunk) -> None:
        """The size of the chunk on disk may have changed."""
        if chunk.path is not None:
            self.stored += chunk.size + FILE_COST - chunk.stored
            chunk.stored = chunk.size + FILE_COST

    def _new(self, tag: str, codec: str) -> Chunk:
        chunk = Chunk(self.name, tag, codec, time.time_ns())
        if self._spool is not None and self._spool.first:
            try:
                chunk.file = chunkfile.ChunkFile(self._spool.directory, chunk.header, sync=self._spool.sync)
                chunk.path = chunk.file.path
                self.trouble = ""
            except LocalError as error:
                self._memory_only(error)
        self._add(chunk)
        return chunk

    def _add(self, chunk: Chunk) -> None:
        chunk.sync = self._spool is not None and self._spool.sync
        self._open[chunk.tag, chunk.codec] = chunk
        self._in_memory[chunk.id] = self.live[chunk.id] = chunk
        chunk.memory = CHUNK_COST
        self.held += CHUNK_COST

    def _fall_back_to_memory(self, chunk: Chunk, error: LocalError) -> Chunk:
        self._memory_only(error)
        self._seal(chunk)
        memory_only = Chunk(self.name, chunk.tag, chunk.codec, time.time_ns())
        self._add(memory_only)
        return memory_only

    def _memory_only(self, error: LocalError) -> None:
        self.trouble = str(error)
        waits = self._spool is not None and not self._spool.memory_fallback
        what = "senders wait until there is room" if waits else "records are kept in memory only"
        self.log.error(f"{error}; {what}; fix: {disk.advice(error)}")

    def _try_disk(self, spool: Spool) -> None:
        """Write what memory alone has and should not, now that there may be room again."""
        waiting = [chunk for chunk in self._in_memory.values() if chunk.path is None and chunk.pieces]
        try:
            disk.make_directory(spool.directory, sync=spool.sync)
            for chunk in waiting if spool.first else []:
                self._write(chunk, spool)
                self.on_disk(chunk)
            chunkfile.probe(spool.directory)
        except LocalError as error:
            self.trouble = str(error)
            return
        self.trouble = ""
        if self._over:
            self._make_room()
        self._resume_if_room()

    def _write(self, chunk: Chunk, spool: Spool) -> None:
        disk.make_directory(spool.directory, sync=spool.sync)
        chunk.write_to(spool.directory, sync=spool.sync)
        self._restored(chunk)

    def _seal(self, chunk: Chunk) -> None:
        self._open.pop((chunk.tag, chunk.codec), None)
        chunk.seal()
        if chunk.count:
            self.log.debug(f"chunk {chunk.id} of tag {chunk.tag} sealed: {chunk.count} records, {chunk.size} bytes")
            self._sealed(chunk)
        else:
            self.finish(chunk)

    def _make_room(self) -> None:
        spool = self._spool
        if spool is not None and spool.first:
            for chunk in list(self._in_memory.values()):
                if chunk.path is not None:
                    self._let_go(chunk)
        elif spool is not None and not self.trouble:
            self._spill(spool)
        if self._over and not self._paused:
            self._paused = True
            self.log.warn(f"paused (mem buf overlimit): {self._fill()}; senders wait", "paused")
            for pause, _ in self._listeners:
                pause()

    def _let_go(self, chunk: Chunk) -> None:
        if chunk.pieces:
            if self._open.get((chunk.tag, chunk.codec)) is chunk:
                self._seal(chunk)
            self.unload(chunk)
        self._in_memory.pop(chunk.id, None)

    def _spill(self, spool: Spool) -> None:
        """Write the older half of what is in memory to disk, and let go of it."""
        for chunk in list(self._in_memory.values()):
            if self.held <= self.limit // 2 or (spool.limit and self.stored >= spool.limit):
                return
            if not chunk.pieces:
                continue
            if self._open.get((chunk.tag, chunk.codec)) is chunk:
                self._seal(chunk)
            try:
                if chunk.path is None:
                    self._write(chunk, spool)
                    self.on_disk(chunk)
            except LocalError as error:
                self.trouble = str(error)
                self.log.error(f"{error}; senders wait until there is room; fix: {disk.advice(error)}")
                return
            self._let_go(chunk)
