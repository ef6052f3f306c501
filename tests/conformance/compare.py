"""What the checks share."""

from __future__ import annotations

from typing import Any

Case = dict[str, Any]


class NotCoveredError(Exception):
    """This case needs something that is not built yet; the text names it."""


def differs(expected: object, got: object, what: str = "") -> str | None:
    """None if both are equal, else a text that shows them."""
    if expected == got:
        return None
    return f"{what + ': ' if what else ''}expected {expected!r}, got {got!r}"


def nanoseconds(case: Case) -> int:
    """The time of a case that has ``sec`` and ``nsec``."""
    return int(case["sec"]) * 1_000_000_000 + int(case["nsec"])


def value(described: Any) -> Any:
    """A value of a case, where a map is written as ``{"pairs": [[key, value], ...]}`` to keep order."""
    if isinstance(described, dict):
        return {key: value(member) for key, member in described["pairs"]}
    if isinstance(described, list):
        return [value(member) for member in described]
    return described
