"""Batches to bytes for the file output. Pure."""

from __future__ import annotations

from typing import Final

from outrider.formats import msgpack, text
from outrider.model.batch import Batch
from outrider.plugins.outputs.file.config import Options

_NAMED_DELIMITERS: Final = {"\\t": "\t", "tab": "\t", "space": " ", "comma": ","}
NAME_MAX: Final = 240
"""Bytes of a name in a directory, with room for what rotation adds."""
_DEFAULT_DELIMITERS: Final = {"csv": ",", "ltsv": "\t"}


def encode(batch: Batch, options: Options, *, escape_unicode: bool) -> bytes:
    """What one batch looks like in the file."""
    times, records = batch.times, batch.records
    match options.format:
        case "plain":
            return text.plain_lines(times, records, escape_unicode=escape_unicode)
        case "csv":
            return text.csv_lines(times, records, delimiter(options))
        case "ltsv":
            return text.ltsv_lines(times, records, delimiter(options), options.label_delimiter)
        case "template":
            return text.template_lines(times, records, options.template)
        case "msgpack":
            return b"".join(
                msgpack.encode([msgpack.event_time(time), record]) for time, record in zip(times, records, strict=True)
            )
        case _:
            return text.file_lines(batch.tag, times, records, escape_unicode=escape_unicode)


def delimiter(options: Options) -> str:
    """The character that the option names."""
    given = options.delimiter
    return _NAMED_DELIMITERS.get(given.lower(), given) or _DEFAULT_DELIMITERS.get(options.format, ",")


def file_name(tag: str) -> str:
    """A name inside the directory, whatever the tag: a sender chooses it."""
    name = tag.replace("/", "_").replace("\0", "_")
    name = name.encode("utf-8", "surrogateescape")[:NAME_MAX].decode("utf-8", "surrogateescape")
    return f"_{name}" if name in ("", ".", "..") else name
