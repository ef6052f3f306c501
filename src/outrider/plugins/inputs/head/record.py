"""The beginning of a file to a record. Pure."""

from __future__ import annotations

from outrider.model.batch import Record
from outrider.plugins.inputs.head.config import Options


def record_of(text: bytes, options: Options) -> Record:
    """The record that these options ask for."""
    lines = text.decode("utf-8", "surrogateescape").splitlines()
    if options.lines:
        lines = lines[: options.lines]
    record: Record
    if options.split_line:
        record = {f"line{number}": line for number, line in enumerate(lines)}
    else:
        record = {options.key: "\n".join(lines)}
    if options.add_path:
        record["path"] = options.file
    return record
