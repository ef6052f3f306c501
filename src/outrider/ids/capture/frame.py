"""What a capture holds."""

from __future__ import annotations

from typing import NamedTuple


class Frame(NamedTuple):
    """``number`` counts from 1; ``time`` in microseconds since 1970; ``link`` is the link type (1 is Ethernet)."""

    number: int
    time: int
    link: int
    data: bytes


class CaptureError(Exception):
    """A capture is damaged; what was read before it holds."""
