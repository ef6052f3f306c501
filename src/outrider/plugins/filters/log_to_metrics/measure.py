"""Records to label values and numbers. Pure. Source: Fluent Bit 5.1.1, ``plugins/filter_log_to_metrics``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from outrider.formats.accessor import field
from outrider.formats.casts import double
from outrider.model.batch import Record
from outrider.pipeline.common.metrics import VALUE_MAX, Labels

_NUMBER: Final = re.compile(r"\s*([+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,9})?)", re.ASCII)
KUBERNETES: Final = ("namespace_name", "pod_name", "container_name", "docker_id", "pod_id")


def labels_of(keys: Sequence[str]) -> Callable[[Record], Labels]:
    """A function from a record to the values of its labels; one that is not there, or no text or number, is empty."""
    if len(keys) == 1:
        only = field(keys[0])
        return lambda record: (label(only(record)),)
    gets = [field(key) for key in keys]
    return lambda record: tuple([label(get(record)) for get in gets])


def label(value: Any) -> str:
    """A value as a label's."""
    if type(value) is str:
        # What is no text in UTF-8 would make the whole answer unreadable.
        return value[:VALUE_MAX] if value.isascii() else value[:VALUE_MAX].encode("utf-8", "replace").decode()
    if type(value) is int:
        return str(value)
    return f"{value:f}"[:VALUE_MAX] if type(value) is float else ""


def number(value: Any) -> float | None:
    """A number, or the one that a text begins with; None: there is none."""
    if type(value) is float:
        return value
    if type(value) is int:
        return double(value)
    match = _NUMBER.match(value) if isinstance(value, str) else None
    return float(match[1]) if match else None
