"""Options of the kinesis output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.common.aws_output import AwsOptions
from outrider.pipeline.options import CommaList, option


@dataclass(frozen=True, kw_only=True)
class Options(AwsOptions):
    """See the help of each field."""

    stream: str = option("", "name of the stream")
    partition_key: str = option("", "key, or key->subkey, whose value is the partition key; else a random one")
    append_newline: bool = option(False, "end each record with a line end")
    data_keys: CommaList = option((), "send these keys only")
    log_key: str = option("", "send the value of this key instead of the whole record")
    time_key: str = option("", "add the time under this key")
    time_key_format: str = option("%Y-%m-%dT%H:%M:%S", "form of the time; %L: milliseconds, %f: microseconds")
    replace_dots: str = option("", "put this in place of dots in keys")
    aggregation: bool = option(False, "put many records into one as the Kinesis Producer Library does")
    compression: Literal["", "none", "zlib", "gzip"] = option("", "compress each record: zlib or gzip")
    experimental_concurrency: int = option(0, "accepted; use workers")
    experimental_concurrency_retries: int = option(4, "accepted; Retry_Limit decides")
    http_request_timeout: int = option(0, "accepted; a call has 60 seconds")
