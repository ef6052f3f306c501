"""Options of the forward input."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Permission, Repeated, Secret, Size, option, secret_option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    unix_path: str = option("", "listen on this unix socket instead of TCP")
    unix_perm: Permission | None = option(None, "permissions of the socket, octal")
    tag_prefix: str = option("", "put in front of each tag")
    buffer_chunk_size: Size = option(1_024_000, "accepted; reads are as large as the kernel has data")
    buffer_max_size: Size = option(6_144_000, "largest frame and largest unpacked payload, in bytes")
    shared_key: Secret = secret_option("", "secret that senders must prove to have")
    empty_shared_key: bool = option(False, "do the handshake with an empty shared key")
    self_hostname: str = option("", "our name in the handshake; default: the host name")
    security_users: Repeated = secret_option(
        (), "'NAME PASSWORD' that a sender must prove to have", name="security.users"
    )
    workers: int = option(1, "accepted; one event loop serves every connection")
