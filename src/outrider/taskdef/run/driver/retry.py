"""How long Docker's driver waits before it reconnects: 0, 1, 1, 2, 3, 5, 7, 11, 17, 25, 38, 57, 60, 60 … seconds."""

from __future__ import annotations

CAP = 60
_CAPPED_FROM = 12


def seconds_before(retry: int) -> int:
    """Seconds to wait before retry ``retry`` (the first is 0): int(1.5^(retry-1)), at most 60."""
    return CAP if retry >= _CAPPED_FROM else int(1.5 ** (retry - 1))
