"""What the log router and the agent are told: their words and variables, as processes and in Docker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outrider.model.errors import UserError
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.local import LAUNCHERS
from outrider.taskdef.run.network import TaskNetwork
from outrider.taskdef.run.plan import Planned, Role
from outrider.taskdef.run.ready import Door
from outrider.taskdef.run.workspace import AGENT_PORT, MONITOR_PORT, Workspace, launcher_command, outrider_command


@dataclass(frozen=True, slots=True)
class Sidecars:
    """Those of one task."""

    identity: Identity
    family: str
    revision: int
    workspace: Workspace
    network: TaskNetwork

    def words(self, planned: Planned) -> list[str]:
        """The command line of a sidecar that runs as a process, up to the network's entry. Raises UserError."""
        own = self._agent_words(planned) if planned.is_agent else self._router_words(planned)
        return [*self.network.entry, *own]

    def entry_point(self, planned: Planned) -> list[str] | None:
        """In Docker: the launcher of a router with what it shall set besides; None for the definition's own."""
        own = planned.words("entryPoint")
        if planned.role is not Role.ROUTER or not own or own[0] not in LAUNCHERS:
            return None
        return [own[0], *self._monitor(), *own[1:]]

    def variables(self, planned: Planned, *, in_docker: bool) -> dict[str, str]:
        """What a sidecar is told besides its own variables, which win."""
        found = self.identity.variables(self.family, self.revision) if planned.role is Role.ROUTER else {}
        if planned.is_agent:
            found["OUTRIDER_NAME"] = self.identity.host_name(self.family)
            found["OUTRIDER_TASK"] = f"{self.family}/{self.identity.task_id}"
        if planned.is_agent and not in_docker:
            found["OUTRIDER_STATE"] = str(self.workspace.agent_state)
            found["OUTRIDER_LISTEN"] = self.network.inside
        return found

    def doors(self, planned: Planned, variables: Mapping[str, str]) -> list[Door]:
        """Where others expect it to listen."""
        if planned.role is Role.ROUTER:
            return [self.workspace.layout.socket]
        words = [*planned.words("entryPoint"), *planned.words("command")]
        listen = _option(words, "--listen") or variables.get("OUTRIDER_LISTEN") or self.network.inside
        port = _option(words, "--port") or variables.get("OUTRIDER_SYSLOG_PORT") or str(AGENT_PORT)
        if not port.isdecimal() or not 0 < int(port) < 65536:
            port = str(AGENT_PORT)  # the agent itself refuses it and says why; until then nobody listens anywhere
        return [(self.workspace.layout.here(listen), int(port))]

    def _monitor(self) -> list[str]:
        """The launcher's words that let the router's monitor be seen from this machine."""
        monitor = {"HTTP_Server": "On", "HTTP_Listen": self.network.outside, "HTTP_Port": str(MONITOR_PORT)}
        return [word for key, value in monitor.items() for word in ("-s", key, value)]

    def _router_words(self, planned: Planned) -> list[str]:
        entry_point, command = planned.words("entryPoint"), planned.words("command")
        return self.workspace.layout.router_command(entry_point, command, launcher_command(), self._monitor())

    def _agent_words(self, planned: Planned) -> list[str]:
        entry_point, command = planned.words("entryPoint"), planned.words("command")
        if not entry_point:
            entry_point = ["outrider", "agent"]
        if entry_point[0].rpartition("/")[2] != "outrider":
            raise UserError(
                f"the agent '{planned.name}' has the entryPoint '{entry_point[0]}', which is not on this machine",
                fix="remove its entryPoint: an agent is played by outrider agent here",
            )
        return [*outrider_command(), *map(self.workspace.layout.here, entry_point[1:] + command)]


def _option(words: Sequence[str], name: str) -> str:
    """The value of an option of a command line, empty if it is not there."""
    for word, following in zip(words, (*words, "")[1:], strict=True):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""
