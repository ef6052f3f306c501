"""All checks at once, each within its time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from outrider.doctor.check import AnyCheck
from outrider.doctor.verdict import Level, Line, Verdict, fail, skipped
from outrider.model.errors import OutriderError

_SLOW = "look at the network and the disks; --timeout gives more time to all checks together"


async def examine(checks: Sequence[AnyCheck], seconds: float) -> list[Line]:
    """A line for each check, in their order, after so many seconds at the latest."""
    loop = asyncio.get_running_loop()
    verdicts: dict[str, asyncio.Future[Verdict]] = {check.id: loop.create_future() for check in checks}
    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for check in checks:
                group.create_task(_settle(check, verdicts))
    except TimeoutError:
        pass  # who has no verdict did not come to an end
    late = fail(f"not done within {seconds:g} seconds", _SLOW)
    found = {name: future.result() if future.done() else late for name, future in verdicts.items()}
    return [Line(name, verdict.level, verdict.what, verdict.fix) for name, verdict in found.items()]


async def _settle(check: AnyCheck, verdicts: dict[str, asyncio.Future[Verdict]]) -> None:
    verdicts[check.id].set_result(await _verdict(check, verdicts))


async def _verdict(check: AnyCheck, verdicts: dict[str, asyncio.Future[Verdict]]) -> Verdict:
    why = check.idle()
    if why:
        return skipped(why)
    for name in check.needs:
        if (await asyncio.shield(verdicts[name])).level in (Level.FAIL, Level.SKIPPED):
            return skipped(f"{name} must work first")
    try:
        async with asyncio.timeout(check.seconds):
            seen = await check.look()
    except TimeoutError:
        return fail(f"no answer within {check.seconds:g} seconds", check.fix)
    except OutriderError as error:
        what, _, fix = str(error).partition("; fix: ")
        return fail(what, getattr(error, "fix", "") or fix or check.fix)
    return check.judge(seen)
