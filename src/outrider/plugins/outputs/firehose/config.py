"""Options of the firehose output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.common.aws_output import AwsOptions
from outrider.pipeline.options import CommaList, option


@dataclass(frozen=True, kw_only=True)
class Options(AwsOptions):
    """See the help of each field."""

    delivery_stream: str = option("", "name of the delivery stream")
    data_keys: CommaList = option((), "send these keys only")
    log_key: str = option("", "send the value of this key instead of the whole record")
    time_key: str = option("", "add the time under this key")
    time_key_format: str = option("%Y-%m-%dT%H:%M:%S", "form of the time; %L: milliseconds, %f: microseconds")
    replace_dots: str = option("", "put this in place of dots in keys")
    simple_aggregation: bool = option(False, "put many records, one a line, into one")
