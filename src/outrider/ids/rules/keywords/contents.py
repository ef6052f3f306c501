"""``content`` with its modifiers, and what else asks for bytes of a buffer."""

from __future__ import annotations

from typing import Final

from outrider.ids.rules.buffers import BUFFERS
from outrider.ids.rules.draft import Draft
from outrider.ids.rules.keywords.reading import Flag, Reader, negatable, unquoted, words
from outrider.ids.rules.numbers import Number, integer, number, numbers
from outrider.ids.rules.refusal import RuleError
from outrider.ids.rules.steps import Absent, Content, IsDataAt, Size

_LENGTH: Final = 255 * 256
_WINDOW: Final = 1 << 20
_ESCAPED: Final = '";:\\'
_HEX: Final = frozenset("0123456789abcdefABCDEF")


def pattern(text: str) -> bytes:
    r"""The bytes of a content: ``|0d 0a|`` in hexadecimal, a backslash before ``; " : \``. Raises RuleError."""
    made = bytearray()
    at, size = 0, len(text)
    while at < size:
        character = text[at]
        if character == "|":
            end = text.find("|", at + 1)
            if end < 0:
                raise RuleError("content: a | that begins hexadecimal is not closed")
            digits = "".join(text[at + 1 : end].split())
            if len(digits) % 2 or not _HEX.issuperset(digits):
                raise RuleError(f"content: '{text[at : end + 1][:40]}' is no whole bytes in hexadecimal")
            made += bytes.fromhex(digits)
            at = end + 1
            continue
        if character == "\\":
            at += 1
            character = text[at : at + 1]
            if not character or character not in _ESCAPED:
                raise RuleError(f"content: a backslash stands before {character!r}; write |5c| for one")
        made += character.encode("utf-8", "surrogateescape")
        at += 1
    if not made:
        raise RuleError("content is empty")
    if len(made) > _LENGTH:
        raise RuleError(f"content is longer than {_LENGTH} bytes")
    return bytes(made)


def _content(draft: Draft, value: str) -> None:
    negated, text = negatable(value)
    draft.add(Content(pattern(unquoted(text, "content")), negated))


def _uricontent(draft: Draft, value: str) -> None:
    negated, text = negatable(value)
    draft.add(Content(pattern(unquoted(text, "uricontent")), negated), BUFFERS["http.uri"])


def _nocase(draft: Draft) -> None:
    draft.change("nocase", nocase=True)


def _startswith(draft: Draft) -> None:
    found = draft.content("startswith")
    if (found.offset, found.depth, found.distance, found.within) != (None,) * 4:
        raise RuleError("startswith goes with neither offset, depth, distance nor within")
    draft.change("startswith", startswith=True)


def _endswith(draft: Draft) -> None:
    draft.change("endswith", endswith=True)


def _rawbytes(draft: Draft) -> None:
    draft.content("rawbytes")


def _replace(draft: Draft, value: str) -> None:
    found = draft.content("replace")
    if len(pattern(unquoted(value, "replace"))) != len(found.pattern):
        raise RuleError("replace must be as long as its content")
    draft.change("replace", replaces=True)


def _known(draft: Draft, value: Number, what: str) -> Number:
    if isinstance(value, str) and value not in draft.variables():
        raise RuleError(f"{what}: no byte_extract or byte_math before it names '{value}'")
    return value


def _offset(draft: Draft, value: str) -> None:
    found = draft.content("offset")
    if found.relative or found.startswith:
        raise RuleError("offset goes with neither distance, within nor startswith")
    if found.offset is not None:
        raise RuleError("offset stands there twice")
    draft.change("offset", offset=_known(draft, number(value, "offset", 0, 65_535), "offset"))


def _depth(draft: Draft, value: str) -> None:
    found = draft.content("depth")
    if found.relative or found.startswith:
        raise RuleError("depth goes with neither distance, within nor startswith")
    if found.depth is not None:
        raise RuleError("depth stands there twice")
    depth = _known(draft, number(value, "depth", 0, 65_535), "depth")
    if isinstance(depth, int) and depth < len(found.pattern):
        raise RuleError(f"depth {depth} is below the {len(found.pattern)} bytes of its content")
    draft.change("depth", depth=depth)


def _distance(draft: Draft, value: str) -> None:
    found = draft.content("distance")
    if found.offset is not None or found.depth is not None or found.startswith:
        raise RuleError("distance goes with neither offset, depth nor startswith")
    if found.distance is not None:
        raise RuleError("distance stands there twice")
    distance = _known(draft, number(value, "distance", -_WINDOW, _WINDOW), "distance")
    draft.change("distance", distance=distance)


def _within(draft: Draft, value: str) -> None:
    found = draft.content("within")
    if found.offset is not None or found.depth is not None or found.startswith:
        raise RuleError("within goes with neither offset, depth nor startswith")
    if found.within is not None:
        raise RuleError("within stands there twice")
    within = _known(draft, number(value, "within", -_WINDOW, _WINDOW), "within")
    if isinstance(within, int) and within < len(found.pattern):
        raise RuleError(f"within {within} is below the {len(found.pattern)} bytes of its content")
    draft.change("within", within=within)


def _fast(draft: Draft) -> None:
    _one_fast(draft)
    draft.change("fast_pattern", fast=True)


def _fast_with(draft: Draft, value: str) -> None:
    _one_fast(draft)
    found = draft.content("fast_pattern")
    parts = words(value)
    if parts == ["only"]:
        if found.negated or found.relative or found.offset is not None or found.depth is not None:
            raise RuleError("fast_pattern:only goes with neither negation nor a place")
        draft.change("fast_pattern", fast=True)
        return
    if len(parts) != 2:
        raise RuleError("fast_pattern takes nothing, 'only', or offset and length")
    offset = integer(parts[0], "fast_pattern: offset", 0, 65_535)
    length = integer(parts[1], "fast_pattern: length", 1, 65_535)
    if offset + length > len(found.pattern):
        raise RuleError("fast_pattern: offset and length are beyond the content")
    draft.change("fast_pattern", fast=True, fast_part=(offset, length))


def _one_fast(draft: Draft) -> None:
    steps = (step for part in draft.parts for step in part.steps)
    if any(isinstance(step, Content) and step.fast for step in steps):
        raise RuleError("fast_pattern stands there twice")


def _isdataat(draft: Draft, value: str) -> None:
    negated, text = negatable(unquoted(value, "isdataat", needed=False))
    first, *rest = words(text)
    if set(rest) - {"relative", "rawbytes"}:
        raise RuleError(f"isdataat: '{rest[-1]}' is not known; relative is")
    at = _known(draft, number(first, "isdataat", 0, 65_535), "isdataat")
    draft.add(IsDataAt(at, "relative" in rest, negated))


def _bsize(draft: Draft, value: str) -> None:
    draft.add(Size(numbers(value, "bsize")))


def _absent(draft: Draft) -> None:
    draft.add(Absent())


def _absent_or(draft: Draft, value: str) -> None:
    if value != "or_else":
        raise RuleError(f"absent takes nothing or or_else, not '{value}'")
    draft.add(Absent(or_else=True))


READERS: Final[dict[str, Reader]] = {
    "content": _content,
    "uricontent": _uricontent,
    "replace": _replace,
    "offset": _offset,
    "depth": _depth,
    "distance": _distance,
    "within": _within,
    "fast_pattern": _fast_with,
    "isdataat": _isdataat,
    "bsize": _bsize,
    "absent": _absent_or,
}
FLAGS: Final[dict[str, Flag]] = {
    "nocase": _nocase,
    "startswith": _startswith,
    "endswith": _endswith,
    "rawbytes": _rawbytes,
    "fast_pattern": _fast,
    "absent": _absent,
}
