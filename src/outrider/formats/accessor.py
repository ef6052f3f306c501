"""Record accessors: ``$key``, ``$key['sub'][0]``. The dollar sign may be left out where the option allows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from outrider.model.batch import Record

_STEP: Final = re.compile(r"\['((?:[^']|'(?!\]))*)'\]|\[\"((?:[^\"]|\"(?!\]))*)\"\]|\[(\d+)\]")
_HEAD: Final = re.compile(r"\$?([^\[\s$]+)")

MISSING: Final = object()
"""What an accessor gives where the record has no such value."""


def accessor(text: str) -> Callable[[Record], Any]:
    """A function from a record to the value, or MISSING. Raises ValueError for text that is no accessor."""
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"'{text}' is not a record accessor; allowed: key, $key, $key['sub'], $key[0]")
    steps: list[str | int] = []
    position = head.end()
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise ValueError(f"'{text}' is not a record accessor from character {position + 1}")
        steps.append(int(step[3]) if step[3] is not None else step[1] if step[1] is not None else step[2])
        position = step.end()
    key = head[1]
    if not steps:
        return lambda record: record.get(key, MISSING)
    return lambda record: _walk(record.get(key, MISSING), steps)


def field(text: str) -> Callable[[Record], Any]:
    """As ``accessor``, but a text that does not begin with a dollar sign is a plain key, whatever is in it."""
    if text.startswith("$"):
        return accessor(text)
    return lambda record: record.get(text, MISSING)


def _walk(value: Any, steps: list[str | int]) -> Any:
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        else:
            if not isinstance(value, dict) or step not in value:
                return MISSING
            value = value[step]
    return value
