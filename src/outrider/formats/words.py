"""Lists inside one value: words, quoted words, commas; and the spelling of keys.

Source: Fluent Bit 5.1.1, ``src/flb_slist.c`` and ``src/flb_utils.c``.
"""

from __future__ import annotations

import re

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^ ]+)', re.DOTALL)
_QUOTED = {quote: re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}(?= |$)", re.DOTALL) for quote in "\"'"}


def tokens(text: str, most: int) -> list[str]:
    """Up to ``most`` words separated by spaces, then what is left as one more item, verbatim.

    A word that begins with a double quote goes to the closing one, spaces and all, and ``\\"`` in it is a quote.
    Single quotes are letters. Raises ValueError for a quote that is not closed.
    """
    found: list[str] = []
    at = _skip(text, 0)
    while at < len(text):
        if len(found) == most:
            found.append(text[at:])
            break
        match = _WORD.match(text, at)
        if match is None or (text[at] == '"' and match[1] is None):
            raise ValueError(f"the quote in '{text}' at character {at + 1} is not closed")
        found.append(match[2] if match[1] is None else match[1].replace('\\"', '"'))
        at = _skip(text, match.end())
    return found


def pair(text: str) -> tuple[str, str]:
    """``KEY VALUE``, as of record_modifier's ``Record``. Raises ValueError for fewer or more words."""
    words = tokens(text, 2)
    if len(words) != 2:
        why = "there is no value" if len(words) < 2 else "put a value with spaces in double quotes"
        raise ValueError(f"invalid record parameters, expects 'KEY VALUE': {why}")
    return words[0], words[1]


def comma_list(text: str) -> list[str]:
    """The items between commas, trimmed; empty ones are left out."""
    return [item for part in text.split(",") if (item := part.strip(" \t"))]


def split_quoted(text: str, most: int = 0) -> list[str]:
    """Words separated by spaces; one that begins with ``"`` or ``'`` goes to the closing quote.

    Inside quotes ``\\`` takes the special meaning from that quote and from itself; elsewhere it is a letter. With
    ``most`` greater than 0, that many words are split off and the rest is one more item, verbatim. Raises ValueError
    for a quote that is not closed.
    """
    found: list[str] = []
    at = _skip(text, 0)
    while at < len(text):
        if most and len(found) == most:
            found.append(text[at:])
            break
        quote = text[at]
        if quote in _QUOTED:
            match = _QUOTED[quote].match(text, at)
            if match is None:
                raise ValueError(f"the quote in '{text}' at character {at + 1} is not closed")
            found.append(match[1].replace("\\" + quote, quote).replace("\\\\", "\\"))
            at = match.end()
        else:
            end = text.find(" ", at)
            end = len(text) if end < 0 else end
            found.append(text[at:end])
            at = end
        at = _skip(text, at)
    return found


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at


def key_name(key: str) -> str:
    """``memBufLimit`` as ``mem_buf_limit``; a key with ``_``, or that begins with a capital, in small letters."""
    if "_" in key or key[:1].isupper():
        return key.lower()
    return re.sub(r"[A-Z]", lambda match: "_" + match[0].lower(), key)
