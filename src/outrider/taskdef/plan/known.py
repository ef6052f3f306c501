"""A task definition whose values are all known, as far as FireLens reads them. Pure."""

from __future__ import annotations

from typing import Any, Final

from outrider.model.errors import UserError
from outrider.taskdef.firelens.options import BUFFER_LIMIT
from outrider.taskdef.shape import UNKNOWN, Locate, Path, TaskDefinition, open_paths

OPEN: Final = "<set at deployment>"
"""Stands for the text of an option that a template leaves open."""
_READ: Final = frozenset({"name", "firelensConfiguration", "logConfiguration", "dependsOn"})
_OF_ROUTER: Final = frozenset({"memory", "memoryReservation", "user"})
_TEXTS: Final = frozenset({"family", "valueFrom"})
_FIX: Final = "write the value, or give what 'aws ecs describe-task-definition' prints once it is deployed"


def known(task: TaskDefinition, locate: Locate) -> TaskDefinition:
    """The same with OPEN for texts that are open, and without open members that nothing reads.

    Raises UserError with its place for any other value that is open.
    """
    settled: TaskDefinition = _settled(task, (), locate, _READ)
    return settled


def open_text(task: TaskDefinition, locate: Locate) -> UserError:
    """Why a configuration with OPEN in it cannot be told whole: the first text of the router's that is open."""
    found = [path for path in open_paths(task) if _is_told(path)]
    path = found[0] if found else ()
    what = path[-1] if path else "a text"
    return UserError(f"the configuration has {what} in it, which is open here", locate(path), fix=_FIX)


def _is_told(path: Path) -> bool:
    return path == ("family",) or (len(path) > 1 and path[-2] == "options" and path[-1] != BUFFER_LIMIT)


def _settled(value: Any, path: Path, locate: Locate, read: frozenset[str]) -> Any:
    """``read`` are the members of this container that are read."""
    if isinstance(value, dict):
        routes = len(path) == 2 and value.get("firelensConfiguration") is not None
        read = _READ | _OF_ROUTER if routes else read
        pairs = ((key, _settled(member, (*path, key), locate, read)) for key, member in value.items())
        return {key: member for key, member in pairs if member is not UNKNOWN}
    if isinstance(value, list):
        items = [_settled(item, (*path, place), locate, read) for place, item in enumerate(value)]
        return [item for item in items if item is not UNKNOWN]
    if value is not UNKNOWN:
        return value
    if path[-1] in _TEXTS or (len(path) > 1 and path[-2] == "options"):
        return OPEN
    if path[0] in ("networkMode", "containerDefinitions") and (len(path) < 3 or path[2] in read):
        raise UserError(
            f"the plan depends on {path[-1] if isinstance(path[-1], str) else path[-2]}, which is open here",
            locate(path),
            fix=_FIX,
        )
    return UNKNOWN
