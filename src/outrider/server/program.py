"""The running server: log, ledger, store, two listeners, and their order at start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import uvloop

from outrider.model.errors import LocalError, UserError
from outrider.server.adapters.chdb.store import ChdbStore
from outrider.server.api.agent import AgentApi
from outrider.server.clock import moment, wall
from outrider.server.control import Control
from outrider.server.ingest.committer import Committer, catch_up
from outrider.server.ingest.ledger import Ledger
from outrider.server.ingest.log import IngestLog
from outrider.server.listener import Listener, bind
from outrider.server.options import Options, certificate_names, make_directory
from outrider.server.web.app import portal

_log = logging.getLogger(__name__)
_TIDY_SECONDS = 600
_STORE_UP_SECONDS = 10
_DAY = 86_400
_STOPPED_AT_ONCE = 1
_START_TOKEN = "given out at start"


def run(options: Options) -> int:
    """Serve until SIGTERM or SIGINT; the exit status. A second signal ends the process at once, with status 1.

    Raises ``UserError`` and ``LocalError`` for what cannot start.
    """
    make_directory(options.data)
    with _only_one(options.data):
        return uvloop.run(_Server(options).run())


@contextlib.contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Hold the data directory's lock; the kernel lets go of it when the process ends, however it does."""
    try:
        file = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LocalError(
            f"cannot open {data / 'lock'}: {error.strerror}; it has to be a file that this user can write: remove it"
        ) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.read(file, 20).decode(errors="replace").strip() or "unknown"
            raise UserError(
                f"another server (process {pid}) works on {data}",
                fix="stop it, or choose another directory with --data",
            ) from error
        os.truncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(file)


class _Server:
    def __init__(self, options: Options) -> None:
        self._options = options
        names = certificate_names(options)
        self._sockets = bind(options.listen, "--listen"), bind(options.ingest, "--ingest")
        self._control = Control(options.data, wall)
        self._control.authority.ensure_server_certificate(names, moment(wall()))
        self._names = names

    async def run(self) -> int:
        options, control = self._options, self._control
        ledger = Ledger(options.data / "ledger.sqlite")
        log = IngestLog(options.data / "log", first=ledger.upto)
        if log.recovery.torn_bytes:
            _log.warning(
                "%d bytes of an unfinished write were set aside: %s", log.recovery.torn_bytes, log.recovery.aside
            )
        if found := catch_up(log, ledger):
            _log.info("%d batches of the log entered into the ledger", found)
        store = ChdbStore(options.data / "store", log.directory, options.keep_days, lambda *a: committer.stored(*a))
        committer = Committer(log, ledger, store.advance, options.log_waiting_bytes)
        store.advance(log.committed)
        people_socket, agents_socket = self._sockets
        agent_api = AgentApi(control, committer, options.heartbeat_seconds, options.ingest_url)
        agents = Listener(agent_api.app(), agents_socket, control.authority, agents=True)
        ingest = options.ingest_url or f"https://{_reachable(options.ingest.host, options.names)}:{agents.port}"
        web = portal(control, committer, store, options.heartbeat_seconds, ingest, secure=not options.http)
        people = Listener(web, people_socket, None if options.http else control.authority, agents=False)
        stopping = asyncio.Event()

        def on_signal() -> None:
            if stopping.is_set():
                _log.warning("stopped at once: what was taken is in the ingest log and stored after the next start")
                store.kill()
                # Not an exception: whatever makes the orderly end take long would be waited for all the same.
                os._exit(_STOPPED_AT_ONCE)
            stopping.set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, on_signal)
        async with asyncio.TaskGroup() as group:
            storing = group.create_task(store.run())
            committing = group.create_task(committer.run())
            listening = [group.create_task(listener.run_listener()) for listener in (agents, people)]
            tidying = group.create_task(self._tidy(committer, [agents, people]))
            await agents.wait_started()
            await people.wait_started()
            self._announce(people.port, ingest, await _came_up(store))
            await stopping.wait()
            _log.info("stopping: no new requests; what was taken is stored")
            tidying.cancel()
            for listener in (agents, people):
                listener.stop()
            for task in listening:
                await task
            committer.stop()
            await committing
            store.stop()
            await storing
        committer.close()
        control.close()
        return 0

    async def _tidy(self, committer: Committer, listeners: list[Listener]) -> None:
        """Old segments and ids go; the certificate is renewed before it ends."""
        authority = self._control.authority
        while True:
            try:
                await committer.tidy(wall(), self._options.log_keep_bytes)
                if authority.ensure_server_certificate(self._names, moment(wall())):
                    for listener in listeners:
                        listener.reload_certificate(authority)
                    _log.info("the server's certificate was renewed")
            except (OSError, sqlite3.Error) as error:
                _log.error("tidying up failed and is tried again later: %s", error)
            await asyncio.sleep(_TIDY_SECONDS)

    def _announce(self, people_port: int, ingest: str, store_up: bool) -> None:
        options, control = self._options, self._control
        scheme = "http" if options.http else "https"
        page = f"{scheme}://{_reachable(options.listen.host, options.names)}:{people_port}/"
        password = "" if control.users.any() else control.reset_password("first start", "admin")
        if not store_up:
            _log.warning("the store is not up yet; batches are taken and wait in the log")
        if options.ready_json:
            # Whoever started the server before has no more use for its token.
            control.revoke_api_tokens("start", _START_TOKEN)
            ready = {
                "page": page,
                "ingest": ingest,
                "token": str(control.create_token("start", _DAY)),
                "password": password,
                "api_token": control.create_api_token("start", _START_TOKEN),
                "ca": str(control.authority.ca_path),
                "data": str(options.data),
            }
            sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
        else:
            sys.stdout.write(
                f"page       {page}\n"
                f"agents     {ingest}\n"
                f"data       {options.data}\n"
                + (
                    f"login      admin / {password}   (shown this once; 'outrider server password' makes a new one)\n"
                    if password
                    else ""
                )
                + f"add hosts  outrider server token create --data {options.data}\n"
            )
        sys.stdout.flush()


async def _came_up(store: ChdbStore) -> bool:
    try:
        async with asyncio.timeout(_STORE_UP_SECONDS):
            await store.wait_settled()
    except TimeoutError:
        return False
    return store.state.up


def _reachable(host: str, names: Sequence[str]) -> str:
    """An address to type; where the server listens on all of them, the first name that it was given."""
    if host in ("0.0.0.0", "::"):
        host = names[0] if names else "127.0.0.1"
    return f"[{host}]" if ":" in host else host
