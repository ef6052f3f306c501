"""Names and texts as the Go plugin makes them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outrider.aws.names import EMPTY, GROUP, STREAM, Name, clean
from outrider.model.batch import Batch, Record
from outrider.plugins.outputs.cloudwatch.config import Options

EVENT_MAX = 256 * 1024 - 26
_TRUNCATED = "[Truncated...]"
ECS_FIELDS = {"ecs_task_id": "TaskID", "ecs_task_arn": "TaskARN", "ecs_cluster": "ClusterName"}
"""Field to its name in the task's metadata."""


def cut(text: str) -> str:
    """A text of at most EVENT_MAX bytes."""
    if len(text) * 4 <= EVENT_MAX:
        return text
    data = text.encode("utf-8", "replace")
    if len(data) <= EVENT_MAX:
        return text
    return data[: EVENT_MAX - len(_TRUNCATED)].decode("utf-8", "ignore") + _TRUNCATED


def tags(text: str) -> dict[str, str]:
    """``a=b,c=d``. Raises ValueError."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(name.strip() and mark for name, mark, _ in pairs):
        raise ValueError(f"'{text}' is not of the form name=value,name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


class Naming:
    """Group and stream of each record; the default where a field is missing. Raises ValueError."""

    def __init__(self, options: Options, known: Mapping[str, str]) -> None:
        stream = options.log_stream_name or options.log_stream_prefix + "$(tag)"
        self._group = Name(options.log_group_name, go=True, known=known)
        self._stream = Name(stream, go=True, known=known)
        self.lacked = ""
        """The field that some record of the last batch did not have, so that a default name stood in."""
        self._defaults = options.default_log_group_name, options.default_log_stream_name

    def streams(self, batch: Batch, places: Sequence[int]) -> list[tuple[str, str, Sequence[int]]]:
        """Group, stream and the places of its records, in the order of their first ones."""
        self.lacked = ""
        if not places:
            return []
        group_of, stream_of = self._group.bind(batch.tag), self._stream.bind(batch.tag)
        if not self._group.of_record and not self._stream.of_record:
            names = group_of({}), stream_of({})
            self._note(*names, batch.tag, {})
            return [(*self._clean(*names), places)]
        found: dict[tuple[str | None, str | None], list[int]] = {}
        for at in places:
            record = batch.records[at]
            names = group_of(record), stream_of(record)
            if names not in found:
                self._note(*names, batch.tag, record)
            found.setdefault(names, []).append(at)
        return [(*self._clean(*names), chosen) for names, chosen in found.items()]

    def _note(self, group: str | None, stream: str | None, tag: str, record: Record) -> None:
        if self.lacked:
            return
        if not clean(group or "", GROUP):
            self.lacked = self._group.lacking(tag, record) or EMPTY
        elif not clean(stream or "", STREAM):
            self.lacked = self._stream.lacking(tag, record) or EMPTY

    def _clean(self, group: str | None, stream: str | None) -> tuple[str, str]:
        of_group, of_stream = self._defaults
        return clean(group or "", GROUP) or of_group, clean(stream or "", STREAM) or of_stream
