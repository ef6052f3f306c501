"""Parsers: a line of text to a record and its time, as a ``[PARSER]`` section defines.

Fields come in the order of the text or of the expression; the field that holds the time goes unless ``keep_time``. A
time that does not fit the format stays a field, and ``on_bad_time`` is told.
Source: Fluent Bit 5.1.1, ``src/flb_parser*.c``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import compress
from typing import TypeAlias

from outrider.formats import casts as types
from outrider.formats import decoders, pairs
from outrider.formats.casts import Cast
from outrider.formats.jsontext import json_object, json_objects
from outrider.formats.regex import Regex
from outrider.formats.timeformat import TimeFormat
from outrider.model.batch import Record

Extract: TypeAlias = Callable[[str], Record | None]
"""Text to fields; None: it does not match."""
Parsed: TypeAlias = tuple[int | None, Record]
"""Nanoseconds since the epoch, None where the text has no time; the fields."""


class Parser:
    """One definition, ready to use.

    ``clock`` gives the time in nanoseconds, for texts whose time has no year. ``casts`` and ``rules`` change fields.
    """

    def __init__(
        self,
        name: str,
        extract: Extract,
        *,
        time_key: str = "time",
        time_format: TimeFormat | None = None,
        keep_time: bool = False,
        casts: Mapping[str, Cast] | None = None,
        rules: Sequence[decoders.Rule] = (),
        decodes_first: bool = False,
        clock: Callable[[], int] = lambda: 0,
        on_bad_time: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.name = name
        self.extract = extract
        self._time_key = time_key
        self._time_format = time_format
        self._keep_time = keep_time
        self._casts = dict(casts or {})
        self._rules = tuple(rules)
        self._decodes_first = decodes_first
        self._clock = clock
        self._on_bad_time = on_bad_time
        self._is_plain = time_format is None and not self._casts and not self._rules

    def parse(self, text: str) -> Parsed | None:
        """Time and fields of a text; None: it does not match. Never raises."""
        record = self.extract(text)
        if record is None:
            return None
        return (None, record) if self._is_plain else self._finish(record)

    def parse_many(self, texts: Sequence[str]) -> tuple[list[int | None], list[Record | None]]:
        """Times and fields of many texts; both are None where a text does not match."""
        records = json_objects(texts) if self.extract is json_object else list(map(self.extract, texts))
        times: list[int | None] = [None] * len(records)
        if not self._is_plain:
            finish = self._finish
            for index, record in enumerate(records):
                if record is not None:
                    times[index], records[index] = finish(record)
        return times, records

    def _finish(self, record: Record) -> Parsed:
        if self._rules and self._decodes_first:
            decoders.apply(record, self._rules)
        time = self._take_time(record) if self._time_format is not None else None
        if self._casts:
            types.apply(record, self._casts)
        if self._rules and not self._decodes_first:
            decoders.apply(record, self._rules)
        return time, record

    def _take_time(self, record: Record) -> int | None:
        text = record.get(self._time_key)
        if text is None or self._time_format is None:
            return None
        time = self._time_format.read(text, self._clock()) if type(text) is str else None
        if time is None:
            self._on_bad_time(str(text))
        elif not self._keep_time:
            del record[self._time_key]
        return time or None


def regex_fields(pattern: str, *, skip_empty: bool = True) -> Extract:
    """Named groups as fields; with ``skip_empty`` those that matched nothing are left out. Raises ValueError."""
    regex = Regex(pattern)
    names, groups = regex.names, regex.groups
    if not names:
        raise ValueError("the expression has no named group, such as (?<message>.*)")
    if len(set(names)) < len(names):
        return partial(_repeated, groups, names, skip_empty)
    if not skip_empty:
        return partial(_with_empty, groups, names)

    def extract(text: str) -> Record | None:
        found = groups(text)
        return None if found is None else dict(zip(compress(names, found), filter(None, found), strict=True))

    return extract


def _with_empty(
    groups: Callable[[str], Sequence[str | None] | None], names: tuple[str, ...], text: str
) -> Record | None:
    found = groups(text)
    return None if found is None else {name: value or "" for name, value in zip(names, found, strict=True)}


def _repeated(
    groups: Callable[[str], Sequence[str | None] | None], names: tuple[str, ...], skip_empty: bool, text: str
) -> Record | None:
    """A name that stands for several groups has the value of the last one that matched something."""
    found = groups(text)
    if found is None:
        return None
    record: Record = {} if skip_empty else dict.fromkeys(names, "")
    record.update({name: value for name, value in zip(names, found, strict=True) if value})
    return record


json_fields: Extract = json_object
ltsv_fields: Extract = pairs.ltsv


def logfmt_fields(*, bare_keys: bool = True) -> Extract:
    """``key=value``; without ``bare_keys`` a text with a key alone does not match."""
    return pairs.logfmt if bare_keys else partial(pairs.logfmt, bare_keys=False)
