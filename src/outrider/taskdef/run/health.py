"""Health checks of a task definition, as Docker runs them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from outrider.model.errors import Place, UserError


class Health(Enum):
    """What ECS tells of a container's health. Without a health check it stays UNKNOWN."""

    UNKNOWN = "UNKNOWN"
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"


@dataclass(frozen=True)
class Check:
    """``words`` is the command; times in seconds. The defaults are those of ECS."""

    words: tuple[str, ...]
    interval: float = 30
    timeout: float = 5
    retries: int = 3
    start_period: float = 0

    @classmethod
    def of(cls, container: Mapping[str, Any], place: Place | None = None) -> Check | None:
        """The ``healthCheck`` of a container, None if it has none or says ``NONE``. Raises UserError at ``place``."""
        found = container.get("healthCheck")
        if not found or found.get("command") in (None, ["NONE"]):
            return None
        kind, *words = found["command"] or [""]
        if kind not in ("CMD", "CMD-SHELL") or not words:
            raise UserError(
                f"the healthCheck of '{container['name']}' begins with '{kind}'",
                place,
                found=str(kind),
                allowed=("CMD", "CMD-SHELL", "NONE"),
            )
        return cls(
            ("/bin/sh", "-c", *words) if kind == "CMD-SHELL" else tuple(words),
            float(found.get("interval") or cls.interval),
            float(found.get("timeout") or cls.timeout),
            int(found.get("retries") or cls.retries),
            float(found.get("startPeriod") or cls.start_period),
        )


async def watch(
    check: Check, probe: Callable[[Sequence[str]], Awaitable[int]], changed: Callable[[Health], None]
) -> None:
    """Probe for ever, and tell each change: HEALTHY with a probe that exits 0, UNHEALTHY after ``retries`` others.

    Failures in the start period do not count before the first success. The first probe comes at once rather than after
    an interval, since somebody may be waiting for it.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    known, failures = Health.UNKNOWN, 0
    while True:
        if await _passes(check, probe):
            failures, found = 0, Health.HEALTHY
        else:
            failures += known is not Health.UNKNOWN or loop.time() - started >= check.start_period
            found = Health.UNHEALTHY if failures >= check.retries else known
        if found is not known:
            known = found
            changed(known)
        waiting = known is Health.UNKNOWN and failures == 0
        await asyncio.sleep(min(check.interval, 1) if waiting else check.interval)


async def _passes(check: Check, probe: Callable[[Sequence[str]], Awaitable[int]]) -> bool:
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(check.timeout):
            return await probe(check.words) == 0
    return False
