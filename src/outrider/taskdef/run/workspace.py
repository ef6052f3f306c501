"""The folders and files of one task on this machine, laid out as the ECS agent lays them out.

``<state>/data/firelens/<task id>/config/fluent.conf`` and ``…/socket/fluent.sock`` are as in ECS; beside them: ``bin/``
(the router's program), ``logs/`` (what the sidecars print) and ``agent/`` (the agent's state).
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outrider.model.errors import LocalError, UserError
from outrider.taskdef.firelens.driver import task_directory
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.local import Layout

SOCKET_PATH_MAX = 100
"""Bytes that a unix socket's path may have here; Linux takes 107."""
MONITOR_PORT = 2020
AGENT_PORT = 1514
_PORTS = {
    24224: "the router",
    8877: "the router's health check",
    AGENT_PORT: "the agent",
    MONITOR_PORT: "the router's monitor",
}


def outrider_command() -> list[str]:
    """The words that run this installation's ``outrider``."""
    beside = Path(sys.executable).with_name("outrider")
    return (
        [str(beside)]
        if beside.exists()
        else [sys.executable, "-c", "import sys; from outrider.cli import main; sys.exit(main())"]
    )


def launcher_command() -> list[str]:
    """The words that run this installation's launcher."""
    return [sys.executable, "-m", "outrider.launcher"]


@dataclass(frozen=True, slots=True)
class Workspace:
    """``state`` is ECS's host data directory, by a path short enough for a socket; ``directory`` is the task's own."""

    state: str
    directory: Path
    layout: Layout
    _link: Path | None
    _temporary: Path | None

    @classmethod
    def make(cls, state: Path | None, identity: Identity, address: str) -> Workspace:
        """Make the folders, under a temporary one if ``state`` is None. Raises UserError or LocalError.

        ``address`` is what stands for 127.0.0.1 in what the sidecars are told.
        """
        temporary = link = None
        try:
            if state is None:
                state = temporary = Path(tempfile.mkdtemp(prefix="outrider-", dir="/tmp"))
            state = state.absolute()
            name = str(state)
            if any(c.isspace() for c in name):
                raise UserError(f"the folder '{name}' has a blank in its name", fix="choose another one with --state")
            state.mkdir(parents=True, exist_ok=True)
            if len(os.fsencode(_socket(name, identity))) > SOCKET_PATH_MAX:
                link = Path(tempfile.mkdtemp(prefix="outrider-", dir="/tmp"))
                (link / "s").symlink_to(state)
                name = str(link / "s")
            directory = Path(task_directory(identity.arn, name))
            for folder in ("config", "socket", "bin", "logs", "agent"):
                (directory / folder).mkdir(parents=True)
        except OSError as error:
            raise LocalError(
                f"cannot make the task's folders in {state}: {error.strerror}; fix: name another folder with --state"
            ) from error
        layout = Layout(
            address=address,
            config=str(directory / "config" / "fluent.conf"),
            launched=str(directory / "config" / "launched.conf"),
            socket=_socket(name, identity),
            program=str(directory / "bin" / "fluent-bit"),
        )
        return cls(name, directory, layout, link, temporary)

    def write(self, configuration: str, router: list[str], *, for_container: bool = False) -> None:
        """Write the router's configuration, which the generator made for a container, and its program."""
        text = configuration if for_container else self.layout.here(configuration)
        Path(self.layout.config).write_text(text, "utf-8", "surrogateescape")
        program = Path(self.layout.program)
        program.write_text(f'#!/bin/sh\nexec {shlex.join(router)} "$@"\n', "utf-8")
        program.chmod(0o755)

    def log_file(self, container: str) -> Path:
        """Where a container's output goes that does not go to the router."""
        return self.directory / "logs" / f"{container}.log"

    @property
    def agent_state(self) -> Path:
        """The agent's own folder."""
        return self.directory / "agent"

    def agent_status(self) -> dict[str, Any]:
        """What the agent last said of itself: ``accepted``, ``delivered``, ``buffered``, ``pipeline``; else empty."""
        try:
            found = json.loads((self.agent_state / "status.json").read_bytes())
        except FileNotFoundError:
            return {}
        assert isinstance(found, dict)
        return found

    @property
    def temporary(self) -> list[Path]:
        """Folders that nobody needs after the run."""
        return [folder for folder in (self._link, self._temporary) if folder is not None]


def _socket(state: str, identity: Identity) -> str:
    return f"{task_directory(identity.arn, state)}/socket/fluent.sock"


def require_ports(address: str) -> None:
    """See that nobody has the ports of the task's sidecars. Raises UserError naming the port and whose it is to be."""
    for port, owner in _PORTS.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise LocalError(f"cannot listen on {address}:{port}: {error.strerror}") from error
                raise UserError(
                    f"port {port} ({owner}) is taken on {address}: another program listens there or on every address",
                    fix=f"stop it; 'ss -ltnp sport = :{port}' shows which it is",
                ) from error
