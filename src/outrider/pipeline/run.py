"""A pipeline as a process: event loop, signals, monitoring."""

from __future__ import annotations

import asyncio
import gc
import signal

import uvloop

from outrider.model.errors import LocalError, OutriderError
from outrider.pipeline import build
from outrider.pipeline.engine import Engine


def run(plan: build.Plan) -> int:
    """Run until SIGTERM, SIGINT or SIGQUIT; returns 0. Raises UserError or LocalError when it cannot start."""
    engine = build.engine(plan)
    # Records are trees without cycles: what the collector would find is made at start. Full collections of large
    # batches cost a tenth of the CPU, so they are rare.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    try:
        uvloop.run(_main(engine, plan))
    except* OutriderError as group:
        raise group.exceptions[0] from None
    return 0


async def _main(engine: Engine, plan: build.Plan) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        loop.add_signal_handler(number, _stop, engine, plan, number)
    if not plan.service.http_server:
        await engine.run()
        return
    from outrider.pipeline import monitor  # the HTTP server costs memory: only where it is asked for

    try:
        async with monitor.serving(engine, plan.service):
            await engine.run()
    except OSError as error:
        raise LocalError(f"monitoring endpoint: {error.strerror or error}") from error


def _stop(engine: Engine, plan: build.Plan, number: signal.Signals) -> None:
    plan.log.info(f"caught signal ({signal.Signals(number).name})")
    engine.stop()
