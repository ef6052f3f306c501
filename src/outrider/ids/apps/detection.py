"""Which application a flow belongs to: by what its sides say first, not by ports."""

from __future__ import annotations

import re
from typing import Final

from outrider.ids.flows.flow import TO_SERVER

ENOUGH: Final = 512
"""Bytes of a side after which it is nothing known."""
_METHODS: Final = (
    *("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL"),
    *("COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT", "MERGE", "CHECKOUT", "BREW", "PURGE", "LINK", "UNLINK"),
)
_REQUEST: Final = re.compile(rb"[\r\n\s]*(?:%s)[ \t]" % b"|".join(method.encode() for method in _METHODS))
_REQUEST_LINE: Final = re.compile(rb"[\r\n]*[A-Za-z_-]{1,32}[ \t]+[^\r\n]+[ \t]HTTP/\d", re.IGNORECASE)
_RESPONSE: Final = re.compile(rb"[\x00\s]{0,16}HTTP/\d")
_TLS: Final = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]", re.DOTALL)
_SSL2: Final = re.compile(rb"[\x80-\xff].\x01(\x00\x02|\x03[\x00-\x04])", re.DOTALL)
_CLIENT: Final = (
    ("tls", _TLS),
    ("tls", _SSL2),
    ("http", _REQUEST),
    ("http", _REQUEST_LINE),
    ("ssh", re.compile(rb"SSH-\d\.")),
    ("smtp", re.compile(rb"(?:EHLO|HELO)[ \r\n]", re.IGNORECASE)),
    ("imap", re.compile(rb"[A-Za-z0-9]{1,12} (?:CAPABILITY|LOGIN|AUTHENTICATE|STARTTLS|ID|NOOP)\b", re.IGNORECASE)),
    ("pop3", re.compile(rb"(?:CAPA|APOP|STLS)[ \r\n]", re.IGNORECASE)),
    ("ftp", re.compile(rb"(?:USER|PASS|FEAT|AUTH|PORT|PASV)[ \r\n]", re.IGNORECASE)),
)
_SERVER: Final = (
    ("tls", _TLS),
    ("http", _RESPONSE),
    ("ssh", re.compile(rb"SSH-\d\.")),
    ("imap", re.compile(rb"\* (?:OK|PREAUTH|BYE)\b", re.IGNORECASE)),
    ("pop3", re.compile(rb"\+OK ", re.IGNORECASE)),
    ("smtp", re.compile(rb"220[ -][^\r\n]*(?:SMTP|mail|Postfix|Exim|Sendmail)", re.IGNORECASE)),
    ("ftp", re.compile(rb"220[ -][^\r\n]*FTP", re.IGNORECASE)),
    ("smtp", re.compile(rb"220[ -]")),
)


def application(direction: int, data: bytes) -> str:
    """The name, empty if more is needed to tell, failed if it is nothing known."""
    for name, expression in _CLIENT if direction == TO_SERVER else _SERVER:
        if expression.match(data):
            return name
    return "" if len(data) < ENOUGH and not data[:1].isspace() and len(data) < 12 else "failed"
