"""Batches that the engine does not take are kept as files: nothing that was acknowledged is thrown away."""

from __future__ import annotations

import os
from pathlib import Path

from outrider.model.errors import LocalError
from outrider.server.ingest.frames import Frame


def set_aside(folder: Path, frame: Frame, reason: str) -> Path:
    """Write the batch as its agent sent it (zstd, msgpack), and why it is here; on disk when this returns.

    Raises ``LocalError``. Done again it changes nothing.
    """
    path = folder / f"{frame.position:020d}-{frame.host.hex()}.batch"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _write(path, frame.payload)
        _write(path.with_suffix(".reason"), f"{reason}\n".encode("utf-8", "replace"))
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise LocalError(f"cannot write {path}: {error.strerror}; make room, or mend the disk") from error
    return path


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
