"""How far the ingest log is in the store: one small file, replaced whole and synced."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from outrider.model.errors import LocalError


class Cursor(msgspec.Struct):
    """``stored``: everything below is in the table. ``intent``: the range that an insert in progress takes, if any;
    after a crash it is that range, no other, that may be there or not. ``gaps``: ranges below ``stored`` in which the
    log was damaged. ``detached``: damaged parts that were made good. ``engine``: the newest that has written here.
    """

    stored: int = 0
    intent: tuple[int, int] | None = None
    gaps: list[tuple[int, int]] = []
    detached: list[str] = []
    engine: str = ""


def load(path: Path) -> Cursor:
    """The cursor; a new one where there is no file. Raises ``LocalError`` for a file that is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Cursor)
    except FileNotFoundError:
        return Cursor()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LocalError(
            f"{path} is damaged ({error}); delete it and the store beside it, the log is replayed"
        ) from error


def save(path: Path, cursor: Cursor) -> None:
    """On disk when this returns."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(msgspec.json.encode(cursor))
        file.flush()
        os.fdatasync(file.fileno())
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
