"""All keywords, and those that are known and not supported."""

from __future__ import annotations

from typing import Final

from outrider.ids.rules.keywords import (
    about,
    contents,
    counting,
    expressions,
    flows,
    headers,
    looks,
    numbers,
    protocols,
)
from outrider.ids.rules.keywords.reading import Flag, Reader

READERS: Final[dict[str, Reader]] = {
    **about.READERS,
    **looks.READERS,
    **contents.READERS,
    **expressions.READERS,
    **numbers.READERS,
    **flows.READERS,
    **headers.READERS,
    **protocols.READERS,
    **counting.READERS,
}
"""Keyword to what reads its value."""

FLAGS: Final[dict[str, Flag]] = {
    **about.FLAGS,
    **looks.FLAGS,
    **contents.FLAGS,
    **numbers.FLAGS,
    **headers.FLAGS,
    **protocols.FLAGS,
}
"""Keyword to what heeds it where it has no value."""

UNSUPPORTED: Final[dict[str, str]] = {
    **dict.fromkeys(("app-layer-event", "decode-event", "stream-event", "engine-event"), "events of the engine"),
    **dict.fromkeys(("lua", "luajit", "luaxform"), "scripts"),
    **dict.fromkeys(("dataset", "datarep", "iprep"), "sets of data kept outside of rules"),
    **dict.fromkeys(("filestore", "filemagic", "filemd5", "filesha1", "filesha256", "file.magic"), "files"),
    **dict.fromkeys(("filename", "file.name", "fileext", "filesize"), "names and sizes of files"),
    **dict.fromkeys(("asn1", "ftpbounce", "rpc", "geoip", "nfq_set_mark", "config", "bypass"), "such keywords"),
}
"""Keyword to what it would need."""

FAMILIES: Final = (
    *(
        "smb.",
        "dcerpc.",
        "dce_",
        "smtp.",
        "ftp.",
        "ftpdata_",
        "ftpdata.",
        "ssh.",
        "ssh_",
        "http2.",
        "quic.",
        "krb5.",
        "krb5_",
    ),
    *("nfs", "mqtt.", "ldap.", "rdp.", "sip.", "snmp.", "ike.", "rfb.", "modbus", "dnp3", "enip", "cip_", "template."),
    *("email.", "websocket.", "pgsql.", "telnet.", "tftp.", "dhcp.", "ntp.", "mdns.", "sdp.", "pop3.", "imap."),
)
"""Beginnings of the keywords of protocols that are not taken apart here."""
