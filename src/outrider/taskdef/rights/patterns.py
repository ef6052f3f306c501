"""Patterns of policies: ``*`` stands for any run of characters, ``?`` for one. Pure.

A pattern is a language, and these functions compare languages: a needed resource may be a pattern itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache


@cache
def covers(wide: str, narrow: str) -> bool:
    """Whether each text that fits ``narrow`` fits ``wide``.

    It is enough to look at texts whose free characters occur nowhere in ``wide``: where such a text fits, any other
    that ``narrow`` allows in its place fits the same way. Sets of places in ``wide`` that a text may have reached are
    followed through ``narrow``; none may end without the end of ``wide``.
    """
    waiting = [(0, _skip_stars(wide, frozenset((0,))))]
    seen = set(waiting)
    while waiting:
        at, places = waiting.pop()
        if at == len(narrow):
            if len(wide) not in places:
                return False
            continue
        if narrow[at] == "*":
            steps = [(at + 1, places), (at, _read(wide, places, ""))]
        else:
            steps = [(at + 1, _read(wide, places, "" if narrow[at] == "?" else narrow[at]))]
        waiting += [step for step in steps if step not in seen]
        seen.update(steps)
    return True


def _read(pattern: str, places: frozenset[int], char: str) -> frozenset[int]:
    """Where one character leads; an empty one is a character that no pattern has."""
    found = {place for place in places if pattern[place : place + 1] == "*"}
    found |= {place + 1 for place in places if place < len(pattern) and pattern[place] in ("?", char)}
    return _skip_stars(pattern, frozenset(found))


def _skip_stars(pattern: str, places: frozenset[int]) -> frozenset[int]:
    found = set(places)
    for place in places:
        end = place
        while pattern[end : end + 1] == "*":
            end += 1
            found.add(end)
    return frozenset(found)


@cache
def overlaps(one: str, other: str) -> bool:
    """Whether some text fits both."""
    waiting = [(0, 0)]
    seen = set(waiting)
    while waiting:
        i, j = waiting.pop()
        if i == len(one) and j == len(other):
            return True
        a, b = one[i : i + 1], other[j : j + 1]
        steps: list[tuple[int, int]] = []
        if a == "*":
            steps += [(i + 1, j), *([(i, j + 1)] if b else [])]
        if b == "*":
            steps += [(i, j + 1), *([(i + 1, j)] if a else [])]
        if a and b and "*" not in (a, b) and (a == b or "?" in (a, b)):
            steps.append((i + 1, j + 1))
        waiting += [step for step in steps if step not in seen]
        seen.update(steps)
    return False


def narrowed(patterns: Sequence[str]) -> list[str]:
    """The patterns without those that another one covers."""
    kept: list[str] = []
    for pattern in dict.fromkeys(patterns):
        if not any(covers(other, pattern) for other in kept):
            kept = [*(other for other in kept if not covers(pattern, other)), pattern]
    return kept
