"""Lines of keys and values: LTSV (``key:value`` between tabs) and logfmt (``key=value key="value" key``).

Only the first line of a text is read. Source: ltsv.org, brandur.org/logfmt; Fluent Bit 5.1.1, ``src/flb_parser_ltsv.c``
and ``src/flb_parser_logfmt.c``.
"""

from __future__ import annotations

import re
from typing import Any, Final

from outrider.formats.escapes import unescape_utf8

_LTSV: Final = re.compile(r"([0-9A-Za-z_.-]*):([^\x00\t\n\r]*)(?:\t|(?=[\r\n\x00])|\Z)")
_LOGFMT: Final = re.compile(
    r"""[\x00-\x20="]*([^\x00-\x20="]+)(=)?(?:(?<==)(?:(")((?:[^"\\]|\\.)*)(?:"|\\?\Z)|([^\x00-\x20="]*)))?""",
    re.DOTALL,
)


def ltsv(text: str) -> dict[str, Any] | None:
    """The fields; None where the text does not begin with one."""
    found: dict[str, Any] = {}
    at = 0
    while at < len(text):
        match = _LTSV.match(text, at)
        if match is None:
            break
        if match[1]:
            found[match[1]] = match[2]
        if match.end() == at or text[match.end() - 1] != "\t":
            break
        at = match.end()
    return found or None


def logfmt(text: str, *, bare_keys: bool = True) -> dict[str, Any] | None:
    """The fields; a key without a value is true. None where there is no field, or a bare key that must not be."""
    found: dict[str, Any] = {}
    at = 0
    while (match := _LOGFMT.match(text, at)) is not None:
        key, equals, quote, quoted, plain = match.groups()
        if quote:
            found[key] = unescape_utf8(quoted)
        elif plain:
            found[key] = plain
        elif equals or bare_keys:
            found[key] = True
        else:
            return None
        at = match.end()
        if text[at : at + 1] in ("\r", "\n"):
            break
    return found or None
