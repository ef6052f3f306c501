"""Options of the syslog input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import Permission, Size, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    mode: Literal["unix_udp", "unix_tcp", "tcp", "udp"] = option("unix_udp", "transport")
    path: str = option("", "unix socket, for the unix modes")
    unix_perm: Permission = option(0o644, "permissions of the socket, octal")
    format: Literal["newline", "octet_counting", "auto"] = option("newline", "how messages stand in a stream")
    parser: str = option(
        "",
        "a parser by name; with syslog-rfc5424, syslog-rfc3164 and syslog-rfc3164-local (default) each line shows its"
        " form itself",
    )
    buffer_chunk_size: Size = option(32_768, "accepted; reads are as large as the kernel has data")
    buffer_max_size: Size = option(788_480, "longest message in bytes; longer ones are cut")
    receive_buffer_size: Size = option(0, "kernel buffer for datagrams, in bytes; 0: the system's default")
    raw_message_key: str = option("", "field that gets the whole line")
    source_address_key: str = option("", "field that gets the sender's address")
