"""Options of the es output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.common.bulk_output import BulkOptions
from outrider.pipeline.options import Secret, option, secret_option


@dataclass(frozen=True, kw_only=True)
class Options(BulkOptions):
    """See the help of each field."""

    http_api_key: Secret = secret_option("", "API key, encoded, instead of a user")
    cloud_id: str = option("", "Cloud ID of Elastic: where to connect, by TLS on port 443")
    cloud_auth: Secret = secret_option("", "USER:PASSWORD for Elastic Cloud")
    upstream: str = option(
        "", "file, or name in upstream_servers, of nodes to take turns with instead of Host and Port"
    )
