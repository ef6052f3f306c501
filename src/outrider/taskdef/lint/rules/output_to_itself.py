"""A router that sends to itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.firelens.render import PORT, SOCKET
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import is_set, outputs, path_of
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_SELF: Final = frozenset({"127.0.0.1", "localhost", "::1", "[::1]", "0.0.0.0"})
_PORTS: Final = frozenset({"", "0", PORT})
"""Its default too."""


class OutputToItself(Rule):
    """A forward output to the router's own port or socket."""

    id = "output-to-itself"
    level: ClassVar[Level] = "error"
    why = "The router receives what it sends, sends it again, and grows until it is killed."
    fix = "remove the output; a container whose logs go to the router's own outputs needs no options"
    url = "https://github.com/aws-samples/amazon-ecs-firelens-examples/issues/29"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for output in outputs(task):
            if output.plugin != "forward" or is_set(output, "upstream"):
                continue
            socket = output.text("unix_path")
            host = output.text("host").lower() or "127.0.0.1"
            port = output.text("port")
            listens = task.network_mode not in ("host", "none") and not task.is_open("networkMode")
            if socket == SOCKET or (not socket and listens and host in _SELF and port in _PORTS):
                told = f"{output.owner} forwards to {socket or f'{host}:{PORT}'}, which is the log router itself"
                yield Hit(path_of(output.where), told)
