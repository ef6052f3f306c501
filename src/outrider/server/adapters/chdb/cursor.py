"""How far the ingest log is in the store: one small file, replaced whole and synced."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec

from outrider.model.errors import LocalError

Position = Annotated[int, msgspec.Meta(ge=0)]


class Cursor(msgspec.Struct):
    """``stored``: everything below is in the table. ``intent``: the range that an insert in progress takes, if any;
    after a crash it is that range, no other, that may be there or not. ``gaps``: ranges below ``stored`` in which the
    log was damaged or a batch was set aside. ``detached``: damaged parts that were made good. ``engine``: the newest
    that has written here.

    ``attempt``: batches in the insert in progress, 0 when there is none: a process that finds another number here
    died of it. ``bite``: batches that the next insert takes at most, 0 for any number. ``guilt``: how often the insert
    of one batch alone failed (see ``insert``), ``reason``: with these words. ``aside``: positions of batches that
    were set aside.
    """

    stored: Position = 0
    intent: tuple[Position, Position] | None = None
    gaps: list[tuple[Position, Position]] = []
    detached: list[str] = []
    engine: str = ""
    attempt: int = 0
    bite: int = 0
    guilt: int = 0
    reason: str = ""
    aside: list[Position] = []


def load(path: Path) -> Cursor:
    """The cursor; a new one where there is no file. Raises ``LocalError`` for a file that is none."""
    try:
        cursor = msgspec.json.decode(path.read_bytes(), type=Cursor)
    except FileNotFoundError:
        return Cursor()
    except OSError as error:
        raise LocalError(f"cannot read {path}: {error.strerror}; {remedy(path)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LocalError(f"{path} is damaged ({error}); {remedy(path)}") from error
    if cursor.intent is not None and not cursor.stored <= cursor.intent[0] <= cursor.intent[1]:
        raise LocalError(f"{path} is damaged (intent {cursor.intent} at {cursor.stored}); {remedy(path)}")
    return cursor


def remedy(path: Path) -> str:
    """What to do about a cursor that cannot be right."""
    return (
        f"restore it from a backup, or move {path.parent} away and start again: what the ingest log still holds is"
        " stored again"
    )


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
