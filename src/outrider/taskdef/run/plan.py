"""What a task definition asks for, in the order in which to start it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from outrider.model.errors import UserError
from outrider.taskdef.firelens import dependencies, find_router, router_secrets
from outrider.taskdef.firelens.options import firelens_kind
from outrider.taskdef.run.health import Check
from outrider.taskdef.shape import Locate, Path, TaskDefinition, nowhere
from outrider.taskdef.view import Container

STOP_TIMEOUT = 30.0
"""Seconds between SIGTERM and SIGKILL where the task definition says nothing: ECS's default."""
CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")


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
        return (self.definition.get("logConfiguration") or {}).get("logDriver") == "awsfirelens"

    def words(self, key: str) -> list[str]:
        """``entryPoint`` or ``command``; empty if absent."""
        return list(self.definition.get(key) or ())


def plan(
    task: TaskDefinition, environment: Mapping[str, Mapping[str, str]] | None = None, locate: Locate = nowhere
) -> list[Planned]:
    """The containers in start order: what they wait for first, then agent, router, applications as in the file.

    ``environment`` is the user's: container to variable to value; it also stands in for ``secrets``, which nobody can
    fetch here. Raises UserError for what cannot run: no or two routers, Fluentd, dependencies that are unknown or go
    round in a circle, a missing secret, a variable for a container that is not there.
    """
    given = environment or {}
    containers = task["containerDefinitions"]
    router_index = find_router(task, locate)
    router = containers[router_index]
    _require_fluentbit(router, locate, router_index)
    _check_names(given, [c["name"] for c in containers])
    sources = {source.get("sourceContainer") for source in router.get("volumesFrom") or ()}
    waits = dependencies(task)
    found = []
    for index, container in enumerate(containers):
        name = container["name"]
        role = Role.APPLICATION
        if container is router:
            role = Role.ROUTER
        elif name in sources:
            role = Role.AGENT
        path: Path = ("containerDefinitions", index)
        found.append(
            Planned(
                container,
                role,
                _waits(container, waits[name]),
                _environment(container, given.get(name, {}), task if role is Role.ROUTER else None, locate, path),
            )
        )
    _check_waits(found, locate)
    return _with_sidecars(_ordered(found, locate))


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


def _environment(
    container: Mapping[str, Any], given: Mapping[str, str], router_of: TaskDefinition | None, locate: Locate, path: Path
) -> dict[str, str]:
    found = {str(v.get("name")): str(v.get("value", "")) for v in container.get("environment") or ()}
    found |= given
    secrets = {str(s.get("name")): str(s.get("valueFrom")) for s in container.get("secrets") or ()}
    if router_of is not None:
        secrets |= router_secrets(router_of)
    for name, value_from in secrets.items():
        if name not in found:
            raise UserError(
                f"container '{container['name']}' gets {name} from {value_from}, which only ECS can fetch",
                locate((*path, "secrets")),
                fix=f"give a value to use here: --env {container['name']}:{name}=VALUE",
            )
    return found


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
