"""GELF 1.1: one flat JSON object a record. Pure.

Fields of the record become ``_name``; nested ones ``_name_sub``; ``id`` is not allowed and left out; booleans are text,
lists one text of their items. Source: Fluent Bit 5.1.1, ``src/flb_pack_gelf.c``, and the GELF specification. One
difference: no blank stands between the members.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from outrider.formats import json
from outrider.formats.stamps import NANOSECONDS
from outrider.model.batch import Record

LEVELS: Final = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_INVALID = re.compile(r"[^A-Za-z0-9_.\-]")
_DEPTH_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class Fields:
    """Which keys of a record take the roles that GELF knows; empty ones mean the role's own name."""

    timestamp: str = ""
    host: str = ""
    short_message: str = ""
    full_message: str = ""
    level: str = ""

    def roles(self) -> dict[str, str]:
        """Key to role."""
        return {
            self.host or "host": "host",
            self.short_message or "short_message": "short_message",
            self.timestamp or "timestamp": "timestamp",
            self.level or "level": "level",
            self.full_message or "full_message": "full_message",
        }


def encode(time: int, record: Record, roles: dict[str, str], *, escape_unicode: bool) -> bytes | None:
    """One object without a line end, for a time in nanoseconds; None for a record without a short message."""
    members: dict[str, Any] = {"version": "1.1"}
    for key, value in record.items():
        role = roles.get(key) if isinstance(key, str) else None
        if value is None or (role is None and key == "id"):
            continue
        if isinstance(value, dict):
            members.update(_flat("_" + _name(role or key), value, 0))
        elif role == "level":
            members[role] = _level(value)
        else:
            members[role or "_" + _name(key)] = _value(value)
    if "short_message" not in members:
        return None
    seconds, fraction = divmod(time, NANOSECONDS)
    object_ = json.encode(json.finite(members), escape_unicode=escape_unicode)
    if "timestamp" in members:
        return object_
    return b'%b,"timestamp":%d.%03d}' % (object_[:-1], seconds, fraction // 1_000_000)


def _name(key: Any) -> str:
    text = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
    return _INVALID.sub("_", text)


def _level(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) == 1 and value in "01234567":
            return int(value)
        return LEVELS.index(value.lower()) if value.lower() in LEVELS else value
    return _value(value)


def _flat(prefix: str, value: dict[Any, Any], depth: int) -> Iterator[tuple[str, Any]]:
    for key, member in value.items():
        name = f"{prefix}_{_name(key)}"
        if isinstance(member, dict) and depth < _DEPTH_MAX:
            yield from _flat(name, member, depth + 1)
        else:
            yield name, None if member is None else _value(member)


def _value(value: Any) -> Any:
    """What a member may be: a number or text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join([_item(item) for item in value])
    if isinstance(value, dict):
        return _item(value)
    return value


def _item(value: Any) -> str:
    """An item of a list, as text: ``a=1 b=x`` for a map."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        return " ".join([f"{_name(key)}={_scalar(member)}" for key, member in value.items()])
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.encode(value, escape_unicode=False).decode("utf-8", "surrogateescape")
