"""Which data these options ask for. Pure."""

from __future__ import annotations

from outrider.aws.data_records import Form
from outrider.plugins.outputs.firehose.config import Options

LIMIT = 1_024_001


def form_of(options: Options) -> Form:
    """Text as UTF-8; records that are too large are cut."""
    return Form(
        limit=LIMIT,
        go=True,
        log_key=options.log_key,
        time_key=options.time_key,
        time_format=options.time_key_format,
        join=options.simple_aggregation,
        escape_unicode=False,
        data_keys=options.data_keys,
        replace_dots=options.replace_dots,
    )
