"""Several processes of one pipeline, so that it may use more than one core.

The first process reads and checks the configuration, binds the unix sockets and forks; TCP and UDP ports are shared by
the kernel (SO_REUSEPORT). It then only waits: it passes signals on, and forks anew what has died. Each process has a
spool of its own below ``storage.path`` (``process-0``, ``process-1`` …). Inputs that cannot be shared (``tail``,
``dummy`` …) run in the first process alone. The monitoring endpoint is that of the first one, which adds the others'
numbers to its own (``peers``).
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from outrider.model.errors import LocalError, UserError
from outrider.net.listen import SHARED
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.log import Log
from outrider.pipeline.operate.reload import Loader
from outrider.spool.chunkfile import SUFFIX

VARIABLE: Final = "OUTRIDER_PROCESS"
"""Set to the number of the process, for paths that must differ: ``store_dir /var/s3/${OUTRIDER_PROCESS}``."""
_DIRECTORY: Final = "process-"
_PR_SET_PDEATHSIG: Final = 1
_PASSED_ON: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
_MIN_LIFE: Final = 5.0
"""Seconds; a process that dies younger is started again only after a pause."""
_PAUSE: Final = 1.0

Run = Callable[[Configuration, build.Plan, Loader, "Links"], int]


class Links(Struct):
    """How the first process asks the others for their numbers: it has ``peers``, each other one has ``parent``."""

    peers: list[socket.socket] = field(default_factory=list)
    parent: socket.socket | None = None


def count(plan: build.Plan) -> int:
    """How many processes are wanted."""
    return plan.service.processes or os.cpu_count() or 1


def check(plan: build.Plan) -> None:
    """Raises UserError where plugins cannot run in several processes."""
    for item in plan.of_kind("output"):
        if not item.plugin.shared:
            raise UserError(
                f"output '{item.name}' cannot run in several processes", item.section.place, fix="set processes to 1"
            )


def part(plan: build.Plan, number: int) -> build.Plan:
    """What process ``number`` runs of a plan."""
    service = plan.service
    if service.storage_path:
        service = dataclasses.replace(service, storage_path=str(Path(service.storage_path) / f"{_DIRECTORY}{number}"))
    if number:
        service = dataclasses.replace(service, http_server=False)
    instances = [item for item in plan.instances if item.kind != "input" or not number or item.plugin.shared]
    return build.Plan(service, instances, plan.log, plan.library)


def gather(storage: Path, processes: int, log: Log) -> None:
    """Move what other numbers of processes have left to where it will be found. Raises LocalError."""
    wanted = {f"{_DIRECTORY}{number}" for number in range(processes)} if processes > 1 else set()
    home = storage / f"{_DIRECTORY}0" if processes > 1 else storage
    found = [*storage.glob(f"{_DIRECTORY}*/*/*{SUFFIX}")]
    if processes > 1:
        found += storage.glob(f"*/*{SUFFIX}")
    moved = 0
    for path in found:
        if path.relative_to(storage).parts[0] in wanted:
            continue
        try:
            target = home / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.rename(target)
        except OSError as error:
            raise LocalError(f"{path} cannot be moved to {home}: {error.strerror}") from error
        moved += 1
    if moved:
        log.info(f"{moved} chunks that another number of processes left were moved to {home}")


def run(configuration: Configuration, plan: build.Plan, loader: Loader, run_one: Run) -> int:
    """Run until the processes have ended; the worst exit status of them. Raises UserError or LocalError at first."""
    check(plan)
    number = count(plan)
    if plan.service.storage_path:
        gather(Path(plan.service.storage_path), number, plan.log)
    SHARED.bind(address for item in plan.of_kind("input") for address in item.plugin.unix_sockets())
    pairs = [socket.socketpair() for _ in range(number - 1)]

    def child(index: int) -> int:
        links = Links(parent=pairs[index - 1][1]) if index else Links(peers=[ours for ours, _ in pairs])
        os.environ[VARIABLE] = str(index)

        def part_of(new: Configuration) -> build.Plan:
            made = loader.plan(new)
            if count(made) != number:
                raise UserError(f"processes cannot be changed while {number} run", fix="restart instead of reloading")
            check(made)
            return part(made, index)

        return run_one(configuration, part_of(configuration), Loader(loader.load, part_of), links)

    try:
        return _Parent(number, child, plan.log).run()
    finally:
        SHARED.close()


class _Parent:
    """Forks, waits, passes signals on."""

    def __init__(self, number: int, child: Callable[[int], int], log: Log) -> None:
        self._child = child
        self._log = log
        self._running: dict[int, tuple[int, float]] = {}
        self._number = number
        self._pid = os.getpid()
        self._ending = False
        self._status = 0

    def run(self) -> int:
        watched = {*_PASSED_ON, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, watched)
        for index in range(self._number):
            self._fork(index)
        while self._running:
            number = signal.sigwait(watched)
            if number == signal.SIGCHLD:
                self._reap()
                continue
            self._ending = self._ending or number != signal.SIGHUP
            self._pass_on(number)
        return self._status

    def _end(self) -> None:
        """One has ended for good: so shall the others."""
        if not self._ending:
            self._ending = True
            self._pass_on(signal.SIGTERM)

    def _pass_on(self, number: int) -> None:
        for pid in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _fork(self, index: int) -> None:
        pid = os.fork()
        if pid:
            self._running[pid] = (index, time.monotonic())
            return
        status = 1
        try:
            self._end_with_parent()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {*_PASSED_ON, signal.SIGCHLD} - {signal.SIGHUP})
            status = self._child(index)
        except (UserError, LocalError) as error:
            self._log.error(f"process {index}: {error}")
        finally:
            os._exit(status)

    def _end_with_parent(self) -> None:
        """Nobody would watch a process whose parent was killed, and it would hold ports and spool: it ends in order."""
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != self._pid:
            os._exit(1)

    def _reap(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            index, began = self._running.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            young = time.monotonic() - began < _MIN_LIFE
            if self._ending or code == 0 or (young and code == 1):  # 1: what it was told cannot work
                if code != -signal.SIGTERM:  # which we sent, before it was ready to end in order
                    self._status = max(self._status, abs(code))
                self._end()
                continue
            self._log.error(f"process {index} has died (exit status {code}) and is started again")
            if young:
                time.sleep(_PAUSE)
            self._fork(index)
