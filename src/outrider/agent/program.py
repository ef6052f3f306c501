"""An agent as a process: the pipeline runs at once; enrolment and heartbeats go on beside it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from pathlib import Path
from typing import IO

from outrider.agent import health
from outrider.agent.enrol import enrol
from outrider.agent.settings import Settings
from outrider.agent.source import Source
from outrider.formats.kernel import capabilities
from outrider.model.errors import LocalError, PeerError, UserError
from outrider.net.uplink import Client, Identity
from outrider.pipeline.engine import Engine
from outrider.pipeline.log import LEVELS, Log, Sink
from outrider.pipeline.operate import run as operate
from outrider.pipeline.operate.reload import Exchangeable
from outrider.protocols.uplink import (
    HEARTBEAT_PATH,
    HeartbeatAnswer,
    Problem,
    Refusal,
    decode_message,
    encode_message,
)

FIRST_HEARTBEAT = 10
RETRY_SECONDS = (1, 2, 5, 10, 30, 60)
REFUSED_RETRY_SECONDS = 300
STATUS_SECONDS = 1.0
_SEND_TIMEOUT = 15.0
_GOODBYE_TIMEOUT = 2.0


def run(settings: Settings) -> int:
    """Run until SIGTERM, SIGINT or SIGQUIT; returns 0. Raises UserError or LocalError when it cannot start."""
    log = Log(Sink(level=LEVELS.get(settings.log_level, LEVELS["info"])), "agent")
    identity = Identity(settings.identity)
    if not identity.complete and settings.token is None:
        raise UserError(
            f"there is no identity in {settings.identity} and no join token",
            fix="set OUTRIDER_TOKEN (or KEY) and OUTRIDER_SERVER",
        )
    if not identity.complete and not settings.server:
        raise UserError("the server is not known", fix="set OUTRIDER_SERVER to its agents' address, https://HOST:8444")
    if identity.complete:
        identity.context()
    lock = _lock(settings.state)
    try:
        source = Source(settings, log)
        configuration, plan = source.first()
        return operate.run(configuration, plan, source.loader, _Agent(settings, log))
    finally:
        lock.close()


def _lock(state: Path) -> IO[str]:
    """The state directory, held by this process alone."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = open(state / "lock", "w", encoding="utf-8")  # noqa: SIM115 - held open for as long as the process runs
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"another agent uses {state}", fix="stop it, or give this one its own --state directory"
        ) from None
    except OSError as error:
        raise LocalError(
            f"the state directory {state} cannot be used: {error.strerror}; fix: OUTRIDER_STATE names a writable one"
        ) from error
    return file


class _Agent:
    """What an agent does beside its pipeline: it enrols, beats, and writes its status."""

    def __init__(self, settings: Settings, log: Log) -> None:
        self._settings = settings
        self._log = log
        self._identity = Identity(settings.identity)
        self._problems: list[Problem] = []
        self._started = time.monotonic()
        self._status: object = None
        self._capabilities = capabilities(Path("/proc/self/status").read_text())

    async def beside(self, pipeline: Exchangeable) -> None:
        """See Companion."""
        for line in health.functions(self._capabilities, self._settings.port, self._settings.config):
            self._log.info(line)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_contact(pipeline))
                group.create_task(self._keep_status(pipeline))
        finally:
            self._write_status(pipeline.engine)

    async def after(self, pipeline: Exchangeable) -> None:
        """See Companion. The last heartbeat: the server then knows an end in order from one that is a fault."""
        if not self._identity.complete:
            return
        uptime = time.monotonic() - self._started
        message = health.heartbeat(pipeline.engine, uptime, self._capabilities, self._problems)
        message.stopping = True
        try:
            client = Client(self._identity.server, self._identity.context(), _GOODBYE_TIMEOUT)
            try:
                await client.post(HEARTBEAT_PATH, encode_message(message))
            finally:
                await client.close()
        except (PeerError, LocalError) as error:
            self._log.warn(f"the server did not hear of this stop: {error}")

    async def _keep_contact(self, pipeline: Exchangeable) -> None:
        """Enrol, then beat, whatever happens; the pipeline goes on collecting meanwhile."""
        attempt = 0
        while not self._identity.complete:
            try:
                answer = await enrol(self._settings, self._capabilities)
                self._log.info(f"enrolled as {answer.host_id} at {self._settings.server}")
                self._problems = []
            except (PeerError, LocalError) as error:
                wait = self._enrolment_failed(error, attempt, pipeline.engine)
                attempt += 1
                await asyncio.sleep(wait)
        client = Client(self._identity.server, self._identity.context(), _SEND_TIMEOUT)
        try:
            seconds = 0
            while True:
                await asyncio.sleep(seconds)
                seconds = await self._beat(client, pipeline.engine)
        finally:
            await client.close()

    def _enrolment_failed(self, error: PeerError | LocalError, attempt: int, engine: Engine) -> int:
        fix = self._fix(error)
        self._problems = [Problem(f"not enrolled: {error}", fix, "error")]
        final = isinstance(error, Refusal) and not error.retry
        wait = REFUSED_RETRY_SECONDS if final else RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
        advice = f"; fix: {fix}" if fix else ""
        self._log.error(f"not enrolled: {error}{advice}; records are kept in the spool; next try in {wait} seconds")
        self._write_status(engine)
        return wait

    def _fix(self, error: PeerError | LocalError) -> str:
        """What the error says to do; of a server that does not answer, what can be looked at."""
        reach = f"see that an Outrider server runs at {self._settings.server} and that this machine reaches it"
        return getattr(error, "fix", "") or ("" if isinstance(error, LocalError) else reach)

    async def _beat(self, client: Client, engine: Engine) -> int:
        uptime = time.monotonic() - self._started
        message = health.heartbeat(engine, uptime, self._capabilities, self._problems)
        try:
            answer = decode_message(HeartbeatAnswer, await client.post(HEARTBEAT_PATH, encode_message(message)))
        except PeerError as error:
            self._problems = [Problem(f"the server does not hear this agent: {error}", self._fix(error))]
            self._log.warn(f"heartbeat failed: {error}")
            return FIRST_HEARTBEAT
        self._problems = []
        return answer.heartbeat_seconds

    async def _keep_status(self, pipeline: Exchangeable) -> None:
        while True:
            self._write_status(pipeline.engine)
            await asyncio.sleep(STATUS_SECONDS)

    def _write_status(self, engine: Engine) -> None:
        address = (self._settings.listen, self._settings.port)
        content = health.status(engine, self._problems, self._identity.complete, address)
        if content == self._status:
            return
        try:
            health.write_status(self._settings.status, content)
            self._status = content
        except OSError as error:
            self._log.warn(f"cannot write {self._settings.status}: {error.strerror or os.strerror(error.errno or 0)}")
