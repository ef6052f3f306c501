"""What ECS would do for FireLens. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct, field

from outrider.model.errors import Place, UserError
from outrider.taskdef import firelens
from outrider.taskdef.firelens.generator import Kind
from outrider.taskdef.firelens.options import OUTPUT_KEY, plain_options, router_options, uses_firelens
from outrider.taskdef.firelens.order import Dependency
from outrider.taskdef.plan.known import known
from outrider.taskdef.plan.order import start_order
from outrider.taskdef.plan.surprises import surprises
from outrider.taskdef.shape import Locate, Path, TaskDefinition, nowhere

Role: TypeAlias = Literal["log router", "sender", "other"]

NO_SENDER: Final = (
    "When a firelensConfiguration object is specified, at least one container has to be configured with the "
    "awsfirelens log driver."
)
_S3: Final = re.compile(r"arn:([^:]+):s3:::([^/]+)/(.+)")
_NO_GROUP: Final = -1


class Wait(Struct, frozen=True):
    """A container that must have reached a condition; ``added`` by ECS."""

    container: str
    condition: str
    added: bool


class ContainerPlan(Struct, frozen=True):
    """What a container gets. ``environment`` is what ECS adds; ``secrets`` name the variables of secret options."""

    name: str
    role: Role
    log_driver: str
    log_options: Mapping[str, str]
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    mounts: list[str]
    socket_owner: str
    waits: list[Wait]


class Told(Struct, frozen=True):
    """An error or a note, with its place and the remedy."""

    message: str
    place: Place | None
    fix: str = ""


class Plan(Struct):
    """The whole task. With errors it is as much as ECS would get to; ``configuration`` is then empty."""

    router: str = ""
    kind: str = ""
    network_mode: str = ""
    config_path: str = ""
    configuration: str = ""
    containers: list[ContainerPlan] = field(default_factory=list)
    start_order: list[list[str]] = field(default_factory=list)
    errors: list[Told] = field(default_factory=list)
    notes: list[Told] = field(default_factory=list)

    def fail(self, error: UserError) -> None:
        """Add an error, once."""
        told = Told(error.message, error.place, error.fix)
        if told.message not in [other.message for other in self.errors]:
            self.errors.append(told)


def plan(
    task: TaskDefinition, runtime: firelens.Runtime, locate: Locate = nowhere, *, docker_version: str = ""
) -> Plan:
    """What ECS would do; its refusals are the plan's ``errors``, in its words.

    Raises UserError where a template leaves open what decides.
    """
    task = known(task, locate)
    made = Plan(network_mode=firelens.network_mode(task))
    try:
        index = firelens.find_router(task, locate)
    except UserError as error:
        made.fail(error)
        return made
    router = task["containerDefinitions"][index]
    made.router, made.kind = router["name"], str(router["firelensConfiguration"].get("type") or "")
    if not any(uses_firelens(container) for container in task["containerDefinitions"]):
        made.fail(UserError(NO_SENDER, locate(("containerDefinitions", index, "firelensConfiguration"))))
    try:
        made.configuration = firelens.render(task, runtime, locate)
    except UserError as error:
        made.fail(error)
    kind = next((name for name in OUTPUT_KEY if name == made.kind), None)
    if kind is not None:
        made.config_path = firelens.config_path(kind)
        _check_s3(made, task, index, kind, locate)
    _add_containers(made, task, index, kind, runtime, locate, docker_version)
    made.notes = [Told(text, locate(path)) for text, path in surprises(task, index, kind)]
    return made


def _check_s3(made: Plan, task: TaskDefinition, index: int, kind: Kind, locate: Locate) -> None:
    path: Path = ("containerDefinitions", index, "firelensConfiguration", "options")
    options = task["containerDefinitions"][index]["firelensConfiguration"].get("options") or {}
    try:
        if not router_options(kind, options, locate, path).from_s3:
            return
    except UserError:
        return  # ``render`` has told it
    begins, value = "unable to download firelens s3 config file: ", options["config-file-value"]
    if not task.get("executionRoleArn"):
        text = f"{begins}unable to get execution role credentials"
        made.fail(UserError(text, locate((*path, "config-file-type")), fix="add executionRoleArn"))
    if not _S3.search(value):
        text = f"{begins}unable to parse bucket and key from s3 arn: invalid s3 arn: {value}"
        made.fail(UserError(text, locate((*path, "config-file-value")), fix="write arn:aws:s3:::BUCKET/KEY"))


def _add_containers(
    made: Plan,
    task: TaskDefinition,
    index: int,
    kind: Kind | None,
    runtime: firelens.Runtime,
    locate: Locate,
    docker_version: str,
) -> None:
    waits = firelens.dependencies(task)
    made.start_order, never = start_order(waits)
    if never:
        names = ", ".join(f"'{name}'" for name in never)
        text = f"{names} can never start: they wait for one another, or for a container that is not there"
        made.fail(UserError(text, locate(("containerDefinitions",)), fix="correct their dependsOn"))
    for place, container in enumerate(task["containerDefinitions"]):
        path: Path = ("containerDefinitions", place)
        common = (container["name"], *_log(container, runtime, docker_version))
        waiting = _waits(container, waits[container["name"]])
        if place == index:
            environment = firelens.router_environment(kind) if kind else {}
            secrets = firelens.router_secrets(task)
            mounts = _mounts(container, kind, runtime)
            owner = _owner(made, container, locate((*path, "user")))
            name, driver, options = common
            made.containers.append(
                ContainerPlan(name, "log router", driver, options, environment, secrets, mounts, owner, waiting)
            )
        else:
            role: Role = "sender" if uses_firelens(container) else "other"
            address = f"<address of {made.router} on the bridge>"
            environment = firelens.container_environment(made.network_mode, address) if role == "sender" else {}
            made.containers.append(
                ContainerPlan(common[0], role, common[1], common[2], environment, {}, [], "", waiting)
            )


def _log(container: Mapping[str, Any], runtime: firelens.Runtime, docker_version: str) -> tuple[str, dict[str, str]]:
    """The log driver and its options, as Docker gets them."""
    options = plain_options(container)
    if not uses_firelens(container):
        return str((container.get("logConfiguration") or {}).get("logDriver") or ""), options
    return "fluentd", firelens.driver_options(
        container["name"], runtime.task_arn, options, docker_version=docker_version
    )


def _waits(container: Mapping[str, Any], all_of_them: list[Dependency]) -> list[Wait]:
    own = [dict(wait) for wait in container.get("dependsOn") or []]
    return [Wait(wait["containerName"], wait["condition"], wait not in own) for wait in all_of_them]


def _mounts(router: Mapping[str, Any], kind: Kind | None, runtime: firelens.Runtime) -> list[str]:
    try:
        options = router["firelensConfiguration"].get("options") or {}
        return firelens.binds(kind, options, runtime.task_id) if kind else []
    except UserError:
        return []  # ``render`` has told it


def _owner(made: Plan, router: Mapping[str, Any], place: Place | None) -> str:
    """Who owns the directory of the socket, in words; empty where ECS leaves it to root."""
    try:
        owner = firelens.socket_owner(router.get("user"), _NO_GROUP, place)
    except UserError as error:
        made.fail(error)
        return ""
    if owner is None:
        return ""
    return f"{owner.uid}:{'<group of the ECS agent>' if owner.gid == _NO_GROUP else owner.gid}"
