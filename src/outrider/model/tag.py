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


def covers(pattern: str, tags: str) -> bool:
    """Whether every tag that fits the pattern ``tags`` fits ``pattern`` too."""
    # A character that no pattern has in its place fits only where any text does.
    return matcher(pattern)(tags.replace("*", "\0"))


def overlaps(pattern: str, tags: str) -> bool:
    """Whether some tag fits both patterns."""
    if "*" not in pattern:
        return matcher(tags)(pattern)
    if "*" not in tags:
        return matcher(pattern)(tags)
    # What stands between the first and the last star can follow each other; only the ends must agree.
    heads = pattern.partition("*")[0], tags.partition("*")[0]
    tails = pattern.rpartition("*")[2], tags.rpartition("*")[2]
    return (heads[0].startswith(heads[1]) or heads[1].startswith(heads[0])) and (
        tails[0].endswith(tails[1]) or tails[1].endswith(tails[0])
    )
