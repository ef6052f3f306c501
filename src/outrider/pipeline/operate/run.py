"""A pipeline as a process: event loop, signals, monitoring."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import gc
import os
import resource
import signal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import uvloop

from outrider.formats.regex import Reports
from outrider.model.errors import LocalError, OutriderError
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.log import Log
from outrider.pipeline.operate import processes
from outrider.pipeline.operate.reload import Exchangeable, Loader
from outrider.spool.disk import Locks

_DESCRIPTORS_MAX: Final = 1 << 20
_DESCRIPTORS_SECONDS: Final = 5.0


class Companion(Protocol):
    """What a program does beside its pipeline, which runs in one process then."""

    async def beside(self, pipeline: Exchangeable) -> None:
        """Run until it is cancelled, which is when the pipeline has ended."""

    async def after(self, pipeline: Exchangeable) -> None:
        """Called at last, unless the pipeline has failed."""


def run(configuration: Configuration, plan: build.Plan, loader: Loader, companion: Companion | None = None) -> int:
    """Run until SIGTERM, SIGINT or SIGQUIT; returns the exit status.

    Raises UserError or LocalError when it cannot start.
    """
    locks = Locks(plan.log.warn)
    try:
        if plan.service.storage_path:
            # Several processes have one of the whole, too: what is gathered must be no other router's.
            locks.hold(plan.service.storage_path, wait=True)
        if processes.count(plan) > 1:
            gc.enable()
            return processes.run(configuration, plan, loader, partial(_run_one, locks))
        if plan.service.storage_path:
            processes.gather(Path(plan.service.storage_path), 1, plan.log)
        return _run_one(locks, configuration, plan, loader, processes.Links(), companion)
    finally:
        locks.release()


def _run_one(
    locks: Locks,
    configuration: Configuration,
    plan: build.Plan,
    loader: Loader,
    links: processes.Links,
    companion: Companion | None = None,
) -> int:
    if plan.service.storage_path:
        locks.hold(plan.service.storage_path)
    pipeline = Exchangeable(configuration, plan, loader, plan.log, locks)
    tune_process()
    allow_descriptors()
    Reports.tell = staticmethod(plan.log.warn)
    uvloop.run(_main(pipeline, plan.log, links, companion))
    return 0


def tune_process() -> None:
    """Settle the process for large batches; to be called once, when everything is imported.

    Records are trees without cycles: what the collector could find was made at start, so collections are rare, and
    nothing of the start is looked through: that takes a tenth of its time, and frees next to nothing. Freed
    megabytes stay in the process: to get their pages anew for each chunk costs more than formatting it (``mallopt`` of
    glibc, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD; other C libraries are left as they are).
    """
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    gc.enable()
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version"):
        for parameter in (-3, -1):
            library.mallopt(parameter, 64 << 20)


def allow_descriptors() -> None:
    """Raise the number of files and sockets that may be open at once, as far as this process may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS_MAX if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def warn_of_descriptors(log: Log) -> None:
    """Say that no more files and sockets can be opened: the event loop turns peers away without a word then."""
    try:
        os.close(os.dup(2))
    except OSError as error:
        if error.errno != errno.EMFILE:
            return  # standard error is closed, which is no lack
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        log.warn(
            f"too many open files: all {most} descriptors are in use, and connections are turned away; fix: raise the"
            " hard limit (ulimit -n, LimitNOFILE, or nofile of the task definition)"
        )


async def _watch_descriptors(log: Log) -> None:
    while True:
        await asyncio.sleep(_DESCRIPTORS_SECONDS)
        warn_of_descriptors(log)


async def _main(pipeline: Exchangeable, log: Log, links: processes.Links, companion: Companion | None) -> None:
    stop_on_signals(pipeline, log, pipeline.reload)
    failure: OutriderError | None = None
    async with asyncio.TaskGroup() as group:
        beside = [group.create_task(_watch_descriptors(log))]
        if links.parent:
            beside.append(group.create_task(_tell(pipeline, links.parent)))
        if companion:
            beside.append(group.create_task(companion.beside(pipeline)))
        try:
            await _monitored(pipeline, log, links)
        except OutriderError as error:
            failure = error  # leaves the group before it is raised: groups wrap what is raised inside
        for task in beside:
            task.cancel()
    if failure is not None:
        raise failure
    if companion:
        await companion.after(pipeline)


async def _tell(pipeline: Exchangeable, parent: socket.socket) -> None:
    from outrider.pipeline.operate import peers

    await peers.answer(parent, peers.Teller(pipeline).own)


async def _monitored(pipeline: Exchangeable, log: Log, links: processes.Links) -> None:
    if not pipeline.service.http_server:
        await pipeline.run()
        return
    from outrider.pipeline.operate import monitor, peers  # the HTTP server costs memory: only where it is asked for

    teller, others = peers.Teller(pipeline), peers.Peers(links.peers)
    try:
        async with monitor.serving(pipeline, lambda: others.all_numbers(teller.own()), log.child("monitoring")):
            await pipeline.run()
    except OSError as error:
        service = pipeline.service
        address = f"{service.http_listen}:{service.http_port}"
        fix = "free the port, or set another HTTP_Port (or HTTP_Listen) in [SERVICE]"
        raise LocalError(f"monitoring endpoint: cannot listen on {address}: {_reason(error)}; fix: {fix}") from error


def _reason(error: OSError) -> str:
    """asyncio writes the address into its texts."""
    return os.strerror(error.errno) if error.errno else str(error)


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
    why = "SIGHUP: reloading is not supported; fix: restart the process"
    hang_up = reload or partial(log.warn, why)
    loop.add_signal_handler(signal.SIGHUP, hang_up)
    if signal.SIGHUP in signal.sigpending():  # it came during the start, when it was blocked
        signal.sigwait({signal.SIGHUP})
        loop.call_soon(hang_up)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


def _stop(pipeline: Stoppable, log: Log, number: signal.Signals) -> None:
    log.info(f"caught signal ({signal.Signals(number).name})")
    if pipeline.stopping:
        log.error("stopped at once; what only memory held is lost")
        os._exit(1)
    pipeline.stop()
