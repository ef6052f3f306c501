"""``pcre``."""

from __future__ import annotations

import re
from typing import Final

from outrider.ids.rules.buffers import BUFFERS, PCRE_LETTERS
from outrider.ids.rules.draft import Draft
from outrider.ids.rules.keywords.reading import Reader, negatable, unquoted, words
from outrider.ids.rules.refusal import RuleError
from outrider.ids.rules.steps import Pcre

_PERL: Final = "imsxAEG"
_WITHOUT_EFFECT: Final = "OB"
_NAMED: Final = re.compile(r"\(\?P<([A-Za-z]+)_(\w+)>")
_SCOPES: Final = ("flow", "pkt", "alert")


def _pcre(draft: Draft, value: str) -> None:
    negated, text = negatable(value)
    text = unquoted(text, "pcre")
    end = text.rfind("/")
    if not text.startswith("/") or end == 0:
        raise RuleError('pcre takes an expression between slashes, and flags: pcre:"/x/i"')
    expression, (letters, *captures) = text[1:end], words(text[end + 1 :])
    buffer = None
    flags = []
    relative = False
    for letter in letters:
        if letter in _PERL:
            flags.append(letter)
        elif letter == "R":
            relative = True
        elif letter in PCRE_LETTERS:
            if buffer is not None:
                raise RuleError(f"pcre: {letter} names a second buffer")
            buffer = BUFFERS[PCRE_LETTERS[letter]]
        elif letter not in _WITHOUT_EFFECT:
            raise RuleError(f"pcre: the flag '{letter}' is not known")
    draft.add(Pcre(expression, "".join(flags), negated, relative, _captures(expression, captures)), buffer)


def _captures(expression: str, told: list[str]) -> tuple[tuple[str, str], ...]:
    """Names of groups in order: as told behind the flags, else as the groups have them."""
    found = []
    for word in told:
        scope, colon, name = word.partition(":")
        if not colon or scope not in _SCOPES or not name:
            raise RuleError(f"pcre: '{word}' names no variable; flow:NAME, pkt:NAME and alert:NAME do")
        found.append((scope, name))
    return tuple(found) or tuple((scope, name) for scope, name in _NAMED.findall(expression) if scope in _SCOPES)


READERS: Final[dict[str, Reader]] = {"pcre": _pcre}
