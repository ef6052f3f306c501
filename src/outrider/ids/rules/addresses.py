"""Sets of addresses, with groups and negation."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from outrider.ids.rules.grouping import parts
from outrider.ids.rules.refusal import RuleError

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Sorted, apart from one another, both ends included."""
_ALL: Final = (((0, (1 << 32) - 1),), ((0, (1 << 128) - 1),))


@dataclass(frozen=True, slots=True)
class Addresses:
    """``four`` and ``six`` are the addresses of each version as numbers."""

    four: Ranges
    six: Ranges

    @property
    def everything(self) -> bool:
        """Whether each address belongs to it."""
        return (self.four, self.six) == _ALL

    def has(self, version: int, address: int) -> bool:
        """Whether an address belongs to it; ``version`` is 4 or 6."""
        ranges = self.four if version == 4 else self.six
        at = bisect_right(ranges, (address, 1 << 129)) - 1
        return at >= 0 and address <= ranges[at][1]


def addresses(text: str) -> Addresses:
    """A word of a header, its variables expanded. Raises RuleError, also for what no address belongs to."""
    found = _set(text.strip(), 0)
    if not found.four and not found.six:
        raise RuleError(f"no address belongs to '{_short(text)}'")
    return found


def _set(text: str, depth: int) -> Addresses:
    if text.startswith("!"):
        taken = _set(text[1:].strip(), depth + 1)
        if taken.everything:
            raise RuleError("'!any' leaves no address")
        return _without(Addresses(*_ALL), taken)
    if not text.startswith("["):
        return _one(text)
    within: list[Addresses] = []
    without: list[Addresses] = []
    for negated, part in parts(text, depth):
        (without if negated else within).append(_set(part, depth + 1))
    if any(one.everything for one in without):
        raise RuleError("'!any' leaves no address")
    union = _union(within) if within else Addresses(*_ALL)
    return _without(union, _union(without)) if without else union


def _one(text: str) -> Addresses:
    if text.lower() == "any":
        return Addresses(*_ALL)
    try:
        if "-" in text:
            low, high = (ipaddress.ip_address(part.strip()) for part in text.split("-"))
            if low.version != high.version or int(low) > int(high):
                raise ValueError
            only: Ranges = ((int(low), int(high)),)
            return Addresses(only, ()) if low.version == 4 else Addresses((), only)
        net = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise RuleError(f"'{_short(text)}' is no address") from None
    only = ((int(net.network_address), int(net.broadcast_address)),)
    return Addresses(only, ()) if net.version == 4 else Addresses((), only)


def _union(sets: Iterable[Addresses]) -> Addresses:
    sets = list(sets)
    return Addresses(
        joined(pair for one in sets for pair in one.four), joined(pair for one in sets for pair in one.six)
    )


def _without(one: Addresses, other: Addresses) -> Addresses:
    return Addresses(less(one.four, other.four), less(one.six, other.six))


def joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same numbers, sorted and apart."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def less(ranges: Ranges, taken: Ranges) -> Ranges:
    """The numbers of ``ranges`` that are not in ``taken``; both sorted and apart."""
    found = []
    following = 0
    for low, high in ranges:
        while following < len(taken) and taken[following][1] < low:
            following += 1
        at = following
        while at < len(taken) and taken[at][0] <= high:
            if taken[at][0] > low:
                found.append((low, taken[at][0] - 1))
            low = taken[at][1] + 1
            at += 1
        if low <= high:
            found.append((low, high))
    return tuple(found)


def _short(text: str) -> str:
    return text if len(text) < 60 else f"{text[:57]}..."
