"""Options of the kinesis_streams output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.common.aws_output import AwsOptions
from outrider.pipeline.options import option


@dataclass(frozen=True, kw_only=True)
class Options(AwsOptions):
    """See the help of each field."""

    stream: str = option("", "name of the stream")
    time_key: str = option("", "add the time under this key")
    time_key_format: str = option("%Y-%m-%dT%H:%M:%S", "form of the time; %3N: milliseconds, %9N and %L: nanoseconds")
    log_key: str = option("", "send the value of this key instead of the whole record")
    compression: Literal["", "none", "gzip", "zstd", "snappy"] = option("", "compress each record: gzip or zstd")
    simple_aggregation: bool = option(False, "put many records, one a line, into one")
