"""A search for log records: what a form or an address asks, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from outrider.model.errors import UserError
from outrider.server.domain import severity
from outrider.server.domain.durations import parse_moment
from outrider.server.domain.query import Term, parse_query

MAX_LIMIT = 1000
MAX_SHOWN = 65_536
"""Characters of a message on a page of results at most (fewer on a page of more than 128 records); the rest is there
when the record is asked for alone."""
DEFAULT_RANGE = "1h"
# The store keeps times as 64 bits of nanoseconds.
_MIN_NS, _MAX_NS = -(2**61), 2**63 - 1
_PARAMETERS = ("from", "to", "host", "container", "severity", "q", "limit", "cursor")
_CURSOR = re.compile(r"(-?\d{1,19})\.(\d{1,19})\.(\d{1,10})")


class Cursor(NamedTuple):
    """The place of a record in the order of all: its time, its batch's position in the log, its number in the batch."""

    ts_ns: int
    position: int
    number: int

    def __str__(self) -> str:
        return f"{self.ts_ns}.{self.position}.{self.number}"


class Search(msgspec.Struct, frozen=True):
    """Newest first: records with ``from_ns <= ts < to_ns`` that pass every filter, behind ``after`` where it is given.

    ``host`` is an id or a name; ``container`` a part of the short name in any case, or, where it begins with ``ecs-``,
    of the whole one (``domain.containers``). Empty filters let all pass. ``severities`` are spellings in lower case.
    """

    from_ns: int
    to_ns: int
    host: str = ""
    container: str = ""
    severities: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    limit: int = 100
    after: Cursor | None = None


class LogRecord(msgspec.Struct, frozen=True):
    """A stored record. ``size`` is the length of the whole message in bytes (UTF-8)."""

    ts_ns: int
    host: str
    tag: str
    container: str
    container_id: str
    task: str
    stream: str
    severity: str
    message: str
    size: int
    attrs: dict[str, str]
    cursor: Cursor


class Page(NamedTuple):
    """Records, newest first, and whether there are more behind the last one."""

    records: list[LogRecord]
    more: bool


def parse_search(parameters: Mapping[str, str], now_ns: int) -> Search:
    """The search that these parameters ask for. Raises ``UserError`` that names the parameter."""
    for name in parameters:
        if name not in _PARAMETERS:
            raise UserError(f"unknown parameter '{name}'", found=name, allowed=_PARAMETERS)
    given = {name: value.strip() for name, value in parameters.items() if value.strip()}
    to_ns = parse_moment(given["to"], now_ns) if "to" in given else now_ns + 60 * 10**9
    from_ns = parse_moment(given.get("from", DEFAULT_RANGE), now_ns)
    if from_ns >= to_ns:
        raise UserError("'from' is not before 'to'", fix="exchange them or leave 'to' out")
    return Search(
        max(from_ns, _MIN_NS),
        min(to_ns, _MAX_NS),
        given.get("host", ""),
        given.get("container", ""),
        severity.chosen(given.get("severity", "")),
        parse_query(given.get("q", "")),
        _limit(given.get("limit", "100")),
        parse_cursor(given["cursor"]) if "cursor" in given else None,
    )


def _limit(text: str) -> int:
    limit = int(text) if re.fullmatch(r"\d{1,9}", text) else 0
    if not 1 <= limit <= MAX_LIMIT:
        raise UserError(f"'limit' is '{text}'", fix=f"a whole number from 1 to {MAX_LIMIT}")
    return limit


def parse_cursor(text: str) -> Cursor:
    """A record's place as ``str`` wrote it. Raises ``UserError``."""
    found = _CURSOR.fullmatch(text)
    if not found or not _MIN_NS <= int(found[1]) <= _MAX_NS:
        raise UserError("'cursor' is not one that a page of results gave", fix="start again without it")
    return Cursor(int(found[1]), int(found[2]), int(found[3]))
