"""Which data these options ask for. Pure."""

from __future__ import annotations

from outrider.aws.data_records import Compression, Form
from outrider.model.errors import UserError
from outrider.plugins.outputs.kinesis_firehose.config import Options

LIMIT = 1_024_000


def form_of(options: Options, *, escape_unicode: bool) -> Form:
    """Raises UserError."""
    if options.compression == "snappy":
        raise UserError("compression snappy is not supported", fix="use compression gzip or zstd")
    compression: Compression = "" if options.compression == "none" else options.compression
    return Form(
        limit=LIMIT,
        log_key=options.log_key,
        time_key=options.time_key,
        time_format=options.time_key_format,
        compression=compression,
        join=options.simple_aggregation,
        escape_unicode=escape_unicode,
    )
