"""Files that are named by their records: ``$key`` in Path and File and, where wanted, ``%Y`` and the like. Pure.

Senders choose what fields hold, so whatever they say: no file is made outside the directory that stands before the
first field. Source: Fluent Bit 5.1.1, ``plugins/out_file/file.c``.
"""

from __future__ import annotations

import os.path
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias

from msgspec import Struct, field

from outrider.formats.accessor import MISSING
from outrider.formats.stamps import NANOSECONDS
from outrider.formats.templates import Get, Template, text_of
from outrider.model.batch import Batch, Record
from outrider.plugins.outputs.file.config import Options
from outrider.plugins.outputs.file.format import NAME_MAX, file_name

MISSING_FIELD: Final = "Path or File names a field that the record does not have"
UNSAFE: Final = "the record's fields make no safe file name"
LIMIT_REACHED: Final = "max_dynamic_files is reached"
FORGET_SECONDS: Final = 3600.0
_PATH_MAX: Final = 4095
_LAST_SECOND: Final = 253_402_300_799
_NOT_IN_PATH: Final = re.compile("[\0-\x1f\x7f]")
_NOT_IN_FILE: Final = re.compile(r'[/\\:*?"<>|\0-\x1f\x7f]')

_Piece: TypeAlias = str | Get


class Unfit(Exception):  # noqa: N818 - no fault of ours: it is caught for each record
    """The record has no file; the text is one of the reasons above."""


class Sorted(Struct):
    """The places in a batch of the records that belong to each file, and of those without one, by reason."""

    files: dict[str, list[int]] = field(default_factory=dict)
    without: dict[str, list[int]] = field(default_factory=dict)


def are_made_of_records(options: Options) -> bool:
    """Whether records decide where they go."""
    signs = "$%" if options.enable_strftime else "$"
    return any(sign in options.path + options.file for sign in signs)


class Names:
    """Where each record goes. Raises ValueError for a Path or File that cannot be."""

    def __init__(self, options: Options) -> None:
        self._times = options.enable_strftime
        self.directory = _fixed_directory(options.path)
        """What no record leaves; it may hold %Y and the like."""
        self._path = Template(options.path[len(self.directory) :], path=True)
        self._file = Template(options.file, path=True)
        self._stamps: dict[str, tuple[int, str]] = {}
        self._actions = {MISSING_FIELD: options.on_missing_field, UNSAFE: options.on_missing_field}
        self._actions[LIMIT_REACHED] = options.on_limit_reached
        if "fallback" in self._actions.values() and not options.fallback_file:
            raise ValueError("fallback_file must be given where an action is fallback")
        if "\0" in options.path + options.file + options.fallback_path + options.fallback_file:
            raise ValueError("a path cannot hold a NUL")
        self.fallback = os.path.join(options.fallback_path, options.fallback_file)
        self._limit = Limit(options.max_dynamic_files)
        self._stamp(options.path + options.file, 0)

    def action(self, reason: str) -> str:
        """What is done with records that have no file for this reason: ``error``, ``drop`` or ``fallback``."""
        return self._actions[reason]

    def sort(self, batch: Batch, now: float) -> Sorted:
        """Which records go where; ``now`` in seconds of any clock."""
        name, found = self._name_of(batch.tag), Sorted()
        for place, (record, moment) in enumerate(zip(batch.records, batch.times, strict=True)):
            try:
                path = name(record, moment // NANOSECONDS)
                if path not in found.files and not self._limit.admits(path, now):
                    raise Unfit(LIMIT_REACHED)
            except Unfit as unfit:
                self.refuse(found, str(unfit), [place])
            else:
                found.files.setdefault(path, []).append(place)
        return found

    def refuse(self, found: Sorted, reason: str, places: list[int]) -> None:
        """These records have no file for this reason; add them where they go instead."""
        if self.action(reason) == "fallback":
            found.files.setdefault(self.fallback, []).extend(places)
        else:
            found.without.setdefault(reason, []).extend(places)

    def _name_of(self, tag: str) -> Callable[[Record, int], str]:
        path, file = self._path.pieces(tag), self._file.pieces(tag) or [file_name(tag)]

        def name(record: Record, second: int) -> str:
            below = "".join([self._text(piece, record, second, _NOT_IN_PATH) for piece in path])
            last = "".join([self._text(piece, record, second, _NOT_IN_FILE) for piece in file])
            directory = self._stamp(self.directory, second)
            return _joined(directory, below, last)

        if any(callable(piece) for piece in [*path, *file]):
            return name
        of_second = lru_cache(maxsize=2)(lambda second: name({}, second))
        return lambda record, second: of_second(second)

    def _text(self, piece: _Piece, record: Record, second: int, refused: re.Pattern[str]) -> str:
        if isinstance(piece, str):
            return self._stamp(piece, second)
        value: Any = piece(record)
        if value is MISSING:
            raise Unfit(MISSING_FIELD)
        text = text_of(value)
        if refused.search(text):
            raise Unfit(UNSAFE)
        return text

    def _stamp(self, text: str, second: int) -> str:
        """The fixed text with the time filled in, in UTC. Records come in runs of the same second."""
        if not self._times or "%" not in text:
            return text
        last, made = self._stamps.get(text, (-1, ""))
        if last != second:
            made = time.strftime(text, time.gmtime(min(max(second, 0), _LAST_SECOND)))
            self._stamps[text] = second, made
        return made


def _fixed_directory(path: str) -> str:
    """The beginning of Path that ends before the ``/`` before the first field."""
    at = path.find("$")
    if at < 0:
        return path
    directory = path[: max(path.rfind("/", 0, at), 0)]
    if not at or (path.startswith("/") and not directory.strip("/")):
        raise ValueError(f"path '{path}' needs a directory in front of its first field, which no record leaves")
    return directory


def _joined(directory: str, below: str, last: str) -> str:
    """The path, where it leads nowhere but down. Raises Unfit."""
    parts = f"{below}/{last}".split("/")
    if not parts[-1] or "." in parts or ".." in parts or (below.startswith("/") and not directory):
        raise Unfit(UNSAFE)
    made = f"{directory}{below}/{last}" if directory or below else last
    try:
        raw = made.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise Unfit(UNSAFE) from None
    if len(raw) > _PATH_MAX or max(map(len, raw.split(b"/"))) > NAME_MAX:
        raise Unfit(UNSAFE)
    return made


class Limit:
    """How many files records may name; one that has got nothing for an hour counts no more. 0: any number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._used: OrderedDict[str, float] = OrderedDict()

    def admits(self, path: str, now: float) -> bool:
        """Whether this file may be written to, and from now on counts."""
        if not self._most:
            return True
        if path not in self._used and len(self._used) >= self._most:
            oldest, used = next(iter(self._used.items()))
            if now - used < FORGET_SECONDS:
                return False
            del self._used[oldest]
        self._used[path] = now
        self._used.move_to_end(path)
        return True
