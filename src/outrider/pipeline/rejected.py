"""The dead letters: records that an output has refused, or that have exhausted Retry_Limit, kept as files.

What an output does not take of a chunk at a time, all of it or single records, becomes a chunk file of its own below
``storage.path/<storage.rejected.path>/<output>``, with every other output marked as done. Moved into the spool of an
input, it goes at the next start to the output that did not take it, and to no other. The records are as the filters
left them; those that were refused have been through the output's own processors too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from outrider.model.batch import Batch
from outrider.model.errors import LocalError
from outrider.pipeline.chunk import FILTERED, Chunk, pack
from outrider.pipeline.log import Log
from outrider.spool import chunkfile, disk


class DeadLetters:
    """Keeps what outputs did not take, up to ``limit`` bytes (0: none); beyond it, the log says that nothing is kept.

    ``size`` is what lies there, in bytes, ``kept`` how many chunks this process has added.
    """

    def __init__(self, directory: Path, limit: int, outputs: Iterable[str], log: Log, *, sync: bool = False) -> None:
        self.size = _lies_in(directory)
        self.kept = 0
        self._directory = directory
        self._limit = limit
        self._outputs = frozenset(outputs)
        self._log = log
        self._sync = sync

    def keep(self, chunk: Chunk, output: str, batch: Batch) -> None:
        """Write the records of ``batch``, which ``output`` has not taken; trouble is logged."""
        blob = pack(batch)
        if self._limit and self.size + len(blob) > self._limit:
            self._log.error(
                f"{len(batch)} rejected records of chunk {chunk.id} are not kept: storage.rejected.limit is reached;"
                f" fix: look at {self._directory} and empty it",
                about="storage.rejected.limit",
            )
            return
        directory = self._directory / output.replace("/", "_")
        header = chunkfile.Header(os.urandom(16).hex(), chunk.tag, FILTERED, chunk.created)
        try:
            path = self._write(directory, header, blob, len(batch), output)
        except LocalError as error:
            self._log.error(f"{len(batch)} rejected records of chunk {chunk.id} are not kept: {error}")
            return
        self.kept += 1
        self.size += _size(path)
        self._log.warn(f"{len(batch)} rejected records of chunk {chunk.id} are kept in {path}", about="kept")

    def _write(self, directory: Path, header: chunkfile.Header, blob: bytes, count: int, output: str) -> Path:
        disk.make_directory(directory, sync=self._sync)
        file = chunkfile.ChunkFile(directory, header, sync=self._sync)
        try:
            file.append(blob, count)
            file.seal()
            for other in sorted(self._outputs - {output}):
                chunkfile.mark_done(file.path, other)
        except LocalError:
            file.delete()
            raise
        return file.path


def _lies_in(directory: Path) -> int:
    """Bytes of the chunk files in a directory, from which somebody may move them at any moment."""
    files = (Path(folder) / name for folder, _, names in os.walk(directory) for name in names)
    return sum(_size(path) for path in files if path.suffix == chunkfile.SUFFIX)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # moved away meanwhile
        return 0
