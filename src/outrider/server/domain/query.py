"""The search language.

Words stand for whole words of the message, in any order; all must be there. ``"a phrase"`` stands for these words next
to one another, as written. ``-word`` and ``-"a phrase"`` must not be there. Case does not count for A to Z. A word with
punctuation in it (``10.0.0.1``, ``user=7``) is a phrase.

A word of a message is a run of ASCII letters and digits and of characters beyond ASCII: what the store's index holds.
"""

from __future__ import annotations

import re
import string
from typing import NamedTuple

from outrider.model.errors import UserError

MAX_TERMS = 32
MAX_LENGTH = 1000
_TERM = re.compile(r'(-?)(?:"([^"]*)("|$)|(\S+))')
_WORD = re.compile(r"[0-9A-Za-z\u0080-\U0010ffff]+")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Term(NamedTuple):
    """``words`` must all be words of the message; ``phrase``, where it is not empty, a part of its text.

    All in lower case (A to Z only). ``negated``: the message must not match.
    """

    words: tuple[str, ...]
    phrase: str = ""
    negated: bool = False


def parse_query(text: str) -> tuple[Term, ...]:
    """The terms of a search. Terms without a single word (punctuation alone) are searched as a part of the text.

    A quote that is not closed reaches to the end. Raises ``UserError`` for what is too long, and for a quote with
    nothing behind it.
    """
    if len(text) > MAX_LENGTH:
        raise UserError(f"the search has {len(text)} characters; the limit is {MAX_LENGTH}", fix="search for less")
    terms: list[Term] = []
    for sign, quoted, end, plain in _TERM.findall(text.translate(_LOWER)):
        if not (quoted.strip() or plain or end):
            raise UserError("the quote is not closed", fix='write the words and a second quote: "a phrase"')
        term = _term((quoted or plain).strip(), bool(sign))
        if term is not None and term not in terms:
            terms.append(term)
    if len(terms) > MAX_TERMS:
        raise UserError(f"the search has {len(terms)} terms; the limit is {MAX_TERMS}", fix="search for less")
    return tuple(terms)


def _term(text: str, negated: bool) -> Term | None:
    if not text:
        return None
    words = tuple(dict.fromkeys(_WORD.findall(text)))
    return Term(words, "" if words == (text,) else text, negated)


def matches(message: str, terms: tuple[Term, ...]) -> bool:
    """What a search means, word for word: the store must give the same answer."""
    lower = message.translate(_LOWER)
    words = set(_WORD.findall(lower))
    return all((words.issuperset(t.words) and t.phrase in lower) != t.negated for t in terms)
