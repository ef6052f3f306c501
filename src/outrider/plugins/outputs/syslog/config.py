"""Options of the syslog output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import Repeated, Size, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    mode: Literal["udp", "tcp", "tls", "dtls"] = option("udp", "transport")
    syslog_format: Literal["rfc5424", "rfc3164"] = option("rfc5424", "form of the messages")
    syslog_maxsize: Size = option(0, "longest message in bytes; 0: 1024 for rfc3164, 2048 for rfc5424")
    syslog_severity_key: str = option("", "field that holds the severity, 0-7 or its name")
    syslog_severity_preset: int = option(6, "severity where the field does not say")
    syslog_facility_key: str = option("", "field that holds the facility, 0-23 or its name")
    syslog_facility_preset: int = option(1, "facility where the field does not say")
    syslog_hostname_key: str = option("", "field that holds the host name")
    syslog_hostname_preset: str = option("", "host name where the field does not say")
    syslog_appname_key: str = option("", "field that holds the application's name")
    syslog_appname_preset: str = option("", "application's name where the field does not say")
    syslog_procid_key: str = option("", "field that holds the process id")
    syslog_procid_preset: str = option("", "process id where the field does not say")
    syslog_msgid_key: str = option("", "field that holds the message id")
    syslog_msgid_preset: str = option("", "message id where the field does not say")
    syslog_sd_key: Repeated = option((), "field whose members become a structured data element")
    syslog_message_key: str = option("", "field that holds the message")
    allow_longer_sd_id: bool = option(False, "do not cut structured data names to 32 bytes")
