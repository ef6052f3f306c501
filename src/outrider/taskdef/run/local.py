"""From a container's file system and network to this machine: which local file or address stands for what. Pure.

The sidecars run as processes here, so what the task definition and the generated configuration say about paths inside
their containers, and about 127.0.0.1, is rewritten; applications keep their own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from outrider.taskdef.firelens.options import EXTERNAL

LAUNCHERS = ("/var/outrider/lib/fluent-bit/fluent-launch", "/var/alertlogic/lib/fluent-bit/fluent-launch")
"""Where the agents' images have the launcher: ours and the one whose documents we follow."""
_LAUNCHED = tuple(f"{path.rpartition('/')[0]}/fluent-bit.conf" for path in LAUNCHERS)
ROUTER_PROGRAM = "/fluent-bit/bin/fluent-bit"
ROUTER_CONFIG = "/fluent-bit/etc/fluent-bit.conf"
_LOOPBACK = re.compile(r"(?<![\w.:])(?:127\.0\.0\.1|localhost)(?![\w.-])")


@dataclass(frozen=True, slots=True)
class Layout:
    """The task's files on this machine, as absolute paths without blanks, and its loopback address.

    ``config`` is the generated configuration, ``launched`` what the launcher makes of it, ``socket`` the router's unix
    socket, ``program`` runs the router.
    """

    address: str
    config: str
    launched: str
    socket: str
    program: str

    @property
    def external(self) -> str:
        """The router's configuration from S3."""
        return f"{self.config.rpartition('/')[0]}/external.conf"

    def here(self, text: str) -> str:
        """``text`` with each known path and loopback address of the container replaced by what stands for it here."""
        for path, local in self._paths().items():
            text = local.join(re.split(rf"(?<![\w./-]){re.escape(path)}(?![\w./-])", text))
        return _LOOPBACK.sub(self.address, text)

    def _paths(self) -> Mapping[str, str]:
        return {
            "/var/run/fluent.sock": self.socket,
            "/run/fluent.sock": self.socket,
            ROUTER_PROGRAM: self.program,
            ROUTER_CONFIG: self.config,
            EXTERNAL["fluentbit"]: self.external,
            **dict.fromkeys(_LAUNCHED, self.launched),
        }

    def router_command(
        self, entry_point: list[str], command: list[str], launcher: list[str], extra: list[str]
    ) -> list[str]:
        """The command line of the router.

        With the launcher as entry point it is the launcher's, told where program and configurations are here and given
        ``extra`` of its own arguments; the task's own come last, so they win. Without it the image's habit counts:
        the router with the task's ``command``, or with ``-c`` and the generated configuration.
        """
        if entry_point and entry_point[0] in LAUNCHERS:
            own = ["-r", self.program, "-c", self.config, "-m", self.launched, *extra]
            return [*launcher, *own, *map(self.here, entry_point[1:] + command)]
        words = [*entry_point[1:], *command] if entry_point else command
        if not words or entry_point == ["/entrypoint.sh"]:
            words = ["-c", ROUTER_CONFIG]
        return [self.program, *map(self.here, words)]
