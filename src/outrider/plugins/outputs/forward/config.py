"""Options of the forward output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import Count, Repeated, Secret, option, secret_option


@dataclass(frozen=True, kw_only=True)
class NodeOptions:
    """What a node of an upstream may set for itself."""

    tag: str = option("", "tag to send instead of the records' own")
    time_as_integer: bool = option(False, "send whole seconds, for Fluentd before 0.14")
    shared_key: Secret = secret_option("", "secret of the peer")
    empty_shared_key: bool = option(False, "do the handshake with an empty shared key")
    self_hostname: str = option("", "our name in the handshake; default: the host name")
    username: str = option("", "user that the peer asks for")
    password: Secret = secret_option("", "and the password")
    send_options: bool = option(False, "accepted: options are always sent")
    require_ack_response: bool = option(False, "deliver only when the peer has acknowledged")
    ack_timeout: Count = option(60, "seconds to wait for the acknowledgement")
    compress: Literal["text", "gzip"] = option("text", "compression of the frames")


@dataclass(frozen=True, kw_only=True)
class Options(NodeOptions):
    """See the help of each field."""

    unix_path: str = option("", "connect to this unix socket instead of Host and Port")
    retain_metadata_in_forward_mode: bool = option(
        False, "send [[time, metadata], record], which Fluentd refuses (Fluent Bit: on)"
    )
    fluentd_compat: bool = option(False, "accepted: entries are always such that Fluentd takes them")
    add_option: Repeated = option((), "'KEY VALUE' to add to the option map")
    upstream: str = option(
        "", "file, or name in upstream_servers, of nodes to take turns with instead of Host and Port"
    )
