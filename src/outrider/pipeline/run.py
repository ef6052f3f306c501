"""A pipeline as a process: event loop, signals, monitoring."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal

import uvloop

from outrider.model.errors import LocalError
from outrider.pipeline import build
from outrider.pipeline.engine import Engine
from outrider.pipeline.log import Log


def run(plan: build.Plan) -> int:
    """Run until SIGTERM, SIGINT or SIGQUIT; returns 0. Raises UserError or LocalError when it cannot start."""
    engine = build.engine(plan)
    tune_process()
    uvloop.run(_main(engine, plan))
    return 0


def tune_process() -> None:
    """Settle the process for large batches; to be called once, when everything is imported.

    Records are trees without cycles: what the collector could find was made at start, so collections are rare. Freed
    megabytes stay in the process: to get their pages anew for each chunk costs more than formatting it (``mallopt`` of
    glibc, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD; other C libraries are left as they are).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version"):
        for parameter in (-3, -1):
            library.mallopt(parameter, 64 << 20)


async def _main(engine: Engine, plan: build.Plan) -> None:
    stop_on_signals(engine, plan.log)
    if not plan.service.http_server:
        await engine.run()
        return
    from outrider.pipeline import monitor  # the HTTP server costs memory: only where it is asked for

    try:
        async with monitor.serving(engine, plan.service):
            await engine.run()
    except OSError as error:
        raise LocalError(f"monitoring endpoint: {error.strerror or error}") from error


def stop_on_signals(engine: Engine, log: Log) -> None:
    """SIGTERM, SIGINT and SIGQUIT drain and end; a second one ends at once. SIGHUP changes nothing."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        loop.add_signal_handler(number, _stop, engine, log, number)
    loop.add_signal_handler(signal.SIGHUP, log.warn, "SIGHUP: reloading is not supported; fix: restart the process")


def _stop(engine: Engine, log: Log, number: signal.Signals) -> None:
    log.info(f"caught signal ({signal.Signals(number).name})")
    if engine.stopping:
        log.error("stopped at once; what only memory held is lost")
        os._exit(1)
    engine.stop()
