"""Chunks that lie where nothing would look for them at the next start: a reload has changed ``storage.path``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from outrider.model.errors import LocalError
from outrider.pipeline.chunk import Chunk
from outrider.pipeline.log import Log
from outrider.spool import disk


def bring(chunk: Chunk, directory: Path | None, log: Log, *, sync: bool) -> None:
    """Move a chunk's file to the input's directory, if it has one; where that cannot be, say where it stays."""
    if chunk.path is None or chunk.path.parent == directory:
        return
    old = chunk.path.parent
    if directory is None:
        _tell(old, log)
        return
    try:
        chunk.path = disk.move(chunk.path, directory, sync=sync)
    except LocalError as error:
        log.warn(str(error), about=f"move {old}")
        _tell(old, log)


def tell(chunks: Iterable[Chunk], storage_path: str, log: Log) -> None:
    """Say where chunks of an input that is gone lie, if not below ``storage_path``."""
    for directory in {chunk.path.parent for chunk in chunks if chunk.path is not None}:
        if not storage_path or directory.parent != Path(storage_path):
            _tell(directory, log)


def _tell(directory: Path, log: Log) -> None:
    log.warn(
        f"chunks stay in {directory} until they are delivered, and the storage.path is another one now: should the"
        " process die before, nothing looks for them there; fix: move them into the input's new directory then",
        about=f"chunks in {directory}",
    )
