"""Two task definitions walked together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import UNSET, Struct

from outrider.taskdef.compare.form import DEFAULTS, KEYS, ROLES, SETS, is_open, named, normal, plain, same_role
from outrider.taskdef.compare.mask import Steps, masked
from outrider.taskdef.shape import TaskDefinition

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_FREE = ("options", "dockerLabels", "driverOpts", "labels")
"""Objects whose members are named by users, so that a name means nothing."""


class Difference(Struct, frozen=True):
    """A value that differs. ``old`` and ``new`` are as they may be printed, UNSET where there is none.

    ``path`` names items of lists by what tells them apart: ``containerDefinitions[web].environment[PORT].value``.
    """

    path: str
    change: Literal["added", "removed", "changed"]
    old: Any = UNSET
    new: Any = UNSET

    def __str__(self) -> str:
        sides = [json.dumps(side, ensure_ascii=False) for side in (self.old, self.new) if side is not UNSET]
        return f"{_SIGNS[self.change]} {self.path}: {' → '.join(sides)}"


def differences(old: TaskDefinition, new: TaskDefinition) -> list[Difference]:
    """What differs, in the order of the old definition, what is added last.

    Defaults, the order of lists that have none, what ECS writes by itself and what a template leaves open do not count.
    Both must have the shape that ``check_shape`` asks for. ``tags`` are compared where both have the member.
    """
    old, new = normal(old), normal(new)
    if "tags" not in old or "tags" not in new:
        old.pop("tags", None)
        new.pop("tags", None)
    return list(_walk((), "", old, new, frozenset()))


def _walk(steps: Steps, member: str, old: Any, new: Any, plugins: frozenset[str]) -> Iterator[Difference]:
    """The differences of two values at the same place; None is a value that is absent."""
    old, new = plain(old), plain(new)
    sides = [side for side in (old, new) if side is not None]
    if not sides or any(is_open(member, side) for side in sides):
        return
    if all(isinstance(side, dict) for side in sides):
        yield from _members(steps, member, old or {}, new or {}, plugins)
        return
    if all(isinstance(side, list) for side in sides):
        items = [named(member, side or []) for side in (old, new)]
        if items[0] is not None and items[1] is not None:
            yield from _items(steps, member, items[0], items[1], plugins)
            return
        if member in SETS:
            old, new = (None if side is None else sorted(side, key=repr) for side in (old, new))
    if not _same(old, new) and not (member in ROLES and same_role(old, new)):
        yield _difference(steps, old, new, plugins)


def _members(
    steps: Steps, member: str, old: dict[str, Any], new: dict[str, Any], plugins: frozenset[str]
) -> Iterator[Difference]:
    defaults = DEFAULTS.get(member, {})
    if member == "options":
        plugins = frozenset(str(side["Name"]) for side in (old, new) if "Name" in side)
    for key in [*old, *[key for key in new if key not in old]]:
        default = defaults.get(key)
        before, after = (default if side.get(key) is None else side[key] for side in (old, new))
        yield from _walk((*steps, key), key if member not in _FREE else "", before, after, plugins)


def _items(
    steps: Steps, member: str, old: dict[str, Any], new: dict[str, Any], plugins: frozenset[str]
) -> Iterator[Difference]:
    for name in [*old, *[name for name in new if name not in old]]:
        place, before, after = (*steps, f"[{name}]"), old.get(name), new.get(name)
        found = list(_walk(place, member, _unnamed(member, before), _unnamed(member, after), plugins))
        if not found and (before is None or after is None):
            found = list(_walk(place, member, before, after, plugins))
        yield from found


def _unnamed(member: str, item: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without what the path says already."""
    return item and {key: value for key, value in item.items() if key not in KEYS[member]}


def _same(old: Any, new: Any) -> bool:
    """Whether two values are equal: ``true`` is not ``1``, but ``"1"``, as templates may write it, is."""
    return _text(old) == _text(new)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=repr)


def _difference(steps: Steps, old: Any, new: Any, plugins: frozenset[str]) -> Difference:
    path = "".join(step if step.startswith("[") else f".{step}" for step in steps).lstrip(".")
    before, after = (UNSET if side is None else masked(steps, side, plugins) for side in (old, new))
    change: Literal["added", "removed", "changed"] = "added" if old is None else "removed" if new is None else "changed"
    return Difference(path, change, before, after)
