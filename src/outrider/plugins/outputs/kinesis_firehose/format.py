"""Which data these options ask for. Pure."""

from __future__ import annotations

from outrider.aws.data_records import Form
from outrider.plugins.outputs.kinesis_firehose.config import Options

LIMIT = 1_024_000


def form_of(options: Options, *, escape_unicode: bool) -> Form:
    """Raises UserError."""
    return Form.of(options, LIMIT, escape_unicode=escape_unicode)
