"""Which regular expressions may try so many ways that one text keeps the process busy for minutes."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?P<plain>\\[kgpP][<{][^>}]*[>}]|\\.|\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|[^()|*+?{])
      | (?P<open>\((?:\?(?:<[^>=!]+>|'[^']+'|<[=!]|[imx-]+:|[:=!>]))?)
      | (?P<close>\))
      | (?P<either>\|)
      | (?P<repeat>[*+?]|\{\d*(?:,\d*)?\})[?+]?
      | (?P<brace>.)""",
    re.VERBOSE | re.DOTALL,
)
_MANY: Final = 10
_WIDE_MAX: Final = 2


def is_risky(pattern: str) -> bool:
    """Whether something that can match in several ways is itself repeated, or ``.*`` stands more than twice.

    A guess by the form alone: what is risky may be harmless, and what is not may still take the square or the cube of
    a text's length.
    """
    varies = [False]  # for each open group, whether it can match one text in several ways
    closed = False  # whether what stands before is a group that can
    wide = 0
    before = ""
    for token in _TOKEN.finditer(pattern):
        match token.lastgroup:
            case "open":
                varies.append(False)
            case "close" if len(varies) > 1:
                closed = varies.pop()
                varies[-1] = varies[-1] or closed
                before = ")"
                continue
            case "either":
                varies[-1] = True
            case "repeat":
                most = _most(token["repeat"])
                if closed and most >= _MANY:
                    return True
                varies[-1] = varies[-1] or most > 1
                wide += before == "." and most >= _MANY
            case _:
                pass
        closed = False
        before = token[0]
    return wide > _WIDE_MAX


def _most(repeat: str) -> int:
    if repeat == "?":
        return 1
    least, comma, most = repeat.strip("{}").partition(",")
    if not comma and least.isdigit():
        return 1  # always the same number
    return int(most[:9]) if most else _MANY
