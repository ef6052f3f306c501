"""Tags and the patterns that match them."""

from __future__ import annotations

from collections.abc import Callable


def matcher(pattern: str) -> Callable[[str], bool]:
    """A test for tags, as Fluent Bit's ``Match``.

    ``*`` stands for any run of characters, also none; nothing else is special; case counts; both ends are anchored.
    """
    if pattern == "*":
        return lambda tag: True
    if "*" not in pattern:
        return lambda tag: tag == pattern
    first, *between, last = pattern.split("*")
    shortest = len(first) + len(last)

    def matches(tag: str) -> bool:
        # Senders choose tags, so the cost must not grow faster than their length, as it would with backtracking.
        if len(tag) < shortest or not tag.startswith(first) or not tag.endswith(last):
            return False
        position, end = len(first), len(tag) - len(last)
        for part in between:
            found = tag.find(part, position, end)
            if found < 0:
                return False
            position = found + len(part)
        return True

    return matches
