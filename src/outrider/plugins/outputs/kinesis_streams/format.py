"""Which data these options ask for. Pure."""

from __future__ import annotations

import zlib

from outrider.aws.data_records import Form
from outrider.plugins.outputs.kinesis_streams.config import Options

LIMIT = 1_048_556


def form_of(options: Options, *, escape_unicode: bool) -> Form:
    """Raises UserError."""
    return Form.of(options, LIMIT, escape_unicode=escape_unicode)


def partition_key(instance: str, data: bytes) -> str:
    """A key that spreads records over the shards: the instance's own ten characters and a number from the data."""
    return f"{instance}{zlib.crc32(data)}"
