"""The types of what stands in a task definition, as RegisterTaskDefinition has them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from outrider.model.errors import UserError
from outrider.taskdef.conversions import BOOLEANS, INTEGERS, OF_CONTAINERS
from outrider.taskdef.members import walk
from outrider.taskdef.shape import UNKNOWN, Locate, Path, TaskDefinition, kind_of, nowhere

_SHOWN: Final = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "a whole number",
}
_FREE: Final = "nvidiaMps"
"""Its members are numbers, and one has the name of a string."""


def check_types(task: TaskDefinition, locate: Locate = nowhere) -> None:
    """Raises UserError with the place of the first value that has another type than its member."""
    for path, message, fix in wrong_types(task):
        raise UserError(message, locate(path), fix=fix)


def wrong_types(task: TaskDefinition) -> Iterator[tuple[Path, str, str]]:
    """Each value that has another type than its member: where, what is wrong and what to do.

    A member that is null is none; an item is not.
    """
    for path, value, wanted in _plain(task):
        is_none = value is None and not (path and isinstance(path[-1], int))
        if is_none or value is UNKNOWN or _fits(value, wanted):
            continue
        name = _name(path)
        what = f"{name} is {_SHOWN[wanted]}" if path[-1] == name else f"{name} holds {_SHOWN[wanted]} each"
        yield path, f"{what}, this is {kind_of(value)}", f"write {_SHOWN[wanted]}"


def _fits(value: Any, wanted: type) -> bool:
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def _plain(task: TaskDefinition) -> Iterator[tuple[Path, Any, type]]:
    """Every member that the API knows, with its type; a holder comes before what it holds."""
    for path, value, kind in walk(task):
        if kind == "map":
            yield path, value, dict
            pairs = value.items() if isinstance(value, dict) else ()
            yield from (((*path, name), member, str) for name, member in pairs)
        elif kind:
            yield path, value, list if kind.startswith("[") else dict
        elif _FREE not in path:
            yield path, value, _type(path)


def _type(path: Path) -> type:
    """That of a plain value, by the name of its member."""
    name = _name(path)
    if name in INTEGERS or (len(path) == 3 and name in OF_CONTAINERS):
        return int
    return bool if name in BOOLEANS else str


def _name(path: Path) -> str:
    """That of the member, also for an item of it."""
    return next(step for step in reversed(path) if isinstance(step, str))
