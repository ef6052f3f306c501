"""Regular expressions as Perl has them, with a bound on the work that one search may be.

PCRE2 where it is installed (the extra ``ids``). Else Python's own, for those expressions that it can read and in which
no more than one thing repeats without bound, over the first READ bytes of a buffer.
"""

from __future__ import annotations

import re
from typing import Any, Final

from outrider.ids.rules.refusal import RuleError, UnsupportedError
from outrider.ids.rules.steps import Pcre

try:
    import pcre2
except ImportError:
    pcre2 = None  # type: ignore[assignment, unused-ignore]

MATCH_LIMIT: Final = 3500
"""Steps of one search, and DEPTH_LIMIT levels, as Suricata has them."""
DEPTH_LIMIT: Final = 1500
READ: Final = 8192
_UNBOUNDED: Final = re.compile(r"(?<!\\)(?:\\\\)*(?:[*+]|\{\d*,\})")
"""What repeats without bound; in a class of characters, too, where it does not: that is refused for nothing."""


def compiled(step: Pcre) -> Any:
    """An object with ``search(data, start)`` that gives a match. Raises RuleError."""
    source = step.expression.encode("utf-8", "surrogateescape")
    inline = "".join(letter for letter in "imsx" if letter in step.flags)
    if pcre2 is None:
        return _python(step, source, inline)
    inline += "U" * ("G" in step.flags)
    limits = b"(*LIMIT_MATCH=%d)(*LIMIT_DEPTH=%d)" % (MATCH_LIMIT, DEPTH_LIMIT)
    begins = b"(?%s)" % inline.encode() if inline else b""
    anchor = rb"\G" if "A" in step.flags else b""
    try:
        return pcre2.compile(limits + begins + anchor + (b"(?:%s)" % source if anchor else source))
    except pcre2.PatternError as error:
        raise RuleError(f"pcre: {error}") from None


def _python(step: Pcre, source: bytes, inline: str) -> Any:
    if len(_UNBOUNDED.findall(step.expression)) > 1:
        raise UnsupportedError("pcre: repeats in two places, which needs PCRE2; pip install 'outrider[ids]'")
    if set(step.flags) & set("AEG"):
        raise UnsupportedError("pcre: the flags A, E and G need PCRE2; pip install 'outrider[ids]'")
    try:
        return re.compile((b"(?%s)" % inline.encode() if inline else b"") + source)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnsupportedError(f"pcre: needs PCRE2 ({error}); pip install 'outrider[ids]'") from None


def searched(expression: Any, data: bytes) -> Any:
    """The first match, None if there is none or the search would take too long."""
    if pcre2 is None:
        return expression.search(data[:READ])
    try:
        return expression.search(data)
    except pcre2.LibraryError:  # a limit was met
        return None


def probe(step: Pcre) -> None:
    """Raises RuleError for an expression that cannot be compiled."""
    compiled(step)
