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
from outrider.pipeline import registry
from outrider.pipeline.chunk import Chunk
from outrider.pipeline.config import build
from outrider.pipeline.intake import RECORDS
from outrider.pipeline.plugin import Decoder
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
    decoders = _decoders() if records else {}
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
        except KeyError:
            bad += 1
            print(f"{path}: records in the form '{chunk.codec}', which no input here knows", file=sys.stderr)
        except (LocalError, MalformedError) as error:
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


def _decoders() -> dict[str, Decoder]:
    found: dict[str, Decoder] = {RECORDS: build.decode_records}
    for name in registry.PLUGINS["input"]:
        found.update(registry.plugin_class("input", name).codecs)
    return found
