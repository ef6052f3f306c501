"""The parts of traffic that a rule may look at, and what may be done to them first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

TO_SERVER: Final = "to_server"
TO_CLIENT: Final = "to_client"


@dataclass(frozen=True, slots=True)
class Buffer:
    """``protocol`` is that of the application which has it, empty for payload and headers of packets.

    ``direction`` is where it travels, empty for both. ``several``: a transaction may have more than one, and each is
    looked at by itself. ``packet``: it is a part of one packet.
    """

    name: str
    protocol: str = ""
    direction: str = ""
    several: bool = False
    packet: bool = False


PAYLOAD: Final = Buffer("payload")
"""What a packet carries, and for TCP the stream that packets make."""
BASE64: Final = Buffer("base64_data")
"""What ``base64_decode`` has made."""


def _table() -> Mapping[str, Buffer]:
    http_both = ["header", "header.raw", "header_names", "start", "protocol", "content_type", "content_len"]
    http_both += ["connection", "cookie"]
    http_server = ["method", "uri", "uri.raw", "host", "host.raw", "user_agent", "referer", "accept", "accept_lang"]
    http_server += ["accept_enc", "request_line", "request_body"]
    http_client = ["response_line", "stat_code", "stat_msg", "location", "server", "response_body"]
    made = [PAYLOAD, BASE64, Buffer("file.data", "", "", several=True)]
    made += [Buffer(f"http.{name}", "http") for name in http_both]
    made += [Buffer(f"http.{name}", "http", TO_SERVER) for name in http_server]
    made += [Buffer(f"http.{name}", "http", TO_CLIENT) for name in http_client]
    made += [Buffer("http.request_header", "http", TO_SERVER, several=True)]
    made += [Buffer("http.response_header", "http", TO_CLIENT, several=True)]
    made += [
        Buffer(f"dns.{name}", "dns", direction, several=True)
        for name, direction in (
            *(("query", TO_SERVER), ("query.name", ""), ("queries.rrname", ""), ("answer.name", "")),
            *((f"{part}.rrname", "") for part in ("answers", "authorities", "additionals", "response")),
        )
    ]
    made += [Buffer(f"tls.{name}", "tls", TO_SERVER) for name in ("sni",)]
    made += [Buffer(f"tls.{name}", "tls") for name in ("random", "random_time", "random_bytes")]
    made += [Buffer(f"tls.{name}", "tls", TO_CLIENT) for name in ("cert_subject", "cert_issuer", "cert_serial")]
    made += [Buffer("tls.cert_fingerprint", "tls", TO_CLIENT), Buffer("tls.certs", "tls", TO_CLIENT, several=True)]
    made += [Buffer("tls.subjectaltname", "tls", TO_CLIENT, several=True), Buffer("tls.alpn", "tls", several=True)]
    made += [Buffer(f"ja3.{name}", "tls", TO_SERVER) for name in ("hash", "string")]
    made += [Buffer(f"ja3s.{name}", "tls", TO_CLIENT) for name in ("hash", "string")]
    made += [Buffer("ja4.hash", "tls", TO_SERVER)]
    made += [Buffer(f"{name}.hdr", packet=True) for name in ("ipv4", "ipv6", "tcp", "udp", "icmpv4", "icmpv6")]
    return {buffer.name: buffer for buffer in made}


BUFFERS: Final = _table()
"""Name to buffer. The names are those of the sticky keywords."""

STICKY: Final[Mapping[str, str]] = {
    **{name: name for name in BUFFERS if name not in ("payload", "base64_data")},
    "file_data": "file.data",
    "pkt_data": "payload",
    "base64_data": "base64_data",
    "dns_query": "dns.query",
    "tls_sni": "tls.sni",
    "tls_cert_subject": "tls.cert_subject",
    "tls_cert_issuer": "tls.cert_issuer",
    "tls_cert_serial": "tls.cert_serial",
    "tls_cert_fingerprint": "tls.cert_fingerprint",
    "ja3_hash": "ja3.hash",
    "ja3_string": "ja3.string",
    "ja3s_hash": "ja3s.hash",
    "ja3s_string": "ja3s.string",
    **{
        f"http_{name}": f"http.{name}"
        for name in (
            *("protocol", "request_line", "response_line", "start", "accept", "accept_lang", "accept_enc", "referer"),
            *("connection", "content_type", "content_len", "header_names", "location", "server"),
        )
    },
}
"""Keyword to buffer: what is looked for after it is looked for there."""

MODIFIERS: Final[Mapping[str, str]] = {
    "http_uri": "http.uri",
    "http_raw_uri": "http.uri.raw",
    "http_header": "http.header",
    "http_raw_header": "http.header.raw",
    "http_cookie": "http.cookie",
    "http_method": "http.method",
    "http_client_body": "http.request_body",
    "http_server_body": "http.response_body",
    "http_stat_code": "http.stat_code",
    "http_stat_msg": "http.stat_msg",
    "http_user_agent": "http.user_agent",
    "http_host": "http.host",
    "http_raw_host": "http.host.raw",
}
"""Older keyword, which stands after the content that it moves, to buffer."""

PCRE_LETTERS: Final[Mapping[str, str]] = {
    "U": "http.uri",
    "I": "http.uri.raw",
    "P": "http.request_body",
    "Q": "http.response_body",
    "H": "http.header",
    "D": "http.header.raw",
    "M": "http.method",
    "C": "http.cookie",
    "S": "http.stat_code",
    "Y": "http.stat_msg",
    "V": "http.user_agent",
    "W": "http.host",
    "Z": "http.host.raw",
}
"""Flag of ``pcre`` to buffer."""


@dataclass(frozen=True, slots=True)
class Transform:
    """Something done to a buffer before it is looked at: ``name``, and what it is told, read by its keyword."""

    name: str
    argument: object = None
