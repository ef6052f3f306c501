"""How several lines of a file become one record. Pure.

``multiline.parser`` is the way. The two older ones are still asked for: ``Multiline On`` with ``Parser_Firstline``, and
``Docker_Mode On`` with a parser of Docker's lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from outrider.formats import words
from outrider.formats.multiline import Joined, Joiner
from outrider.formats.parser import Parser
from outrider.model.batch import Record
from outrider.model.errors import UserError
from outrider.pipeline.config.library import Library
from outrider.plugins.inputs.tail.config import Options

_SECOND: Final = 1_000_000_000


class Joins(Protocol):
    """See ``outrider.formats.multiline.Joiner``."""

    @property
    def size(self) -> int: ...
    def feed_text(self, time: int, text: str) -> list[Joined]: ...
    def flush(self, now: int) -> list[Joined]: ...
    def flush_all(self) -> list[Joined]: ...


class FirstLine:
    """A line that the parser matches begins a record; others are added to its last field, if that is text.

    Lines that belong to no record are records themselves, under ``key``. A record gets no more lines after ``timeout``
    nanoseconds, nor when it has ``limit`` characters.
    """

    def __init__(self, parser: Parser, key: str, timeout: int, limit: int) -> None:
        self._parser = parser
        self._key = key
        self._timeout = timeout
        self._limit = limit
        self._record: Record | None = None
        self._time = self._began = 0
        self._parts: list[str] = []
        self.size = 0
        """Characters that are held; at least one where a record is."""

    def feed_text(self, time: int, text: str) -> list[Joined]:
        """Take a line; gives what is complete now."""
        parsed = self._parser.parse(text)
        if parsed is not None and parsed[1]:
            given = self.flush_all()
            self._time, self._record, self._began = parsed[0] or time, parsed[1], time
            last = next(reversed(self._record.values()))
            self._parts = [last] if type(last) is str else []
            self.size = 1 + len(text)
            return given
        if self._record is None or not self._parts:
            return [*self.flush_all(), Joined(time, {self._key: text})]
        self._parts.append(text)
        self.size += len(text)
        return self.flush_all() if self.size > self._limit else []

    def flush(self, now: int) -> list[Joined]:
        """What has waited long enough."""
        return self.flush_all() if now - self._began >= self._timeout else []

    def flush_all(self) -> list[Joined]:
        """What is held."""
        record = self._record
        if record is None:
            return []
        if len(self._parts) > 1:
            record[next(reversed(record))] = "\n".join(self._parts)
        self._record, self._parts, self.size = None, [], 0
        return [Joined(self._time, record)]


def joining(options: Options, library: Library) -> tuple[Callable[[], Joins] | None, bool]:
    """Makes what joins the lines of one file, None where each is a record; and whether it holds several groups of them.

    Raises UserError.
    """
    names = [name for names in options.multiline_parser for name in words.comma_list(names)]
    if names:
        parsers = [library.multiline(name) for name in names]
        limit = library.buffer_limit
        return lambda: Joiner(parsers, limit=limit), any(parser.key_group for parser in parsers)
    if options.docker_mode_parser or (options.docker_mode and not options.parser):
        raise UserError("docker_mode needs parser, and has no docker_mode_parser", fix="use multiline.parser docker")
    if options.docker_mode:
        timeout = options.docker_mode_flush * _SECOND
        docker = replace(library.multiline("docker"), parser=library.parser(options.parser), flush_timeout=timeout)
        return lambda: Joiner([docker], limit=library.buffer_limit), True
    if not options.multiline:
        return None, False
    if not options.parser_firstline:
        raise UserError("multiline needs parser_firstline", fix="use multiline.parser, or set Parser_Firstline")
    first = library.parser(options.parser_firstline)
    timeout = max(options.multiline_flush, 1) * _SECOND
    return lambda: FirstLine(first, options.key, timeout, library.buffer_limit), False
