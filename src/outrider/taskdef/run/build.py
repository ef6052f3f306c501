"""From a container's plan to what runs: sidecars as our own processes, applications in Docker or as processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from outrider.model.errors import LocalError, UserError
from outrider.taskdef.firelens import container_environment, driver_options
from outrider.taskdef.run.container import Container
from outrider.taskdef.run.docker.container import DockerContainer, options
from outrider.taskdef.run.docker.engine import Engine, EngineError
from outrider.taskdef.run.docker.images import local_image
from outrider.taskdef.run.driver.pipes import Driver, Settings
from outrider.taskdef.run.health import Check
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.plan import Planned, Role
from outrider.taskdef.run.process.child import Guard
from outrider.taskdef.run.process.container import FileLog, ProcessContainer
from outrider.taskdef.run.ready import Door, open_doors
from outrider.taskdef.run.voice import HeardDriver, Voice
from outrider.taskdef.run.workspace import AGENT_PORT, MONITOR_PORT, Workspace, launcher_command, outrider_command
from outrider.taskdef.shape import TaskDefinition

Backend: TypeAlias = Literal["auto", "docker", "process"]
Say: TypeAlias = Callable[[str, str], None]
"""Gets a container's name and a line: what it printed, or what a user should know of it."""


@dataclass(frozen=True, slots=True)
class Builder:
    """``engine`` is None where Docker does not answer or is not wanted.

    Where it answers, an image that cannot be had is an error: its command, written for a container, would run on the
    bare machine with the rights of whoever called. ``harmless`` says that the caller knows the commands and permits it.
    ``images`` names local images for containers; ``print_line`` gets the output of what does not log to the router, and
    of applications if ``show_output``. ``told`` has the variables that ECS sets in a container; its own ones win.
    ``heard`` gets each line of a container that does not log to the router, for whoever plays its log driver.
    """

    task: TaskDefinition
    identity: Identity
    revision: int
    workspace: Workspace
    guard: Guard
    engine: Engine | None
    harmless: bool
    images: Mapping[str, str]
    pull_seconds: float
    note: Say
    print_line: Say
    show_output: bool
    told: Callable[[str], Mapping[str, str]] = lambda name: {}
    heard: Callable[[str, str], None] = lambda name, line: None
    _voices: dict[str, Voice] = field(default_factory=dict)

    async def build(self, planned: Planned) -> Container:
        """The container, not yet started. Raises UserError or LocalError."""
        if planned.role is Role.ROUTER:
            return self._sidecar(planned, self._router_words(planned), self._router_variables(planned))
        if planned.role is Role.AGENT:
            return self._sidecar(planned, self._agent_words(planned), self._agent_variables(planned))
        if self.engine is not None:
            try:
                return await self._in_docker(self.engine, planned)
            except (LocalError, EngineError) as error:
                if not self.harmless:
                    raise UserError(
                        f"container '{planned.name}': {error}",
                        fix=f"docker pull it, or name a local image: --image {planned.name}=LOCAL, "
                        "or say --backend process to run its command as a plain process of this machine",
                    ) from error
                self.note(planned.name, f"{error}; running it as a plain process")
        return self._as_process(planned)

    async def ready(self, planned: Planned) -> None:
        """Return when a sidecar listens where the others expect it."""
        await open_doors(self._doors(planned))

    def ports(self, planned: Planned) -> str:
        """Where an application's ports are, as the end of a report."""
        mappings = planned.definition.get("portMappings") or ()
        ports = ", ".join(str(mapping["containerPort"]) for mapping in mappings if "containerPort" in mapping)
        if ports and "," not in ports:
            ports = planned.environment.get("PORT", ports)  # who lets the port be chosen calls it so
        return f", port {ports} of this machine" if ports and planned.role is Role.APPLICATION else ""

    def last_words(self, name: str) -> str:
        """What a container printed last, as the end of a message."""
        voice = self._voices.get(name)
        return voice.last_words if voice else ""

    def _doors(self, planned: Planned) -> list[Door]:
        if planned.role is Role.ROUTER:
            return [self.workspace.layout.socket]
        variables, words = self._agent_variables(planned), self._agent_words(planned)
        listen = _option(words, "--listen") or variables["OUTRIDER_LISTEN"]
        port = _option(words, "--port") or variables.get("OUTRIDER_SYSLOG_PORT") or str(AGENT_PORT)
        if not port.isdecimal() or not 0 < int(port) < 65536:
            port = str(AGENT_PORT)  # the agent itself refuses it and says why; until then nobody listens anywhere
        return [(listen, int(port))]

    def _voice(self, planned: Planned) -> Voice:
        name = planned.name

        def on_line(line: str) -> None:
            if not planned.logs_to_router:
                self.heard(name, line)
            if self.show_output or not planned.logs_to_router:
                self.print_line(name, line)

        self._voices[name] = Voice(on_line)
        return self._voices[name]

    def _router_words(self, planned: Planned) -> list[str]:
        monitor = {"HTTP_Server": "On", "HTTP_Listen": self.identity.address, "HTTP_Port": str(MONITOR_PORT)}
        extra = [word for key, value in monitor.items() for word in ("-s", key, value)]
        return self.workspace.layout.router_command(
            planned.words("entryPoint"), planned.words("command"), launcher_command(), extra
        )

    def _router_variables(self, planned: Planned) -> dict[str, str]:
        """The definition's variables, and those of the task, which it would ask ECS for."""
        here = self.workspace.layout.here
        own = {name: here(value) for name, value in planned.environment.items()}
        task = self.identity.variables(str(self.task.get("family")), self.revision)
        return {**task, **self.told(planned.name), **own}

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

    def _agent_variables(self, planned: Planned) -> dict[str, str]:
        """What the agent is told. The definition's own variables win; 127.0.0.1 in them is this machine's server."""
        family = str(self.task.get("family"))
        return {
            "OUTRIDER_STATE": str(self.workspace.agent_state),
            "OUTRIDER_LISTEN": self.identity.address,
            "OUTRIDER_NAME": self.identity.host_name(family),
            "OUTRIDER_TASK": f"{family}/{self.identity.task_id}",
            **self.told(planned.name),
            **planned.environment,
        }

    def _sidecar(self, planned: Planned, words: list[str], environment: dict[str, str]) -> Container:
        return ProcessContainer(words, environment, self._file_log(planned), self.guard, None, self._say(planned))

    def _file_log(self, planned: Planned) -> FileLog:
        return FileLog(self.workspace.log_file(planned.name), self._voice(planned).line)

    def _environment(self, planned: Planned) -> dict[str, str]:
        own = {**self.told(planned.name), **planned.environment}
        if not planned.logs_to_router:
            return own
        here = self.workspace.layout.here
        return own | {name: here(value) for name, value in container_environment("awsvpc").items()}

    def _log_options(self, planned: Planned) -> dict[str, str] | None:
        if not planned.logs_to_router:
            return None
        return driver_options(
            planned.name,
            self.identity.arn,
            (planned.definition.get("logConfiguration") or {}).get("options") or {},
            host_data_dir=self.workspace.state,
            docker_version=self.engine.version if self.engine else "",
        )

    async def _in_docker(self, engine: Engine, planned: Planned) -> Container:
        image = self.images.get(planned.name) or planned.image
        if not image:
            raise LocalError("it has no image")
        image = await local_image(engine, image, self._say(planned), self.pull_seconds)
        body = options(
            planned, image, self._environment(planned), self._log_options(planned), self._volumes(planned.definition)
        )
        return DockerContainer(engine, self._docker_name(planned), body, self.guard, self._voice(planned).line)

    def _docker_name(self, planned: Planned) -> str:
        return self.identity.container_name(str(self.task.get("family")), self.revision, planned.name)

    def _volumes(self, definition: Mapping[str, Any]) -> list[str]:
        """Bind mounts for ``mountPoints``: the host's folder where the volume names one, else one of the task's."""
        sources = {
            volume.get("name"): (volume.get("host") or {}).get("sourcePath")
            for volume in self.task.get("volumes") or ()
        }
        found = []
        for mount in definition.get("mountPoints") or ():
            name = mount.get("sourceVolume")
            source = sources.get(name)
            if not source:
                folder = self.workspace.directory / "volumes" / Path(str(name)).name
                folder.mkdir(parents=True, exist_ok=True)
                source = str(folder)
            found.append(f"{source}:{mount.get('containerPath')}" + (":ro" if mount.get("readOnly") else ""))
        return found

    def _as_process(self, planned: Planned) -> Container:
        words = [*planned.words("entryPoint"), *planned.words("command")]
        if not words:
            raise UserError(
                f"container '{planned.name}' has no command, and its image's is known to Docker only",
                fix="add a command, or start Docker",
            )
        for member in ("mountPoints", "volumesFrom", "user", "workingDirectory"):
            if planned.definition.get(member):
                self.note(planned.name, f"{member} means nothing to a plain process; ignored")
        log_options = self._log_options(planned)
        log: Driver | FileLog
        if log_options is None:
            log = self._file_log(planned)
        else:
            name = f"/{self._docker_name(planned)}"
            container_id = self.identity.container_id(planned.name)
            log = HeardDriver(Settings.parse(log_options), container_id, name, self._voice(planned))
        return ProcessContainer(
            words, self._environment(planned), log, self.guard, Check.of(planned.definition), self._say(planned)
        )

    def _say(self, planned: Planned) -> Callable[[str], None]:
        return lambda line: self.note(planned.name, line)


def _option(words: Sequence[str], name: str) -> str:
    """The value of an option of a command line, empty if it is not there."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""
