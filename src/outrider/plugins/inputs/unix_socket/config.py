"""Options of the unix_socket input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import Permission, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    socket_mode: Literal["STREAM", "DGRAM"] = option("STREAM", "connections or datagrams")
    socket_path: str = option("", "path of the socket")
    socket_permissions: Permission | None = option(None, "permissions of the socket, octal")
    format: Literal["json", "none"] = option("json", "JSON values one after another, or text split at the separator")
    separator: str = option(r"\n", "end of a record with format none; C escapes allowed")
    chunk_size: str = option("32", "accepted; reads are as large as the kernel has data")
    buffer_size: str = option("", "largest record in KB; default: chunk_size")
