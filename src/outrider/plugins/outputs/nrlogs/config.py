"""Options of the nrlogs output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.common.http_output import Compression
from outrider.pipeline.options import Secret, option, secret_option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    base_uri: str = option("https://log-api.newrelic.com/log/v1", "address of the log API")
    license_key: Secret = secret_option("", "licence key of the account")
    api_key: Secret = secret_option("", "insert key, instead of a licence key")
    compress: Compression = option("gzip", "compression of the body")
