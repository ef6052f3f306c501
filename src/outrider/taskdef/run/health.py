"""Health checks of a task definition, as Docker runs them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outrider.model.errors import UserError


@dataclass(frozen=True)
class Check:
    """``words`` is the command; times in seconds. The defaults are those of ECS."""

    words: tuple[str, ...]
    interval: float = 30
    timeout: float = 5
    retries: int = 3
    start_period: float = 0

    @classmethod
    def of(cls, container: Mapping[str, Any]) -> Check | None:
        """The ``healthCheck`` of a container, None if it has none or says ``NONE``. Raises UserError."""
        found = container.get("healthCheck")
        if not found or found.get("command") in (None, ["NONE"]):
            return None
        kind, *words = found["command"]
        if kind not in ("CMD", "CMD-SHELL") or not words:
            raise UserError(
                f"the healthCheck of '{container['name']}' begins with '{kind}'",
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


async def passes(check: Check, probe: Callable[[Sequence[str]], Awaitable[int]]) -> bool:
    """Probe until one probe exits 0 (True) or ``retries`` in a row after the start period have not (False).

    The first probe comes at once rather than after an interval, since somebody is waiting for it.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    failures = 0
    while failures < check.retries:
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(check.timeout):
                if await probe(check.words) == 0:
                    return True
        failures += loop.time() - started >= check.start_period
        if failures < check.retries:
            await asyncio.sleep(min(check.interval, 1) if failures == 0 else check.interval)
    return False
