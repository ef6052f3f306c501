"""A pipeline as a process: event loop, signals, monitoring."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
from collections.abc import Callable
from typing import Protocol

import uvloop

from outrider.model.errors import LocalError
from outrider.pipeline import build
from outrider.pipeline.configuration import Configuration
from outrider.pipeline.log import Log
from outrider.pipeline.reload import Exchangeable, Loader


def run(configuration: Configuration, plan: build.Plan, loader: Loader) -> int:
    """Run until SIGTERM, SIGINT or SIGQUIT; returns 0. Raises UserError or LocalError when it cannot start."""
    pipeline = Exchangeable(configuration, plan, loader, plan.log)
    tune_process()
    uvloop.run(_main(pipeline, plan.log))
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


async def _main(pipeline: Exchangeable, log: Log) -> None:
    stop_on_signals(pipeline, log, pipeline.reload)
    if not pipeline.service.http_server:
        await pipeline.run()
        return
    from outrider.pipeline import monitor  # the HTTP server costs memory: only where it is asked for

    try:
        async with monitor.serving(pipeline):
            await pipeline.run()
    except OSError as error:
        raise LocalError(f"monitoring endpoint: {error.strerror or error}") from error


class Stoppable(Protocol):
    """An engine, or what runs one after the other."""

    @property
    def stopping(self) -> bool: ...
    def stop(self) -> None: ...


def stop_on_signals(pipeline: Stoppable, log: Log, reload: Callable[[], object] | None = None) -> None:
    """SIGTERM, SIGINT and SIGQUIT drain and end; a second one ends at once. SIGHUP reloads, where that is possible."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        loop.add_signal_handler(number, _stop, pipeline, log, number)
    if reload is not None:
        loop.add_signal_handler(signal.SIGHUP, reload)
        return
    loop.add_signal_handler(signal.SIGHUP, log.warn, "SIGHUP: reloading is not supported; fix: restart the process")


def _stop(pipeline: Stoppable, log: Log, number: signal.Signals) -> None:
    log.info(f"caught signal ({signal.Signals(number).name})")
    if pipeline.stopping:
        log.error("stopped at once; what only memory held is lost")
        os._exit(1)
    pipeline.stop()
