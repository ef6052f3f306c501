"""An ``awslogs`` configuration in the words of the router's outputs to CloudWatch.

Source: the migration chapter of the Alert Logic Fargate document; the options of both CloudWatch plugins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from outrider.taskdef.firelens.options import BUFFER_LIMIT, DRIVER

C_PLUGIN: Final = "cloudwatch_logs"
GO_PLUGIN: Final = "cloudwatch"
NEEDED: Final = ("awslogs-group", "awslogs-region")
"""What no output can do without."""
MULTILINE: Final = ("awslogs-datetime-format", "awslogs-multiline-pattern")

_BOTH: Final = {
    "awslogs-create-group": "auto_create_group",
    "awslogs-group": "log_group_name",
    "awslogs-region": "region",
    "awslogs-endpoint": "endpoint",
}
_OF_GO: Final = {
    "awslogs-create-stream": "auto_create_stream",
    "awslogs-credentials-endpoint": "credentials_endpoint",
}
_LABELS: Final = "the log driver adds neither labels nor variables; a filter record_modifier adds fields"
_EXPLAINED: Final = {
    "awslogs-create-stream": f"{C_PLUGIN} always makes streams",
    "awslogs-credentials-endpoint": f"{C_PLUGIN} takes the keys of the task role",
    "awslogs-force-flush-interval-seconds": "the router sends every second; Flush in [SERVICE] sets that",
    "awslogs-max-buffered-events": f"the log driver keeps 1048576 lines; the option {BUFFER_LIMIT} sets that",
    "tag": "the stream is named by log_stream_prefix or log_stream_name",
    "labels": _LABELS,
    "labels-regex": _LABELS,
    "env": _LABELS,
    "env-regex": _LABELS,
}
_STREAMS: Final = ("awslogs-stream", "awslogs-stream-prefix")
_MODES: Final = {
    "non-blocking": f"the log driver never blocks; lines beyond {BUFFER_LIMIT} are lost, as they were beyond "
    "max-buffer-size",
    "blocking": f"the application waited where CloudWatch did; now lines beyond {BUFFER_LIMIT} are lost",
}
_SIZE: Final = re.compile(r"([0-9]{1,15}) ?([bkmg]?)b?", re.IGNORECASE)
_UNITS: Final = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
LINE_LENGTH: Final = 256
"""Bytes of a line, for the number of lines that make a size."""
_LINES_MAX: Final = 536_870_911


class Converted(Struct, frozen=True):
    """``options`` are those of the output, ``told`` what became of the others, one phrase each.

    ``stream`` and ``old_stream`` are the names that the log stream has and had, TASK standing for the task's id;
    ``old_name`` is the value of ``log_stream_name`` that keeps the old one, empty where there is none.
    """

    options: dict[str, str]
    told: tuple[str, ...]
    stream: str
    old_stream: str
    old_name: str

    @property
    def log(self) -> dict[str, Any]:
        """The new ``logConfiguration``."""
        return {"logDriver": DRIVER, "options": self.options}


def convert(container: str, options: Mapping[str, str], plugin: str, *, keep_stream: bool = False) -> Converted:
    """The same lines to the same log group with ``plugin``; ``keep_stream`` keeps the stream's name where possible."""
    names = _BOTH | _OF_GO if plugin == GO_PLUGIN else _BOTH
    new = {"Name": plugin} | {name: options[key] for key, name in _BOTH.items() if key in options}
    name, prefix = options.get("awslogs-stream", ""), options.get("awslogs-stream-prefix", "")
    task = "$(ecs_task_id)" if plugin == GO_PLUGIN else "${ECS_TASK_ID}"
    old_name = name or (f"{prefix}/{container}/{task}" if prefix else "")
    if name or (keep_stream and old_name):
        new["log_stream_name"] = old_name
    else:
        new["log_stream_prefix"] = f"{prefix}/" if prefix else "/"
    new |= {name: options[key] for key, name in _OF_GO.items() if key in options and key in names}
    if options.get("awslogs-format") == "json/emf":
        new["log_format"] = "json/emf"
    lines = _lines(options.get("max-buffer-size", ""))
    if lines:
        new[BUFFER_LIMIT] = str(lines)
    old_stream = name or (f"{prefix}/{container}/TASK" if prefix else "the container's id")
    kept = "log_stream_name" in new
    return Converted(
        new | {"log_key": "log"},
        tuple(f"{key}: {text}" for key, text in _told(options, names, lines)),
        old_stream if kept else f"{new['log_stream_prefix']}{container}-firelens-TASK",
        old_stream,
        old_name,
    )


def _told(options: Mapping[str, str], names: Mapping[str, str], lines: int) -> Iterator[tuple[str, str]]:
    """Key and explanation of each option that has no equal one; those for several lines are told elsewhere."""
    for key, value in options.items():
        if key in names or key in _STREAMS or key in MULTILINE:
            continue
        if key == "awslogs-format" and value != "json/emf":
            yield key, f"'{value}' has no equal"
        elif key == "mode":
            yield key, _MODES.get(value, _MODES["non-blocking"])
        elif key == "max-buffer-size" and lines:
            yield key, f"{value} are {lines} lines of {LINE_LENGTH} bytes; {BUFFER_LIMIT} counts lines"
        elif key == "max-buffer-size":
            yield key, f"'{value}' is no size, and {BUFFER_LIMIT} counts lines"
        elif key != "awslogs-format":
            yield key, _EXPLAINED.get(key, "awslogs has no such option")


def _lines(size: str) -> int:
    """How many lines a size holds; 0 for what is no size."""
    found = _SIZE.fullmatch(size)
    if found is None or int(found[1]) == 0:
        return 0
    return min(max(int(found[1]) * _UNITS[found[2].lower()] // LINE_LENGTH, 1), _LINES_MAX)
