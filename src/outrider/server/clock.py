"""The server's clock, passed to whatever needs the time so that tests can set it."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], int]
"""Now, in ns since the epoch."""

wall: Clock = time.time_ns


def moment(ns: int) -> datetime.datetime:
    """The same as an aware datetime in UTC, to the microsecond."""
    return datetime.datetime.fromtimestamp(ns / 10**9, datetime.UTC)
