"""The shape of a task definition, as far as FireLens and protection rely on it, checked once before anything else.

Names and types are those of ECS's RegisterTaskDefinition; members that nothing here reads are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from outrider.model.errors import Place, UserError

TaskDefinition: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str | int, ...]
"""Member names and array positions from the task definition down to a value."""


class Unknown:
    """What a template leaves open: it is there, and has no value before the template is deployed."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


def open_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where values are open, inside of what stands at ``path``."""
    if value is UNKNOWN:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from open_paths(child, (*path, step))


Locate: TypeAlias = Callable[[Path], Place | None]
"""Finds where the value at a path was written, or its nearest ancestor that was written."""
CONDITIONS: Final = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
"""Those of ``dependsOn``."""
READ_ONLY: Final = (
    *("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities"),
    *("registeredAt", "registeredBy", "deregisteredAt", "deleteRequestedAt"),
)
"""What DescribeTaskDefinition gives and RegisterTaskDefinition does not take."""


def nowhere(_path: Path) -> Place | None:
    """The ``Locate`` of a task definition that did not come from a file."""
    return None


_KINDS: dict[type, str] = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number"}


def kind_of(value: object) -> str:
    """What a JSON value is called in a message."""
    if value is None:
        return "null"
    return _KINDS.get(type(value), "a number")


def check_shape(task: object, locate: Locate = nowhere) -> TaskDefinition:
    """The same object, known to be a task definition whose containers can be read without further checks.

    Raises UserError with the place of the first value that has the wrong type, is missing or is used twice.
    """
    if not isinstance(task, dict):
        raise UserError(
            f"a task definition is an object, this is {kind_of(task)}",
            locate(()),
            fix='write {"family": …, "containerDefinitions": […]}',
        )
    if "containerDefinitions" not in task:
        raise UserError("containerDefinitions is missing", locate(()), fix=_missing_containers(task))
    for key in ("family", "networkMode"):
        _expect(task, key, str, (), locate)
    _expect(task, "requiresCompatibilities", list, (), locate)
    _expect(task, "runtimePlatform", dict, (), locate)
    _expect(task, "revision", int, (), locate)
    containers = _expect(task, "containerDefinitions", list, (), locate, required=True)
    if containers == []:
        raise UserError(
            "containerDefinitions is empty",
            locate(("containerDefinitions",)),
            fix="define at least one container",
        )
    seen: set[str] = set()
    for index, container in enumerate(containers or ()):
        if container is not UNKNOWN:
            _check_container(container, ("containerDefinitions", index), locate, seen)
    return task


def _missing_containers(task: dict[str, Any]) -> str:
    if "ContainerDefinitions" in task or "Resources" in task:
        return "this looks like CloudFormation; give the JSON that 'aws ecs describe-task-definition' prints"
    if isinstance(task.get("taskDefinition"), str):
        return "this only names a task definition; give the file that 'aws ecs describe-task-definition' prints"
    return "give a task definition as 'aws ecs register-task-definition --cli-input-json' takes it"


def _expect(holder: dict[str, Any], key: str, kind: type, path: Path, locate: Locate, *, required: bool = False) -> Any:
    value = holder.get(key)
    if value is UNKNOWN or (value is None and not required):  # the AWS command line writes null for what is not set
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        if key not in holder:
            raise UserError(f"{key} is missing", locate(path), fix=f"add {key}, which is {_KINDS[kind]}")
        raise UserError(
            f"{key} is {_KINDS[kind]}, this is {kind_of(value)}",
            locate((*path, key)),
            fix=f"write {_KINDS[kind]}",
        )
    return value


def _check_container(container: object, path: Path, locate: Locate, seen: set[str]) -> None:
    if not isinstance(container, dict):
        raise UserError(f"a container definition is an object, this is {kind_of(container)}", locate(path))
    name = _expect(container, "name", str, path, locate, required=True)
    if name == "":
        raise UserError("a container has no name", locate((*path, "name")), fix="give it a name")
    if name in seen:
        raise UserError(
            f"two containers are named '{name}'",
            locate((*path, "name")),
            fix="give each container a name of its own",
        )
    if name is not None:
        seen.add(name)
    for key, kind in (("memory", int), ("memoryReservation", int), ("image", str), ("user", str)):
        _expect(container, key, kind, path, locate)
    for key in ("entryPoint", "command"):
        for index, word in enumerate(_expect(container, key, list, path, locate) or ()):
            if not isinstance(word, str | Unknown):
                raise UserError(f"{key} holds strings, this is {kind_of(word)}", locate((*path, key, index)))
    for key in ("environment", "secrets", "volumesFrom", "dependsOn"):
        for index, item in enumerate(_expect(container, key, list, path, locate) or ()):
            if not isinstance(item, dict | Unknown):
                raise UserError(f"{key} holds objects, this is {kind_of(item)}", locate((*path, key, index)))
    _check_dependencies(container, path, locate)
    firelens = _expect(container, "firelensConfiguration", dict, path, locate)
    if firelens is not None:
        _check_options(firelens, (*path, "firelensConfiguration"), locate)
    log = _expect(container, "logConfiguration", dict, path, locate)
    if log is not None:
        _check_log(log, (*path, "logConfiguration"), locate)


def _check_dependencies(container: dict[str, Any], path: Path, locate: Locate) -> None:
    dependencies = _expect(container, "dependsOn", list, path, locate) or ()
    for index, item in enumerate(dependencies):
        for key in ("containerName", "condition") if item is not UNKNOWN else ():
            _expect(item, key, str, (*path, "dependsOn", index), locate, required=True)


def _check_log(log: dict[str, Any], path: Path, locate: Locate) -> None:
    _expect(log, "logDriver", str, path, locate, required=True)
    _check_options(log, path, locate)
    for index, secret in enumerate(_expect(log, "secretOptions", list, path, locate) or ()):
        where = (*path, "secretOptions", index)
        if secret is UNKNOWN:
            continue
        if not isinstance(secret, dict):
            raise UserError(f"secretOptions holds objects, this is {kind_of(secret)}", locate(where))
        for key in ("name", "valueFrom"):
            _expect(secret, key, str, where, locate, required=True)


def _check_options(holder: dict[str, Any], path: Path, locate: Locate) -> None:
    for key, value in (_expect(holder, "options", dict, path, locate) or {}).items():
        if not isinstance(value, str | Unknown):
            raise UserError(
                f"option {key} is a string, this is {kind_of(value)}",
                locate((*path, "options", key)),
                fix="put the value in double quotes",
            )
