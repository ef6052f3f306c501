"""Options of the http input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import Repeated, Size, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    tag_key: str = option("", "field of a record that is its tag; default: the path of the request")
    successful_response_code: Literal[201, 200, 204] = option(201, "status of the answer when records are accepted")
    success_header: Repeated = option((), "'NAME VALUE' that is added to such answers")
    add_remote_addr: bool = option(
        False, "add the sender's address: the first of X-Forwarded-For, else the connection's"
    )
    remote_addr_key: str = option("REMOTE_ADDR", "field that gets it")
    enable_health_endpoint: bool = option(False, "GET /health answers with a status")
    buffer_max_size: Size = option(4_194_304, "largest body in bytes, unpacked")
    buffer_chunk_size: Size = option(524_288, "accepted; reads are as large as the kernel has data")
    http2: bool = option(True, "accepted; HTTP/1.1 is spoken, which every client can")
