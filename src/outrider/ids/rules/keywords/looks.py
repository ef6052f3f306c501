"""Which buffer is looked at, and what is done to it first."""

from __future__ import annotations

from functools import partial
from typing import Final

from outrider.ids.rules.buffers import BUFFERS, MODIFIERS, STICKY, TO_CLIENT, TO_SERVER, Transform
from outrider.ids.rules.draft import Draft
from outrider.ids.rules.keywords.reading import Flag, Reader, settings, unquoted
from outrider.ids.rules.numbers import integer
from outrider.ids.rules.refusal import RuleError

_PLAIN: Final = (
    *("dotprefix", "to_lowercase", "to_uppercase", "strip_whitespace", "compress_whitespace", "url_decode"),
    *("to_md5", "to_sha1", "to_sha256", "header_lowercase", "strip_pseudo_headers", "domain", "tld"),
)
"""Transforms that are told nothing."""
_MODES: Final = ("rfc2045", "rfc4648", "strict")


def _choose(name: str, draft: Draft) -> None:
    draft.choose(BUFFERS[name])


def _choose_travelling(name: str, draft: Draft, value: str) -> None:
    """``file.data: to_client`` of a rule for both ways of a transaction."""
    buffer = BUFFERS[name]
    if value not in (TO_SERVER, TO_CLIENT) or buffer.direction not in ("", value):
        raise RuleError(f"{name} travels {buffer.direction or 'to_server or to_client'}, not '{value}'")
    draft.choose(buffer, value)


def _move(keyword: str, name: str, draft: Draft) -> None:
    draft.move(keyword, BUFFERS[name])


def _transform(name: str, draft: Draft) -> None:
    draft.transform(Transform(name))


def _pcrexform(draft: Draft, value: str) -> None:
    draft.transform(Transform("pcrexform", unquoted(value, "pcrexform")))


def _xor(draft: Draft, value: str) -> None:
    text = unquoted(value, "xor", needed=False)
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise RuleError(f"xor: '{text[:40]}' is no key in hexadecimal") from None
    if not 0 < len(key) <= 255:
        raise RuleError("xor takes a key of 1 to 255 bytes")
    draft.transform(Transform("xor", key))


def _from_base64(draft: Draft, value: str) -> None:
    size, offset, mode = 0, 0, "rfc4648"
    for name, word in settings(value, "from_base64") if value else ():
        if name == "bytes":
            size = integer(word, "from_base64: bytes", 1, 65_535)
        elif name == "offset":
            offset = integer(word, "from_base64: offset", 0, 65_535)
        elif name == "mode" and word in _MODES:
            mode = word
        else:
            raise RuleError(f"from_base64: '{name} {word}' is not known; bytes, offset and mode are")
    draft.transform(Transform("from_base64", (size, offset, mode)))


def _from_base64_plain(draft: Draft) -> None:
    _from_base64(draft, "")


READERS: Final[dict[str, Reader]] = {
    **{keyword: partial(_choose_travelling, name) for keyword, name in STICKY.items()},
    "pcrexform": _pcrexform,
    "xor": _xor,
    "from_base64": _from_base64,
}
FLAGS: Final[dict[str, Flag]] = {
    **{keyword: partial(_choose, name) for keyword, name in STICKY.items()},
    **{keyword: partial(_move, keyword, name) for keyword, name in MODIFIERS.items()},
    **{name: partial(_transform, name) for name in _PLAIN},
    "from_base64": _from_base64_plain,
}
