"""Sets of ports, with groups and negation."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from outrider.ids.rules.addresses import Ranges, joined, less
from outrider.ids.rules.grouping import parts
from outrider.ids.rules.refusal import RuleError

_ALL: Final = ((0, 65_535),)
_RANGE: Final = re.compile(r"(\d{1,5})?\s*(:)?\s*(\d{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ports:
    """``ranges`` are sorted, apart from one another, both ends included."""

    ranges: Ranges

    @property
    def everything(self) -> bool:
        """Whether each port belongs to it."""
        return self.ranges == _ALL

    def __contains__(self, port: int) -> bool:
        at = bisect_right(self.ranges, (port, 65_536)) - 1
        return at >= 0 and port <= self.ranges[at][1]


def ports(text: str) -> Ports:
    """A word of a header, its variables expanded. Raises RuleError, also for what no port belongs to."""
    found = _set(text.strip(), 0)
    if not found:
        raise RuleError(f"no port belongs to '{text[:60]}'")
    return Ports(found)


def _set(text: str, depth: int) -> Ranges:
    if text.startswith("!"):
        taken = _set(text[1:].strip(), depth + 1)
        if taken == _ALL:
            raise RuleError("'!any' leaves no port")
        return less(_ALL, taken)
    if not text.startswith("["):
        return _one(text)
    within: list[tuple[int, int]] = []
    without: list[tuple[int, int]] = []
    positive = False
    for negated, part in parts(text, depth):
        positive |= not negated
        (without if negated else within).extend(_set(part, depth + 1))
    return less(joined(within) if positive else _ALL, joined(without))


def _one(text: str) -> Ranges:
    if text.lower() == "any":
        return _ALL
    found = _RANGE.fullmatch(text)
    if not found or not (found[1] or found[3]):
        raise RuleError(f"'{text[:60]}' is no port")
    low = int(found[1] or 0)
    high = int(found[3] or 65_535) if found[2] else low
    if low > high or high > 65_535 or (not found[2] and found[3]):
        raise RuleError(f"'{text[:60]}' is no port or range of ports")
    return ((low, high),)
