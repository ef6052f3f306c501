"""Which records go to which stream. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from outrider.aws.names import EMPTY, Name
from outrider.model.batch import Batch
from outrider.plugins.outputs.cloudwatch_logs.config import Options

NAME_MAX: Final = 512

Streams = list[tuple[str, str, Sequence[int]]]
"""Group, stream, and the places of its records."""


class Naming:
    """Group and stream of each record: by template where all its parts are there, else the fixed name."""

    def __init__(self, group: str, stream: Callable[[str], str], group_template: str, stream_template: str) -> None:
        self._group = group
        self._stream = stream
        self._group_template = Name(group_template) if group_template else None
        self._stream_template = Name(stream_template) if stream_template else None
        self.lacked = ""
        """The field of a template that some record of the last batch did not have, so that the fixed name stood in."""

    def streams(self, batch: Batch, places: Sequence[int]) -> Streams:
        """The streams of these records, in the order of their first ones."""
        self.lacked = ""
        group, stream = self._group, self._stream(batch.tag)[:NAME_MAX]
        if self._group_template is None and self._stream_template is None:
            return [(group, stream, places)] if places else []
        group_of = self._group_template.bind(batch.tag) if self._group_template else lambda record: group
        stream_of = self._stream_template.bind(batch.tag) if self._stream_template else lambda record: stream
        found: dict[tuple[str, str], list[int]] = {}
        records = batch.records
        for at in places:
            own_group, own_stream = group_of(records[at]), stream_of(records[at])
            if not (own_group and own_stream) and not self.lacked:
                template = self._stream_template if own_group else self._group_template
                self.lacked = (template.lacking(batch.tag, records[at]) if template else "") or EMPTY
            found.setdefault(((own_group or group)[:NAME_MAX], (own_stream or stream)[:NAME_MAX]), []).append(at)
        return [(*names, chosen) for names, chosen in found.items()]


def naming_of(options: Options) -> Naming:
    """Raises ValueError for a template with a field that cannot be read."""
    name, prefix = options.log_stream_name, options.log_stream_prefix
    return Naming(
        options.log_group_name,
        (lambda tag: name) if name else (lambda tag: prefix + tag),
        options.log_group_template,
        options.log_stream_template,
    )
