"""Regular expressions in Ruby's syntax, as Fluent Bit's configurations use them.

Patterns from the part of the language that means the same in Python are translated to ``re``, which is twice as fast;
everything else goes to Oniguruma, and so does what may try very many ways: there a search that takes
``BACKTRACKS_MAX`` steps back is given up, which counts as no match. Both give text positions and groups through the
same calls. A pattern may stand between slashes with flags behind, as in Ruby: ``/pattern/im``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol

from outrider.formats.backtracking import is_risky

BACKTRACKS_MAX: Final = 2_000_000
"""A fiftieth of a second."""
_SIMPLE_ESCAPES: Final = frozenset("dDwWsSntrfv\\.*?+^$|()[]{}/-\"' :,;=!@#%&<>~`_")
_CLASS_ESCAPES: Final = frozenset("dDwWsSntrfv\\.*?+^$|()[]{}/-\"' :,;=!@#%&<>~`_")
_GROUP_OPENINGS: Final = ("(?:", "(?=", "(?!", "(?<=", "(?<!")
_NAMED: Final = re.compile(r"\(\?<([A-Za-z_][A-Za-z0-9_]*)>")
_SLASHES: Final = re.compile(r"/(.*)/([imxo]*)", re.DOTALL)
# A group's name, or what must be stepped over to find the next one.
_TOKEN: Final = re.compile(r"\\.|\[(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|\(\?(?:<(?![=!])([^>]+)>|'([^']+)')", re.DOTALL)
_BEGINNING: Final = re.compile(r"\^?((?:[\w /:;=,@%&<>!~'\"-]|\\[./\[\](){}*+?^$-])+)", re.ASCII)
"""The plain characters at the front of a pattern, escapes that mean the character included."""
_ESCAPED: Final = re.compile(r"\\(.)")
_QUOTED_MAX: Final = 100
_REPEATS: Final = ("*", "+", "?", "{")
_REPEAT: Final = re.compile(r"\{\d+(?:,\d*)?\}|\{,\d+\}")


class Match(Protocol):
    """A match of either engine."""

    def group(self, index: int = 0) -> str | None:
        """The text of a group by number; 0 is the whole match."""


class Regex:
    """A compiled pattern. Raises ValueError when it is not a regular expression.

    ``names`` are the named groups in the order of their numbers; a name may stand several times. ``literal`` is a text
    that every match holds, empty where none is known: to look for it takes a fifth of the time of a search.
    """

    __slots__ = ("_compiled", "_foreign", "literal", "match", "names", "pattern", "search")

    search: Callable[[str], Match | None]
    """The first match anywhere."""
    match: Callable[[str], Match | None]
    """A match at the start."""

    def __init__(self, pattern: str) -> None:
        pattern = _without_slashes(pattern)
        self.pattern = pattern
        self.names = _names(pattern)
        self.literal = _literal(pattern)
        translated = translate(pattern)
        self._compiled: Any = None
        self._foreign = False
        if translated is not None and not is_risky(pattern):
            try:
                self._compiled = re.compile(translated, re.MULTILINE | re.ASCII)
                self.search, self.match = self._compiled.search, self._compiled.match
            except (re.error, OverflowError):
                self._compiled = None
        if self._compiled is None:
            self._foreign = True
            self._compiled = _foreign(pattern)
            self.search = partial(_run, self._compiled.search, pattern)
            self.match = partial(_run, self._compiled.match, pattern)

    def groups(self, text: str) -> Sequence[str | None] | None:
        """The texts of the groups, in the order of ``names``, of the first match anywhere; None where there is none."""
        if not self._foreign:
            found = self._compiled.search(text)
            return None if found is None else found.groups()
        match = self.search(text)
        return None if match is None else [match.group(number) for number in range(1, len(self.names) + 1)]


class Reports:
    """Who is told of a search that was given up, and what it is about: replaced by whoever has a log."""

    tell: Callable[[str, str], None] = staticmethod(lambda message, about: None)


def _foreign(pattern: str) -> Any:
    import ctypes

    import onigurumacffi  # few patterns need it

    library = ctypes.CDLL(sys.modules["_onigurumacffi"].__file__)  # the limits hold for all patterns of the process
    for limit in (library.onig_set_retry_limit_in_match, library.onig_set_retry_limit_in_search):
        limit(ctypes.c_ulong(BACKTRACKS_MAX))
    try:
        return onigurumacffi.compile(pattern)
    except (onigurumacffi.OnigError, UnicodeEncodeError) as error:
        raise ValueError(f"not a regular expression: {error}") from error


def _run(run: Callable[[str], Match | None], pattern: str, text: str) -> Match | None:
    import onigurumacffi

    try:
        return run(text)
    except UnicodeEncodeError:  # undecodable bytes reach Oniguruma as replacement characters
        return _run(run, pattern, text.encode("utf-8", "replace").decode())
    except onigurumacffi.OnigError as error:
        Reports.tell(
            f"regular expression '{pattern[:_QUOTED_MAX]}' does not match a text of {len(text)} characters: given up "
            f"({error}); fix: write it without repeats inside repeats and with few '.*'",
            pattern,
        )
        return None


def _without_slashes(pattern: str) -> str:
    """``/pattern/flags`` as a pattern; ``o`` (once) has no meaning here."""
    found = _SLASHES.fullmatch(pattern)
    if found is None:
        return pattern
    flags = "".join(sorted(set(found[2]) - {"o"}))
    return f"(?{flags}:{found[1]})" if flags else found[1]


def _names(pattern: str) -> tuple[str, ...]:
    """The named groups, found by reading over escapes and bracket expressions."""
    return tuple(name for match in _TOKEN.finditer(pattern) if (name := match[1] or match[2]))


def _literal(pattern: str) -> str:
    """What stands at the front of every match, without the last character before something that may repeat it."""
    found = _BEGINNING.match(pattern)
    if found is None or "|" in pattern:
        return ""
    text = _ESCAPED.sub(r"\1", found[1])
    return text[:-1] if pattern[found.end() : found.end() + 1] in _REPEATS else text


def translate(pattern: str) -> str | None:
    """The pattern for ``re`` with MULTILINE and ASCII, or None where the two languages may differ."""
    if not pattern.isascii():
        return None
    out: list[str] = []
    position = 0
    while position < len(pattern):
        step = _translate_one(pattern, position)
        if step is None:
            return None
        text, position = step
        out.append(text)
    return "".join(out)


def _translate_one(pattern: str, at: int) -> tuple[str, int] | None:
    char = pattern[at]
    if char == "\\":
        return _translate_escape(pattern, at)
    if char == "[":
        return _translate_class(pattern, at)
    if char == "(":
        return _translate_group(pattern, at)
    if char == "{":
        found = _REPEAT.match(pattern, at)
        if found is None or pattern[found.end() : found.end() + 1] == "+":
            return None
        return found[0], found.end()
    if char in "*+?" and pattern[at + 1 : at + 2] == "+":
        return None
    if char == "^":
        return _translate_line_start(pattern, at)
    return char, at + 1


def _translate_line_start(pattern: str, at: int) -> tuple[str, int] | None:
    """Ruby's lines begin nowhere after the last newline; Python's do, and ``^$`` would match every ``text\\n``."""
    following, after = pattern[at + 1 : at + 2], pattern[at + 2 : at + 3]
    if following in _REPEATS:
        return None
    if following.isalnum() and after not in _REPEATS:
        return "^", at + 1  # no end of a text has this character after it
    return r"^(?!(?<=\n)\Z)", at + 1


def _translate_escape(pattern: str, at: int) -> tuple[str, int] | None:
    char = pattern[at + 1 : at + 2]
    special = {"h": "[0-9a-fA-F]", "H": "[^0-9a-fA-F]", "z": r"\Z", "A": r"\A"}
    if char in special and char:
        return special[char], at + 2
    if char and char in _SIMPLE_ESCAPES:
        return (f"\\{char}" if char not in "\"' :,;=!@%<>`_/" else char), at + 2
    return None


def _translate_class(pattern: str, at: int) -> tuple[str, int] | None:
    out = ["["]
    position = at + 1
    if pattern[position : position + 1] == "^":
        out.append("^")
        position += 1
    if pattern[position : position + 1] == "]":
        return None
    while position < len(pattern):
        char = pattern[position]
        following = pattern[position + 1 : position + 2]
        if char == "]":
            return "".join([*out, "]"]), position + 1
        if char == "\\":
            if following == "h":
                out.append("0-9a-fA-F")
            elif following and following in _CLASS_ESCAPES:
                out.append(f"\\{following}" if not following.isspace() else following)
            else:
                return None
            position += 2
            continue
        if char == "[" or (char in "&-|~" and following == char):
            return None
        out.append(char)
        position += 1
    return None


def _translate_group(pattern: str, at: int) -> tuple[str, int] | None:
    named = _NAMED.match(pattern, at)
    if named is not None:
        return f"(?P<{named[1]}>", named.end()
    if not pattern.startswith("(?", at):
        # With a named group anywhere, Ruby's plain groups do not capture; numbers would differ.
        return ("(", at + 1) if _NAMED.search(pattern) is None else ("(?:", at + 1)
    for opening in _GROUP_OPENINGS:
        if pattern.startswith(opening, at):
            return opening, at + len(opening)
    return None
