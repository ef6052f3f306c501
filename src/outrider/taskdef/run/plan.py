"""What a task definition asks for, in the order in which to start it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from outrider.model.errors import UserError
from outrider.taskdef.firelens import dependencies, find_router
from outrider.taskdef.firelens.options import firelens_kind, uses_firelens
from outrider.taskdef.membertypes import check_types
from outrider.taskdef.run.given import Secrets
from outrider.taskdef.run.health import Check
from outrider.taskdef.run.local import LAUNCHERS
from outrider.taskdef.shape import CONDITIONS, Locate, Path, TaskDefinition, nowhere
from outrider.taskdef.view import Container

NO_SECRETS = Secrets()
STOP_TIMEOUT = 30.0
"""Seconds between SIGTERM and SIGKILL where the task definition says nothing: ECS's default."""


class Role(Enum):
    """What a container is in the task. The order is that of start where ``dependsOn`` leaves a choice."""

    AGENT = "agent"
    ROUTER = "router"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class Wait:
    """``container`` must have reached ``condition`` (one of CONDITIONS)."""

    container: str
    condition: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One container. ``environment`` holds the definition's variables with the user's on top.

    ``sidecars`` are those that must take connections before this application starts; ``log_secrets`` the values of its
    log driver's ``secretOptions``, as far as they are known.
    """

    definition: Mapping[str, Any]
    role: Role
    waits: tuple[Wait, ...]
    environment: Mapping[str, str] = field(repr=False)
    sidecars: tuple[str, ...] = ()
    log_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The container's name in the task definition."""
        return str(self.definition["name"])

    @property
    def is_agent(self) -> bool:
        """Whether it is the task's agent, which may be its router as well."""
        return self.role is Role.AGENT or (self.role is Role.ROUTER and Container(self.definition).runs_agent)

    @property
    def essential(self) -> bool:
        """Whether the task ends with this container; true if the definition says nothing."""
        return self.definition.get("essential") is not False

    @property
    def image(self) -> str:
        """The image's name, empty if the definition has none."""
        return self.definition.get("image") or ""

    @property
    def stop_timeout(self) -> float:
        """Seconds between SIGTERM and SIGKILL."""
        return float(self.definition.get("stopTimeout") or STOP_TIMEOUT)

    @property
    def start_timeout(self) -> float | None:
        """Seconds after its start in which others expect it to be healthy or to end; None is without limit."""
        found = self.definition.get("startTimeout")
        return float(found) if found else None

    @property
    def logs_to_router(self) -> bool:
        """Whether its log driver is ``awsfirelens``."""
        return uses_firelens(self.definition)

    def words(self, key: str) -> list[str]:
        """``entryPoint`` or ``command``; empty if absent."""
        return list(self.definition.get(key) or ())


def plan(
    task: TaskDefinition,
    environment: Mapping[str, Mapping[str, str]] | None = None,
    locate: Locate = nowhere,
    secrets: Secrets = NO_SECRETS,
    files: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Planned]:
    """The containers in start order: what they wait for first, then agent, router, applications as in the file.

    ``environment`` is the user's: container to variable to value; it also stands in for ``secrets``, of which nobody
    here can fetch those that are not given. ``files`` has the variables of each environment file by its ARN. Raises
    UserError for what cannot run: two routers, none where one is needed, Fluentd, dependencies that are unknown or go
    round in a circle, a wrong health check, a missing secret or file, a variable for a container that is not there.
    """
    check_types(task, locate)
    given = environment or {}
    containers = task["containerDefinitions"]
    router = router_of(task, locate)
    if router is not None:
        _require_fluentbit(router, locate, containers.index(router))
    _check_names(given, [c["name"] for c in containers])
    waits = dependencies(task) if router is not None else {c["name"]: c.get("dependsOn") or () for c in containers}
    found = []
    for index, container in enumerate(containers):
        name = container["name"]
        path: Path = ("containerDefinitions", index)
        Check.of(container, locate((*path, "healthCheck", "command")))
        outside = _Outside(container, secrets, files or {}, locate, path)
        wanted = _secrets_of(container, task if container is router else None)
        found.append(
            Planned(
                container,
                _role(container, router),
                _waits(container, waits[name]),
                outside.environment(given.get(name, {}), wanted),
                log_secrets=outside.log_secrets(),
            )
        )
    _check_waits(found, locate)
    return _with_sidecars(_ordered(found, locate))


def router_of(task: TaskDefinition, locate: Locate = nowhere) -> dict[str, Any] | None:
    """The log router, None if no container needs one. Raises UserError in ECS's words."""
    containers = task["containerDefinitions"]
    routers = [c for c in containers if c.get("firelensConfiguration") is not None]
    if not routers and not any(uses_firelens(c) for c in containers):
        return None
    found: dict[str, Any] = containers[find_router(task, locate)]
    return found


def _role(container: Mapping[str, Any], router: Mapping[str, Any] | None) -> Role:
    """The agent is where the router has its launcher from, or is known by its name or image."""
    if container is router:
        return Role.ROUTER
    if Container(container).is_agent:
        return Role.AGENT
    if router is None or (router.get("entryPoint") or [""])[0] not in LAUNCHERS:
        return Role.APPLICATION
    sources = {source.get("sourceContainer") for source in router.get("volumesFrom") or ()}
    return Role.AGENT if container["name"] in sources else Role.APPLICATION


def _secrets_of(container: Mapping[str, Any], router_of_task: TaskDefinition | None) -> list[tuple[str, str, str, str]]:
    """Variable, container and name of each secret for whoever has its value, and where ECS fetches it."""
    own = str(container["name"])
    names = [(str(s.get("name")), str(s.get("valueFrom"))) for s in container.get("secrets") or ()]
    found = [(name, own, name, value_from) for name, value_from in names]
    for index, sender in enumerate(router_of_task["containerDefinitions"] if router_of_task else ()):
        options = (sender.get("logConfiguration") or {}).get("secretOptions") or ()
        found += [(f"{o['name']}_{index}", sender["name"], o["name"], o["valueFrom"]) for o in options]
    return found


def _waits(container: Mapping[str, Any], depends_on: Iterable[Mapping[str, str]]) -> tuple[Wait, ...]:
    """Its conditions; a container whose volumes it mounts must be there as well."""
    found = [Wait(wait["containerName"], wait["condition"]) for wait in depends_on]
    named = {wait.container for wait in found}
    sources = dict.fromkeys(str(source.get("sourceContainer")) for source in container.get("volumesFrom") or ())
    return (*found, *(Wait(source, "START") for source in sources if source not in named))


def _with_sidecars(found: list[Planned]) -> list[Planned]:
    """Each application with the sidecars that must be ready before it: all but those that wait for it themselves."""
    before: dict[str, set[str]] = {}
    for container in found:  # in start order: what it waits for is known already
        direct = {wait.container for wait in container.waits}
        before[container.name] = direct.union(*(before[name] for name in direct))
    sidecars = [container for container in found if container.role is not Role.APPLICATION]
    return [
        replace(container, sidecars=tuple(s.name for s in sidecars if container.name not in before[s.name]))
        if container.role is Role.APPLICATION
        else container
        for container in found
    ]


def _require_fluentbit(router: Mapping[str, Any], locate: Locate, index: int) -> None:
    path: Path = ("containerDefinitions", index, "firelensConfiguration", "type")
    if firelens_kind(router["firelensConfiguration"].get("type"), locate(path)) == "fluentd":
        raise UserError(
            f"the router '{router['name']}' is Fluentd, which does not run on this machine",
            locate(path),
            fix='use a router of "type": "fluentbit"; outrider firelens render prints what Fluentd would get',
        )


def _check_names(given: Iterable[str], names: list[str]) -> None:
    for name in given:
        if name not in names:
            raise UserError(f"--env names '{name}', which is no container", found=name, allowed=names)


@dataclass(frozen=True, slots=True)
class _Outside:
    """What a container gets from outside of its definition."""

    container: Mapping[str, Any]
    secrets: Secrets
    files: Mapping[str, Mapping[str, str]]
    locate: Locate
    path: Path

    def environment(self, given: Mapping[str, str], wanted: Iterable[tuple[str, str, str, str]]) -> dict[str, str]:
        """Its variables: of files (the first one that has it), its own, the user's, and secrets for what is left."""
        name = self.container["name"]
        found: dict[str, str] = {}
        for place, file in enumerate(self.container.get("environmentFiles") or ()):
            arn = str(file.get("value"))
            if arn not in self.files:
                raise UserError(
                    f"container '{name}' gets variables from {arn}, which only ECS can fetch",
                    self.locate((*self.path, "environmentFiles", place)),
                    fix=f"give a file to use here: --file {arn}=PATH",
                )
            found = {**self.files[arn], **found}
        found |= {str(v.get("name")): str(v.get("value", "")) for v in self.container.get("environment") or ()}
        found |= given
        for variable, of, secret, value_from in wanted:
            if variable in found:
                continue
            value = self.secrets.find(of, secret, value_from)
            if value is None:
                raise UserError(
                    f"container '{name}' gets {variable} from {value_from}, which only ECS can fetch",
                    self.locate((*self.path, "secrets")),
                    fix=f"give a value to use here: --env {name}:{variable}=VALUE, or --secrets FILE with "
                    f"{of}:{secret}=VALUE",
                )
            found[variable] = value
        return found

    def log_secrets(self) -> dict[str, str]:
        """The values of its log driver's ``secretOptions``, as far as they are given."""
        name = str(self.container["name"])
        options = (self.container.get("logConfiguration") or {}).get("secretOptions") or ()
        values = {str(o["name"]): self.secrets.find(name, str(o["name"]), str(o["valueFrom"])) for o in options}
        return {option: value for option, value in values.items() if value is not None}


def _check_waits(found: list[Planned], locate: Locate) -> None:
    names = [c.name for c in found]
    for index, container in enumerate(found):
        for place, wait in enumerate(container.waits):
            path: Path = ("containerDefinitions", index, "dependsOn", place)
            if wait.container not in names:
                raise UserError(
                    f"'{container.name}' needs '{wait.container}', which is no container of this task",
                    locate((*path, "containerName")),
                    found=wait.container,
                    allowed=names,
                )
            if wait.condition not in CONDITIONS:
                raise UserError(
                    f"'{wait.condition}' is no condition",
                    locate((*path, "condition")),
                    found=wait.condition,
                    allowed=CONDITIONS,
                )
            other = found[names.index(wait.container)]
            if wait.condition == "HEALTHY" and Check.of(other.definition) is None:
                raise UserError(
                    f"'{container.name}' waits for '{other.name}' to be HEALTHY, but that has no healthCheck",
                    locate((*path, "condition")),
                    fix=f"add a healthCheck to '{other.name}' or wait for START",
                )
            if wait.condition in ("COMPLETE", "SUCCESS") and other.essential:
                raise UserError(
                    f"'{container.name}' waits for the end of '{other.name}', with which the task itself ends",
                    locate((*path, "condition")),
                    fix=f"set \"essential\": false in '{other.name}' or wait for START",
                )


def _ordered(found: list[Planned], locate: Locate) -> list[Planned]:
    roles = list(Role)
    left = sorted(found, key=lambda c: roles.index(c.role))
    ordered: list[Planned] = []
    started: set[str] = set()
    while left:
        following = next((c for c in left if all(w.container in started for w in c.waits)), None)
        if following is None:
            names = ", ".join(f"'{c.name}'" for c in left)
            raise UserError(
                f"{names} wait for one another",
                locate(("containerDefinitions",)),
                fix="remove one of their dependsOn",
            )
        left.remove(following)
        ordered.append(following)
        started.add(following.name)
    return ordered
