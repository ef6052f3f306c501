"""Options of the datadog output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.common.http_output import Compression
from outrider.pipeline.options import Repeated, Secret, option, secret_option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    apikey: Secret = secret_option("", "API key")
    compress: Compression = option("false", "compression of the body")
    header: Repeated = secret_option((), "NAME VALUE: a header of each request")
    dd_service: str = option("", "name of the service")
    dd_source: str = option("", "name of the technology, which chooses Datadog's parser")
    dd_tags: str = option("", "KEY:VALUE,... for every record")
    dd_hostname: str = option("", "name of the host")
    dd_message_key: str = option("log", "field that is the message")
    proxy: Secret = secret_option("", "http://host:port of an HTTP proxy; default: HTTP_PROXY of the environment")
    include_tag_key: bool = option(False, "put the tag into the record")
    tag_key: str = option("tagkey", "key of the tag")
    provider: str = option("", "ecs: fields of a FireLens record become tags of Datadog")
    json_date_key: str = option("timestamp", "key of the time, in milliseconds")
