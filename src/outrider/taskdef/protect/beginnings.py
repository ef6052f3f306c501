"""Where a message of several lines begins: the words of ``awslogs`` as expressions of the router.

Sources: moby ``daemon/logger/awslogs/cloudwatchlogs.go`` for the date formats; RE2's and Onigmo's syntax.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from outrider.formats.regex import Regex

_DATES: Final = {
    "%a": "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
    "%A": "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)",
    "%w": "[0-6]",
    "%d": "(?:0[1-9]|[1,2][0-9]|3[0,1])",
    "%b": "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
    "%B": "(?:January|February|March|April|May|June|July|August|September|October|November|December)",
    "%m": "(?:0[1-9]|1[0-2])",
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%H": "(?:[0,1][0-9]|2[0-3])",
    "%I": "(?:0[0-9]|1[0-2])",
    "%p": "[A,P]M",
    "%M": "[0-5][0-9]",
    "%S": "[0-5][0-9]",
    "%f": r"\d{6}",
    "%z": r"[+-]\d{4}",
    "%Z": "[A-Z]{1,4}T",
    "%j": "(?:0[0-9][1-9]|[1,2][0-9][0-9]|3[0-5][0-9]|36[0-6])",
    "%L": r"\.\d{3}",
}
"""As the log driver has them, so that the same lines begin a message; any other letter stands for nothing."""
_FOREIGN: Final = re.compile(r"\\(?:[QEC]|[pP][A-Za-z])|\(\?[a-zA-Z]*(?:s|U)[a-zA-Z-]*[:)]")
"""RE2's quoting, single bytes, short classes, and flags that Onigmo does not have or gives another meaning."""
_STEP: Final = re.compile(r'\\.|["\n\r\t]|\$\{', re.DOTALL)
_BLANKS: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_SPELLED: Final = {
    '"': r"\x22",
    r"\"": r"\x22",
    r"\$": r"\x24",
    **_BLANKS,
    **{f"\\{blank}": text for blank, text in _BLANKS.items()},
}


def beginning(options: Mapping[str, str]) -> str:
    """The expression that fits the first line of a message; empty where each line is one.

    Raises ValueError for what the router cannot say.
    """
    if "awslogs-datetime-format" in options:  # the one that counts where both are there
        return _spelled(re.sub("%.", _date, options["awslogs-datetime-format"]))
    return _spelled(options.get("awslogs-multiline-pattern", "").replace("(?P<", "(?<"))


def continuation(begins: str) -> str:
    """The expression that fits exactly the lines that ``begins`` does not fit."""
    return f"^(?!{begins[1:]})" if begins.startswith("^") and "|" not in begins else f"^(?!.*(?:{begins}))"


def _date(found: re.Match[str]) -> str:
    return _DATES.get(found[0], "")


def _spelled(pattern: str) -> str:
    """The pattern as it can stand in quotes in a configuration, where ``${`` begins a variable."""
    foreign = _FOREIGN.search(pattern)
    if foreign is not None:
        raise ValueError(f"the router has no '{foreign[0]}'")
    spelled = _STEP.sub(_step, pattern)
    if spelled:
        _ = Regex(f"/{spelled}/")
        _ = Regex(f"/{continuation(spelled)}/")
    return spelled


def _step(found: re.Match[str]) -> str:
    if found[0] == "${":
        raise ValueError("'${' begins a variable")
    return _SPELLED.get(found[0], found[0])
