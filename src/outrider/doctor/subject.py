"""What is looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from outrider.aws.local import TASK_VARIABLE
from outrider.doctor.router import Router
from outrider.model.errors import UserError
from outrider.net.uplink import Identity

GENERATED: Final = "/fluent-bit/etc/fluent-bit.conf"
"""Where ECS puts the configuration that it generates, in the router's container only."""
SOCKET: Final = "/var/run/fluent.sock"
"""Where the router's socket is in its container."""


@dataclass(frozen=True)
class Subject:
    """A task or a host, as the agent's settings and the command line name its parts.

    ``server`` is the address for agents and ``token`` the text of the join token; either may be empty. ``faults`` say
    why the agent would refuse its settings. ``router`` is the router's configuration, where there is one. ``root`` is
    where /proc, /sys and /etc are.
    """

    server: str = ""
    token: str = field(repr=False, default="")
    name: str = "doctor"
    state: Path = Path("/var/lib/outrider")
    listen: str = "127.0.0.1"
    port: int = 1514
    faults: tuple[UserError, ...] = ()
    router: Router | None = None
    socket: str = SOCKET
    environment: Mapping[str, str] = field(default_factory=dict)
    root: Path = Path("/")

    @property
    def identity(self) -> Identity:
        """What enrolment has left."""
        return Identity(self.state / "identity")

    @cached_property
    def enrolled(self) -> bool:
        """Whether the agent has an identity, as far as this user may see it."""
        try:
            return self.identity.complete
        except OSError:
            return False

    @cached_property
    def has_agent(self) -> bool:
        """Whether an agent is set up here, as far as settings and files tell."""
        return bool(self.server or self.token or os.path.lexists(self.state))

    @property
    def in_task(self) -> bool:
        """Whether this is a container of a task on ECS."""
        return bool(self.environment.get(TASK_VARIABLE))

    @property
    def is_router(self) -> bool:
        """Whether this is the log router's container."""
        return (self.root / GENERATED.lstrip("/")).exists()

    @property
    def host(self) -> str:
        """The server's name."""
        return urlsplit(self.server).hostname or ""

    @property
    def server_port(self) -> int:
        """The server's port."""
        return urlsplit(self.server).port or 443

    @property
    def no_server(self) -> str:
        """Why there is no server to look at; empty: there is one."""
        if not self.server:
            return "no server is known: --server or OUTRIDER_SERVER names it"
        return "" if self.host else f"'{self.server}' is no address of a server"

    @property
    def no_agent(self) -> str:
        """Why there is no agent to look at; empty: there is one."""
        if self.has_agent:
            return ""
        return f"no agent is set up here: neither OUTRIDER_SERVER, nor OUTRIDER_TOKEN, nor {self.state}"

    def text(self, path: str) -> str:
        """What a file of the system says; empty where there is none or it cannot be read."""
        try:
            return (self.root / path.lstrip("/")).read_text("utf-8", "replace")
        except OSError:
            return ""
