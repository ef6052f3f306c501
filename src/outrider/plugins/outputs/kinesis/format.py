"""Which data and partition keys these options ask for. Pure."""

from __future__ import annotations

from outrider.aws.data_records import Compression, Form
from outrider.model.batch import Record
from outrider.plugins.outputs.kinesis.config import Options

KEY_MAX = 256
LIMIT = 1_048_576 - KEY_MAX


def form_of(options: Options) -> Form:
    """Text as UTF-8; records that are too large are cut."""
    compression: Compression = "" if options.compression == "none" else options.compression
    return Form(
        limit=LIMIT,
        go=True,
        newline=options.append_newline,
        log_key=options.log_key,
        time_key=options.time_key,
        time_format=options.time_key_format,
        compression=compression,
        escape_unicode=False,
        data_keys=options.data_keys,
        replace_dots=options.replace_dots,
    )


def partition_key(record: Record, path: list[str]) -> str | None:
    """The text under this path, as long as a partition key may be; None where there is none."""
    value = record
    for step in path:
        found = value.get(step)
        if isinstance(found, str) and found and step is path[-1]:
            return found.encode("utf-8", "replace").decode()[:KEY_MAX]
        if not isinstance(found, dict):
            return None
        value = found
    return None
