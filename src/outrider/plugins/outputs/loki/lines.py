"""The log line that a record becomes in Loki. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from outrider.formats import json
from outrider.formats.accessor import MISSING, accessor
from outrider.model.batch import Record

_DEPTH_MAX: Final = 32
_quote = msgspec.json.Encoder().encode


class Lines:
    """``single``: where one field is left, its value is the line; ``raw``: text without quotes then.

    Raises ValueError for fields to remove that are named wrongly.
    """

    def __init__(self, removed: Sequence[str], *, key_value: bool, single: bool, raw: bool) -> None:
        self._without = _remover([_steps(text) for text in removed]) if removed else None
        self._key_value = key_value
        self._single = single
        self._raw = raw or key_value

    def encode(self, records: Sequence[Record], *, escape_unicode: bool) -> list[bytes]:
        """The line of each record, as a JSON string."""
        if self._without is not None:
            records = [self._without(record) for record in records]
        if self._key_value or self._single:
            return [self._line(record, escape_unicode) for record in records]
        return [_quote(text.decode()) for text in json.encode_each(records, escape_unicode=escape_unicode)]

    def _line(self, record: Record, escape_unicode: bool) -> bytes:
        value: Any = record
        if self._single and len(record) == 1:
            (value,) = record.values()
            if isinstance(value, str) and self._raw:
                return json.encode(value, escape_unicode=escape_unicode)
        if not self._key_value:
            text = json.encode(value, escape_unicode=escape_unicode).decode()
        elif value is record:
            text = " ".join([f"{key}={_plain(member)}" for key, member in record.items() if isinstance(key, str)])
        else:
            text = _plain(value)
        return json.encode(text, escape_unicode=escape_unicode)


def _plain(value: Any, depth: int = 0) -> str:
    """A value in a line of ``key_value``."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list) and depth < _DEPTH_MAX:
        return '"[' + " ".join([_plain(item, depth + 1) for item in value]) + ']"'
    if isinstance(value, dict) and depth < _DEPTH_MAX:
        return '"map[' + " ".join([f"{key}:{_plain(item, depth + 1)}" for key, item in value.items()]) + ']"'
    if value is None or isinstance(value, bool | int | float):
        return json.encode(value).decode()
    return ""


def _steps(text: str) -> list[str]:
    """``$a['b']`` as ``a``, ``b``. Raises ValueError for no accessor."""
    accessor(text)
    head, bracket, rest = text[1:].partition("[")
    return [head, *[step.strip("]").strip("'\"") for step in rest.split("[")]] if bracket else [head]


def _remover(paths: Sequence[list[str]]) -> Callable[[Record], Record]:
    """A function that leaves these fields out, without changing the record."""
    top = frozenset(path[0] for path in paths if len(path) == 1)
    deep = [path for path in paths if len(path) > 1 and path[0] not in top]

    def without(record: Record) -> Record:
        found = {key: value for key, value in record.items() if key not in top}
        for path in deep:
            if _reaches(found, path):
                _cut(found, path)
        return found

    return without


def _reaches(record: Any, path: Sequence[str]) -> bool:
    for step in path:
        record = record.get(step, MISSING) if isinstance(record, dict) else MISSING
    return record is not MISSING


def _cut(found: dict[Any, Any], path: Sequence[str]) -> None:
    """Remove a member that is there; the maps on the way to it become copies."""
    for step in path[:-1]:
        found[step] = dict(found[step])
        found = found[step]
    del found[path[-1]]
