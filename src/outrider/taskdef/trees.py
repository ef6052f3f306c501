"""Edits of plain values, as an edit of a file is to change what the file holds. Pure; nothing is changed in place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from outrider.taskdef.shape import Path


def appended(value: Any, path: Path, item: Any) -> Any:
    """``item`` after the last one of the array at ``path``."""
    return _changed(value, path, lambda holder: [*holder, item])


def with_member(value: Any, path: Path, key: str, member: Any) -> Any:
    """A member of the object at ``path``, in the old one's place, else after the last."""
    return _changed(value, path, lambda holder: {**holder, key: member})


def renamed(value: Any, path: Path, key: str, name: str) -> Any:
    """Another name for a member of the object at ``path``."""
    return _changed(value, path, lambda holder: {name if old == key else old: member for old, member in holder.items()})


def without(value: Any, path: Path) -> Any:
    """Without the member or item at ``path``."""
    return _changed(value, path[:-1], lambda holder: _rest(holder, path[-1]))


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, their types and the order of members too."""
    return json.dumps(one, default=repr) == json.dumps(other, default=repr)


def _rest(holder: Any, key: str | int) -> Any:
    if isinstance(holder, dict):
        return {name: member for name, member in holder.items() if name != key}
    return [item for at, item in enumerate(holder) if at != key]


def _changed(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    step, *rest = path
    inner = _changed(value[step], tuple(rest), change)
    if isinstance(value, dict):
        return {**value, step: inner}
    return [inner if at == step else item for at, item in enumerate(value)]
