"""One run of a task definition, from its file to its outcome."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outrider.model.errors import LocalError, UserError
from outrider.net.files import ConfigurationFiles
from outrider.taskdef.firelens import Runtime, render
from outrider.taskdef.run.build import Builder
from outrider.taskdef.run.docker.engine import DEFAULT_SOCKET, Engine, socket_path
from outrider.taskdef.run.docker.images import PULL_SECONDS
from outrider.taskdef.run.docker.volumes import made
from outrider.taskdef.run.ending import Report
from outrider.taskdef.run.given import Secrets, environment_file
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.imitation import not_imitated
from outrider.taskdef.run.local import Layout
from outrider.taskdef.run.local_aws import Beside, LocalAws, local_aws
from outrider.taskdef.run.metadata import Network, Running, metadata_of, metadata_variables
from outrider.taskdef.run.network import TaskNetwork, Wanted
from outrider.taskdef.run.plan import Planned, Role, plan
from outrider.taskdef.run.process.child import Guard
from outrider.taskdef.run.runner import Runner
from outrider.taskdef.run.setting import Backend, Say, setting_of
from outrider.taskdef.run.workspace import MONITOR_PORT, Workspace, outrider_command, require_ports
from outrider.taskdef.shape import Locate
from outrider.taskdef.source import TaskSource

NO_DOCKER = "Docker does not answer, so the application containers run as plain processes"


@dataclass(frozen=True)
class Wishes:
    """What the user asked for.

    ``images`` names a local image for a container; ``environment`` holds variables: container to name to value.
    ``state`` is kept after the run, None is a temporary folder. An image may take ``pull_seconds`` to come.
    ``identity`` may be known beforehand; ``router`` are the words that run the router. ``harmless``: where Docker
    answers but has not got an image, its command may run as a plain process of this machine. ``show_output``: what
    applications print goes to ``Reports.line`` too. ``local_aws``: a stand-in for AWS runs beside the task, and its
    outputs go there. ``network`` is where the containers are to be, ``sidecars`` where router and agent run.
    ``secrets`` and ``files`` (texts by their ARN in S3) stand for what only ECS can fetch.
    """

    backend: Backend = "auto"
    images: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    state: Path | None = None
    pull_seconds: float = PULL_SECONDS
    identity: Identity = field(default_factory=Identity.new)
    router: list[str] = field(default_factory=lambda: [*outrider_command(), "route"])
    harmless: bool = False
    show_output: bool = False
    local_aws: bool = False
    network: Wanted = "auto"
    sidecars: Backend = "auto"
    secrets: Secrets = field(default_factory=Secrets)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reports:
    """Where news goes: ``change`` of a container's state, ``note`` on one, ``line`` that one printed."""

    change: Report
    note: Say
    line: Say


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task that is ready to run: ``runner.run()`` runs it. ``aws`` is the stand-in beside it, if there is one."""

    identity: Identity
    family: str
    revision: int
    workspace: Workspace
    runner: Runner
    backend: str
    network: TaskNetwork
    aws: LocalAws | None = None

    @property
    def monitor(self) -> str:
        """Address of the router's monitor while it runs."""
        return f"http://{self.network.outside}:{MONITOR_PORT}"

    @property
    def host_name(self) -> str:
        """The name by which the task's agent enrols."""
        return self.identity.host_name(self.family)

    def docker_name(self, container: str) -> str:
        """What the container's records call it, without the leading slash."""
        return self.identity.container_name(self.family, self.revision, container)

    def outcome(self) -> dict[str, Any]:
        """What happened, for ``--json``. The agent's own count of records is there if it had begun to count."""
        agent = self.workspace.agent_status()
        counts = {name: agent[name] for name in ("accepted", "delivered", "buffered") if name in agent}
        return {
            "task": self.identity.arn,
            "address": self.network.outside,
            "backend": self.backend,
            "status": self.runner.status,
            "reason": self.runner.reason,
            "agent": counts,
            "containers": [
                {
                    "name": cell.planned.name,
                    "role": cell.planned.role.value,
                    "backend": cell.container.backend if cell.container else None,
                    "status": cell.status,
                    "lines": cell.container.lines if cell.container else 0,
                    "dropped": cell.container.dropped if cell.container else None,
                }
                for cell in self.runner.cells.values()
            ],
        }


@asynccontextmanager
async def prepare(
    source: TaskSource,
    wishes: Wishes,
    reports: Reports,
    applications_ended: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> AsyncIterator[TaskRun]:
    """Check the task, make its folders and its configuration; on leaving, remove what is temporary.

    Raises UserError for what cannot run and LocalError for what this machine does not allow.
    """
    task = source.task
    variables = {arn: environment_file(text) for arn, text in wishes.files.items()}
    planned = plan(task, wishes.environment, source.place, wishes.secrets, variables)
    names = [p.name for p in planned]
    for name in wishes.images:
        if name not in names:
            raise UserError(f"--image names '{name}', which is no container", found=name, allowed=names)
    revision = task.get("revision") or 1
    identity = wishes.identity
    async with AsyncExitStack() as stack:
        engine = await _engine(stack, wishes.backend, reports)
        guard = await Guard.start(engine.path if engine else DEFAULT_SOCKET)
        stack.push_async_callback(guard.close)
        setting = await stack.enter_async_context(setting_of(engine, guard, task, planned, wishes, reports.note))
        network = setting.network
        for name, text in not_imitated(task, shared=bool(network.holder), keys=wishes.local_aws):
            reports.note(name, text)
        if not network.holder and any(p.role is not Role.APPLICATION for p in planned):
            require_ports(network.inside)
        workspace = Workspace.make(wishes.state, identity, network.inside)
        for folder in workspace.temporary:
            guard.hold("folder", str(folder))
        aws = None
        if wishes.local_aws:
            environment = next((p.environment for p in planned if p.role is Role.ROUTER), {})
            store = workspace.directory / "s3"
            beside = Beside(identity, guard, setting.address, setting.peers, store, reports.note)
            aws = await stack.enter_async_context(local_aws(task, environment, beside))
        for router in [p for p in planned if p.role is Role.ROUTER]:
            runtime = Runtime(identity.cluster, identity.arn, revision)
            if router.name not in setting.sidecars_in_docker:
                require_included(router, workspace.layout, source.place)
            external = _external(router, wishes.files, source.place)
            if external is not None:
                Path(workspace.layout.external).write_text(external, "utf-8")  # noqa: ASYNC240 - a few kilobytes
            definition = {**(aws.definition if aws else task), "networkMode": setting.mode}
            text = render(definition, runtime, source.place)
            workspace.write(text, wishes.router, for_container=router.name in setting.sidecars_in_docker)
        told: dict[str, Mapping[str, str]] = {}
        builder = Builder(
            task=task,
            identity=identity,
            revision=revision,
            workspace=workspace,
            guard=guard,
            engine=engine,
            setting=setting,
            harmless=wishes.harmless,
            images=wishes.images,
            pull_seconds=wishes.pull_seconds,
            note=reports.note,
            print_line=reports.line,
            show_output=wishes.show_output,
            told=lambda name: told.get(name, {}),
            heard=aws.line if aws else lambda name, line: None,
        )
        if engine is not None:
            await stack.enter_async_context(
                made(engine, guard, builder.volumes, lambda line: reports.note("", line), source.place)
            )
        runner = Runner(
            planned,
            builder.build,
            reports.change,
            applications_ended,
            builder.ready,
            builder.last_words,
            builder.ports,
        )
        running = Running(task, identity, revision, runner, engine, Network(network.outside))
        base = await stack.enter_async_context(metadata_of(running, setting.address, setting.admits, reports.note))
        shared = aws.variables if aws else {}
        told.update({name: {**shared, **metadata_variables(base, identity.task_id, name)} for name in names})
        family = str(task.get("family"))
        yield TaskRun(identity, family, revision, workspace, runner, "docker" if engine else "process", network, aws)


def require_included(router: Planned, layout: Layout, locate: Locate) -> None:
    """See that the file a router includes is on this machine, where it runs as a process. Raises UserError."""
    wanted = router.definition["firelensConfiguration"].get("options") or {}
    path = layout.here(str(wanted.get("config-file-value")))
    if wanted.get("config-file-type") != "file" or not path.startswith("/") or "*" in path:
        return
    if ConfigurationFiles().identity(path) is None:
        raise UserError(
            f"the router '{router.name}' includes {path}, which is in its image, and it runs as a process here",
            locate(("containerDefinitions",)),
            fix="run the router in Docker (docker pull its image, or --image CONTAINER=LOCAL), or put the file at that"
            " path of this machine",
        )


def _external(router: Planned, files: Mapping[str, str], locate: Locate) -> str | None:
    """The text of the configuration that the router has in S3, None if it has none. Raises UserError."""
    wanted = router.definition["firelensConfiguration"].get("options") or {}
    if wanted.get("config-file-type") != "s3":
        return None
    arn = str(wanted.get("config-file-value"))
    if arn not in files:
        raise UserError(
            f"the router '{router.name}' gets {arn}, which only ECS can fetch",
            locate(("containerDefinitions",)),
            fix=f"give a file to use here: --file {arn}=PATH",
        )
    return files[arn]


async def _engine(stack: AsyncExitStack, backend: Backend, reports: Reports) -> Engine | None:
    """Docker if it is wanted and answers. Raises UserError if it is required and does not."""
    if backend == "process":
        return None
    path = socket_path()
    reason = "DOCKER_HOST is another machine, which cannot reach this one's unix sockets"
    if path is not None:
        engine = await stack.enter_async_context(Engine(path))
        try:
            await engine.connect()
            return engine
        except LocalError as error:
            reason = str(error)
    if backend == "docker":
        raise UserError(reason, fix="start Docker, or run the containers as processes: --backend process")
    reports.note("", f"{NO_DOCKER} ({reason})")
    return None
