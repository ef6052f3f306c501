"""Backslash escapes inside values, as Fluent Bit's decoders resolve them.

Source: Fluent Bit 5.1.1, ``src/flb_unescape.c`` and ``src/flb_parser_decoder.c``. A backslash that means nothing is
left out, and so is one at the end. Half of a surrogate pair becomes U+FFFD.
"""

from __future__ import annotations

import re
from typing import Final

_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a"}
_MYSQL: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a"}
_ANY: Final = re.compile(r"\\(.?)", re.DOTALL)
_CODE: Final = (
    r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}"
    r"|x[0-9a-fA-F]{1,2}|[0-7]{1,3}"
)
_UTF8: Final = re.compile(rf"\\({_CODE}|.?)", re.DOTALL)
_REPLACEMENT: Final = "\ufffd"


def unescape(text: str) -> str:
    """``escaped``: the letters that C knows."""
    return _ANY.sub(lambda match: _LETTERS.get(match[1], match[1]), text) if "\\" in text else text


def unescape_utf8(text: str) -> str:
    """Codes too: ``\\u00e9``, pairs of surrogates, ``\\x41``, octal."""
    return _UTF8.sub(lambda match: _one(match[1]), text) if "\\" in text else text


def unescape_codes(text: str) -> str:
    """``escaped_utf8``: as above, but quotes, slashes and backslashes keep their backslash for a later decoder."""
    return _UTF8.sub(lambda match: match[0] if match[1] in tuple("\"'\\/") else _one(match[1]), text)


def unquote_mysql(text: str) -> str:
    """``mysql_quoted``: what stands between quotes, without escapes; other text as it is."""
    if len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
        return text
    return _ANY.sub(lambda match: _MYSQL.get(match[1], match[1]), text[1:-1])


def _one(code: str) -> str:
    kind, digits = code[:1], code[1:]
    if kind in ("u", "U", "x") and digits:
        if len(digits) > 8:
            return chr(0x10000 + ((int(digits[:4], 16) & 0x3FF) << 10) + (int(digits[-4:], 16) & 0x3FF))
        return _character(int(digits, 16))
    if kind and kind in "01234567":
        return _character(int(code, 8))
    return _LETTERS.get(code, code)


def _character(code: int) -> str:
    return _REPLACEMENT if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)
