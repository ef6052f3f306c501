"""When to try again. Source: Fluent Bit's scheduler (full jitter between base and an exponential bound)."""

from __future__ import annotations

from collections.abc import Callable


def wait_seconds(attempt: int, base: int, cap: int, pick: Callable[[int, int], int]) -> int:
    """Seconds to wait before retry number ``attempt`` (from 1); ``pick(a, b)`` draws an integer from a to b."""
    low, high = wait_bounds(attempt, base, cap)
    return pick(low, high)


def wait_bounds(attempt: int, base: int, cap: int) -> tuple[int, int]:
    """The shortest and the longest wait, in seconds."""
    bound = min(cap, base * 2 ** min(attempt, 32))
    return base + 1, max(base, bound) + 1
