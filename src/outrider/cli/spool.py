"""``outrider spool``: what lies in chunk files, without changing anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from outrider.formats import json
from outrider.formats.msgpack import MalformedError
from outrider.model.errors import LocalError, UserError
from outrider.pipeline.chunk import Chunk, UnknownFormError
from outrider.pipeline.config.decoders import Decoders
from outrider.pipeline.config.library import Library
from outrider.spool import chunkfile

_PATHS = typer.Argument(metavar="PATH…", help="Chunk files, or directories that hold some, such as storage.path.")


def register(app: typer.Typer) -> None:
    """Add the ``spool`` command."""
    app.command("spool")(show)


def show(
    paths: Annotated[list[Path], _PATHS],
    records: Annotated[bool, typer.Option(help="Print the records, one JSON object a line.")] = True,
) -> int:
    """Print what chunk files hold: records on standard output, a line about each file on standard error.

    Takes files of a spool and rejected chunks alike, also damaged ones. Ends with 1 if something cannot be read.
    """
    decoders = Decoders(Library())
    bad = 0
    for path in _files(paths):
        try:
            found, pieces = chunkfile.look(path)
            chunk = Chunk.recovered("", found)
            chunk.pieces = pieces
            damage = f"; {found.damage}" if found.damage else ""
            done = f", delivered to {', '.join(sorted(found.done))}" if found.done else ""
            print(f"{path}: tag {chunk.tag}, {chunk.count} records, {chunk.size} bytes{done}{damage}", file=sys.stderr)
            bad += bool(damage)
            if records:
                batch = chunk.batch(decoders)
                sys.stdout.buffer.write(json.encode_lines(batch.times, batch.records, "date", "iso8601"))
        except (LocalError, MalformedError, UnknownFormError, chunkfile.DamagedError) as error:
            bad += 1
            print(f"{path}: {error}", file=sys.stderr)
    return 1 if bad else 0


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise UserError(f"{path} does not exist", fix="name a chunk file, or the directory of storage.path")
        if path.is_dir():
            yield from sorted([*path.rglob(f"*{chunkfile.SUFFIX}"), *path.rglob(f"*{chunkfile.BROKEN}")])
        else:
            yield path
