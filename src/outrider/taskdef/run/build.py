"""From a container's plan to what runs: a container in Docker, or a process of this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outrider.model.errors import LocalError, UserError
from outrider.taskdef.firelens import SocketOwner, binds, container_environment, driver_options, socket_owner
from outrider.taskdef.firelens.options import DRIVER
from outrider.taskdef.run.container import Container
from outrider.taskdef.run.docker.container import DockerContainer
from outrider.taskdef.run.docker.engine import Engine, EngineError
from outrider.taskdef.run.docker.frames import LineCounter
from outrider.taskdef.run.docker.images import local_image
from outrider.taskdef.run.docker.listening import FILES, all_open
from outrider.taskdef.run.docker.options import Surroundings, options
from outrider.taskdef.run.docker.volumes import Volume, volumes_of
from outrider.taskdef.run.driver.pipes import Driver, Settings
from outrider.taskdef.run.health import Check
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.imitation import not_for_a_process
from outrider.taskdef.run.plan import Planned, Role
from outrider.taskdef.run.process.child import Guard
from outrider.taskdef.run.process.container import FileLog, ProcessContainer
from outrider.taskdef.run.ready import Door, open_doors
from outrider.taskdef.run.setting import Say, Setting
from outrider.taskdef.run.sidecar import Sidecars
from outrider.taskdef.run.voice import HeardDriver, Voice
from outrider.taskdef.run.workspace import Workspace
from outrider.taskdef.shape import TaskDefinition
from outrider.taskdef.view import Task

DEFAULT_STATE = "/var/lib/outrider"
"""The agent's folder in its image."""
_LOOK_SECONDS = 0.1


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
    setting: Setting
    harmless: bool
    images: Mapping[str, str]
    pull_seconds: float
    note: Say
    print_line: Say
    show_output: bool
    told: Callable[[str], Mapping[str, str]] = lambda name: {}
    heard: Callable[[str, str], None] = lambda name, line: None
    _voices: dict[str, Voice] = field(default_factory=dict)
    _fetching: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def build(self, planned: Planned) -> Container:
        """The container, not yet started. Raises UserError or LocalError."""
        if planned.role is not Role.APPLICATION and planned.name not in self.setting.sidecars_in_docker:
            return self._sidecar(planned)
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
        doors = self._sidecars.doors(planned, self._environment(planned))
        if self.engine is None or not self.setting.network.holder:
            await open_doors(doors)
            return
        while not await self._listens(self.engine, doors):  # noqa: ASYNC110 - a network tells nobody
            await asyncio.sleep(_LOOK_SECONDS)

    def ports(self, planned: Planned) -> str:
        """Where a container's ports are, as the end of a report."""
        published = self.setting.network.published.get(planned.name)
        if published:
            return f", at {', '.join(published)}"
        mappings = planned.definition.get("portMappings") or ()
        ports = ", ".join(str(mapping["containerPort"]) for mapping in mappings if "containerPort" in mapping)
        if ports and "," not in ports:
            ports = planned.environment.get("PORT", ports)  # who lets the port be chosen calls it so
        return f", port {ports} of this machine" if ports and planned.role is Role.APPLICATION else ""

    def last_words(self, name: str) -> str:
        """What a container printed last, as the end of a message."""
        voice = self._voices.get(name)
        return voice.last_words if voice else ""

    @property
    def volumes(self) -> dict[str, Volume]:
        """The task's volumes in Docker, by name."""
        return volumes_of(self.task, self.identity)

    @property
    def _sidecars(self) -> Sidecars:
        return Sidecars(
            self.identity, str(self.task.get("family")), self.revision, self.workspace, self.setting.network
        )

    async def _listens(self, engine: Engine, doors: Sequence[Door]) -> bool:
        """Look into the task's network, for which this machine need not be able to enter it."""
        text = bytearray()
        counter = LineCounter(lambda line: text.extend(line.encode() + b"\n"))
        counter.feed(await engine.run_inside(self.setting.network.holder, ("cat", *FILES)))
        sockets = {self.workspace.layout.socket, "/var/run/fluent.sock", "/run/fluent.sock"}
        return all_open(text.decode(), doors, sockets)

    def _voice(self, planned: Planned) -> Voice:
        name = planned.name

        def on_line(line: str) -> None:
            if not planned.logs_to_router:
                self.heard(name, line)
            if self.show_output or not planned.logs_to_router:
                self.print_line(name, line)

        self._voices[name] = Voice(on_line)
        return self._voices[name]

    def _environment(self, planned: Planned) -> dict[str, str]:
        in_docker = planned.name in self.setting.sidecars_in_docker
        own = {**self.told(planned.name), **planned.environment}
        here = self.workspace.layout.here
        if planned.role is not Role.APPLICATION:
            as_it_is = in_docker or planned.is_agent  # 127.0.0.1 in an agent's variables is this machine's server
            own = own if as_it_is else {name: here(value) for name, value in own.items()}
            return {**self._sidecars.variables(planned, in_docker=in_docker), **own}
        if not planned.logs_to_router:
            return own
        return own | {name: here(value) for name, value in container_environment(self.setting.mode).items()}

    # --- in Docker

    async def _in_docker(self, engine: Engine, planned: Planned) -> Container:
        image = self.images.get(planned.name) or planned.image
        if not image:
            raise LocalError("it has no image")
        async with self._fetching:  # one image may serve several containers
            image = await local_image(engine, image, self._say(planned), self.pull_seconds)
        whole = Task(self.task)
        held = {
            "task": f"container:{self.setting.network.holder}" if self.setting.network.holder else "",
            "host": "host",
        }
        around = Surroundings(
            network=self.setting.network.docker_mode,
            log=self._log_config(planned),
            binds=self._binds(planned),
            volumes_from=self._volumes_from(planned),
            memory=whole.units("memory") or 0,
            cpu=whole.units("cpu") or 0,
            pid_mode=held.get(str(self.task.get("pidMode")), ""),
            ipc_mode=held.get(str(self.task.get("ipcMode")), str(self.task.get("ipcMode") or "")),
            entry_point=self._sidecars.entry_point(planned),
        )
        environment = self._environment(planned)
        status = f"{environment.get('OUTRIDER_STATE', DEFAULT_STATE)}/status.json"
        return DockerContainer(
            engine,
            self._docker_name(planned.name),
            options(planned, image, environment, around),
            self.guard,
            *self._heard_in_docker(planned),
            {status: self.workspace.agent_state} if planned.is_agent else {},
        )

    def _heard_in_docker(self, planned: Planned) -> tuple[Callable[[str], None], Callable[[], None]]:
        """What gets its lines, which are kept as those of a process are, and what is called when it is gone."""
        voice = self._voice(planned)
        if planned.logs_to_router:
            return voice.line, lambda: None
        file = self.workspace.log_file(planned.name).open("a", encoding="utf-8")

        def on_line(line: str) -> None:
            file.write(f"{line}\n")
            voice.line(line)

        return on_line, file.close

    def _docker_name(self, name: str) -> str:
        return self.identity.container_name(str(self.task.get("family")), self.revision, name)

    def _log_config(self, planned: Planned) -> dict[str, Any]:
        """Docker's LogConfig. A driver that this Docker has not got is replaced by its own log files, and told."""
        log = planned.definition.get("logConfiguration") or {}
        driver = log.get("logDriver") or "json-file"
        if planned.logs_to_router:
            return {"Type": "fluentd", "Config": self._driver_options(planned)}
        if driver == "awslogs" or driver not in self.setting.log_drivers:
            if driver != "awslogs":
                self.note(planned.name, f"the log driver {driver} is not on this machine; what it prints is shown here")
            return {"Type": "json-file"}
        secret = [str(option.get("name")) for option in log.get("secretOptions") or ()]
        missing = [name for name in secret if name not in planned.log_secrets]
        if missing:
            raise UserError(
                f"the log driver of '{planned.name}' gets {', '.join(missing)} from a secret, which only ECS can fetch",
                fix=f"give values to use here: --secrets FILE with {planned.name}:{missing[0]}=VALUE",
            )
        return {"Type": driver, "Config": {**(log.get("options") or {}), **planned.log_secrets}}

    def _driver_options(self, planned: Planned) -> dict[str, str]:
        return driver_options(
            planned.name,
            self.identity.arn,
            (planned.definition.get("logConfiguration") or {}).get("options") or {},
            host_data_dir=self.workspace.state,
            docker_version=self.engine.version if self.engine else "",
        )

    def _binds(self, planned: Planned) -> list[str]:
        """Mounts for ``mountPoints``, and those that ECS gives a router."""
        definition = planned.definition
        found = []
        if planned.role is Role.ROUTER:
            router = definition["firelensConfiguration"]
            self._give_socket(socket_owner(planned.definition.get("user"), os.getgid()))
            found = binds(router["type"], router.get("options") or {}, self.identity.task_id, self.workspace.state)
        for mount in definition.get("mountPoints") or ():
            volume = self.volumes.get(str(mount.get("sourceVolume")))
            if volume is None:
                raise UserError(
                    f"'{planned.name}' mounts '{mount.get('sourceVolume')}', which is no volume of this task",
                    found=str(mount.get("sourceVolume")),
                    allowed=sorted(self.volumes),
                )
            found.append(f"{volume.source}:{mount.get('containerPath')}" + (":ro" if mount.get("readOnly") else ""))
        return found

    def _give_socket(self, owner: SocketOwner | None) -> None:
        folder = os.path.dirname(self.workspace.layout.socket)
        if owner is None:
            return
        if os.geteuid() == 0:
            os.chown(folder, owner.uid, owner.gid)
        else:
            os.chmod(folder, 0o777)

    def _volumes_from(self, planned: Planned) -> list[str]:
        found = []
        roles = {p["name"]: p for p in self.task["containerDefinitions"]}
        for source in planned.definition.get("volumesFrom") or ():
            name = str(source.get("sourceContainer"))
            if name in roles:
                found.append(self._docker_name(name) + (":ro" if source.get("readOnly") else ""))
        return found

    # --- as processes

    def _sidecar(self, planned: Planned) -> Container:
        words, environment = self._sidecars.words(planned), self._environment(planned)
        ignored = not_for_a_process(planned)
        if ignored:
            self.note(planned.name, f"it runs as a process, to which {', '.join(ignored)} mean nothing; ignored")
        return ProcessContainer(words, environment, self._file_log(planned), self.guard, None, self._say(planned))

    def _file_log(self, planned: Planned) -> FileLog:
        return FileLog(self.workspace.log_file(planned.name), self._voice(planned).line)

    def _as_process(self, planned: Planned) -> Container:
        words = [*planned.words("entryPoint"), *planned.words("command")]
        if not words:
            raise UserError(
                f"container '{planned.name}' has no command, and its image's is known to Docker only",
                fix="add a command, or start Docker",
            )
        ignored = not_for_a_process(planned)
        if ignored:
            self.note(planned.name, f"{', '.join(ignored)} mean nothing to a plain process; ignored")
        driver = (planned.definition.get("logConfiguration") or {}).get("logDriver")
        if driver not in (None, DRIVER, "awslogs", "json-file", "local", "none"):
            self.note(planned.name, f"the log driver {driver} is Docker's; what it prints is shown here")
        log: Driver | FileLog
        if planned.logs_to_router:
            name = f"/{self._docker_name(planned.name)}"
            settings = Settings.parse(self._driver_options(planned))
            log = HeardDriver(settings, self.identity.container_id(planned.name), name, self._voice(planned))
        else:
            log = self._file_log(planned)
        return ProcessContainer(
            words, self._environment(planned), log, self.guard, Check.of(planned.definition), self._say(planned)
        )

    def _say(self, planned: Planned) -> Callable[[str], None]:
        return lambda line: self.note(planned.name, line)
