"""Options of the splunk output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.common.http_output import Compression
from outrider.pipeline.options import Repeated, Secret, Size, option, secret_option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    splunk_token: Secret = secret_option("", "token of the HTTP Event Collector")
    http_user: str = option("", "user of basic authentication, instead of a token")
    http_passwd: Secret = secret_option("", "password of basic authentication")
    compress: Compression = option("none", "compression of the body")
    channel: str = option("", "X-Splunk-Request-Channel")
    splunk_send_raw: bool = option(False, "send the records themselves, which hold Splunk's own keys")
    event_key: str = option("", "$field that is the event, instead of the whole record")
    event_host: str = option("", "host of the events; may name $fields")
    event_source: str = option("", "source of the events; may name $fields")
    event_sourcetype: str = option("", "source type of the events")
    event_sourcetype_key: str = option("", "$field that holds the source type")
    event_index: str = option("", "index of the events")
    event_index_key: str = option("", "$field that holds the index")
    event_field: Repeated = option((), "NAME $FIELD: an indexed field")
    auto_extract_timestamp: bool = option(False, "let Splunk find the time in the event")
    http_buffer_size: Size = option(0, "accepted; answers are read up to 4M")
    http_debug_bad_request: bool = option(False, "accepted; what the server refuses is always told")
