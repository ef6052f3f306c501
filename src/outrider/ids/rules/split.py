"""A rule's header and its options, as text."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.ids.rules.refusal import RuleError

DIRECTIONS = ("->", "<>", "=>")
_WORDS = ("action", "protocol", "source", "source ports", "direction", "destination", "destination ports")


@dataclass(frozen=True, slots=True)
class Option:
    """``value`` is None where there is no colon. ``at`` is the offset of the name in the rule's text."""

    name: str
    value: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Split:
    """``header`` has an action and a protocol, and if addresses are written, all seven words; ``at`` their offsets."""

    header: tuple[str, ...]
    at: tuple[int, ...]
    options: tuple[Option, ...]


def split(text: str) -> Split:
    """Raises RuleError."""
    start = text.find("(")
    if start < 0:
        raise RuleError("there are no options in parentheses")
    header, at = _header(text, start)
    end = text.rstrip()
    if not end.endswith(")"):
        raise RuleError("the closing parenthesis is missing", len(end))
    return Split(header, at, _options(text, start + 1, len(end) - 1))


def _header(text: str, end: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Words up to ``end``; blanks in brackets do not part."""
    words: list[str] = []
    offsets: list[int] = []
    depth, start = 0, -1
    for at in range(end + 1):
        character = text[at] if at < end else " "
        if character.isspace() and (depth == 0 or at == end):
            if start >= 0:
                words.append(text[start:at])
                offsets.append(start)
                start = -1
            continue
        depth += (character == "[") - (character == "]")
        if start < 0:
            start = at
    if depth:
        raise RuleError("brackets of the header do not match", 0)
    if len(words) not in (2, len(_WORDS)):
        missing = _WORDS[len(words)] if len(words) < len(_WORDS) else ""
        raise RuleError(f"the header has no {missing}" if missing else "the header has too many words", 0)
    if len(words) > 2 and words[4] not in DIRECTIONS:
        raise RuleError(f"'{words[4]}' is no direction; allowed: {', '.join(DIRECTIONS)}", offsets[4])
    return tuple(words), tuple(offsets)


def _options(text: str, start: int, end: int) -> tuple[Option, ...]:
    """Options end at a semicolon that no backslash precedes, also within quotes."""
    found = []
    while start < end:
        stop = text.find(";", start, end)
        while stop > start and text[stop - 1] == "\\":
            stop = text.find(";", stop + 1, end)
        piece = text[start : stop if stop >= 0 else end]
        at = start + len(piece) - len(piece.lstrip())
        if stop < 0:
            if piece.strip():
                raise RuleError("the semicolon at the end is missing", at)
            break
        name, colon, value = piece.strip().partition(":")
        if name:
            found.append(Option(name.rstrip().lower(), value.strip() if colon else None, at))
        start = stop + 1
    return tuple(found)
