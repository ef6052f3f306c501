"""Searches as SQL. Values are only ever written through ``literal``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from outrider.server.adapters.chdb.schema import read_settings
from outrider.server.domain import severity
from outrider.server.domain.containers import ECS_NAME, means_full_name
from outrider.server.domain.histogram import Grid
from outrider.server.domain.query import Term
from outrider.server.domain.search import MAX_SHOWN, Cursor, Search

_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\0": "\\0", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_MINUTE = 60 * 10**9
# The newest records of a long range are usually in its last minutes: look there first.
_WINDOWS = (15 * _MINUTE, 6 * 60 * _MINUTE)
# It looks at all that is found, not at a page of it, and a page is complete without it.
_HISTOGRAM_SECONDS = 2
_COUNT_SECONDS = 30
_COLUMNS = "ts, host, tag, container, container_id, task, `stream`, severity, message, attrs, pos, seq"
_TAGS = "toUnixTimestamp64Nano(ts), host, tag, container, container_id, task, `stream`, severity"
_WHOLE = f"{_TAGS}, message, length(message), attrs, pos, seq"
MAX_PAGE = 8 << 20
"""Characters of all messages on a page, and bytes of the page's records as the engine writes them."""


def literal(text: str) -> str:
    """The text as a string literal. Surrogates, which no stored text has, become question marks."""
    return "'" + text.encode("utf-8", "replace").decode().translate(_ESCAPES) + "'"


def windows(from_ns: int, to_ns: int) -> list[int]:
    """Starts of the ranges to search one after the other until the page is full; the last one is ``from_ns``."""
    return [*(to_ns - span for span in _WINDOWS if to_ns - span > from_ns), from_ns]


def search_statement(search: Search, hosts: Sequence[str] | None, from_ns: int) -> str:
    """The page and one record more, so that the reader sees whether there is another page."""
    conditions = _filters(search, hosts)
    to_ns = search.to_ns
    if search.after is not None:
        ts, position, number = search.after
        to_ns = min(to_ns, ts + 1)
        conditions.append(f"(ts < {_time(ts)} OR pos < {position} OR (pos = {position} AND seq < {number}))")
    conditions += [f"ts >= {_time(from_ns)}", f"ts < {_time(to_ns)}"]
    return (
        # Long messages are cut in the outer query, which sees one page: the inner one reads plain columns, lazily.
        f"SELECT {_shown(search.limit)} FROM (SELECT {_COLUMNS} FROM records WHERE {' AND '.join(conditions)}"
        f" ORDER BY ts DESC, pos DESC, seq DESC LIMIT {search.limit + 1})"
        " ORDER BY ts DESC, pos DESC, seq DESC" + read_settings()
    )


def _shown(limit: int) -> str:
    length = min(MAX_SHOWN, MAX_PAGE // limit)
    cut = f"if(length(message) > {length}, leftUTF8(message, {length}), message)"
    return f"{_TAGS}, {cut}, length(message), attrs, pos, seq"


def record_statement(place: Cursor) -> str:
    """One record, whole."""
    return (
        f"SELECT {_WHOLE} FROM records WHERE ts = {_time(place.ts_ns)} AND pos = {place.position}"
        f" AND seq = {place.number} LIMIT 1" + read_settings()
    )


def histogram_statement(search: Search, hosts: Sequence[str] | None, over: Grid) -> str:
    """Number of the bar, records in it, errors and worse among them; bars without records are left out."""
    conditions = [*_filters(search, hosts), f"ts >= {_time(search.from_ns)}", f"ts < {_time(search.to_ns)}"]
    return (
        f"SELECT intDiv(toUnixTimestamp64Nano(ts) - {over.start_ns}, {over.width_ns}) AS bar, count(),"
        f" countIf(lower(severity) IN ({_list(severity.chosen('error+'))})) FROM records"
        f" WHERE {' AND '.join(conditions)} GROUP BY bar ORDER BY bar" + read_settings(_HISTOGRAM_SECONDS)
    )


def _filters(search: Search, hosts: Sequence[str] | None) -> list[str]:
    conditions = []
    if hosts is not None:
        conditions.append(f"host IN ({_list(hosts)})" if hosts else "false")
    if search.container:
        conditions.append(_container(search.container))
    if search.severities:
        conditions.append(f"lower(severity) IN ({_list(search.severities)})")
    return conditions + [_term(term) for term in search.terms]


def _container(text: str) -> str:
    name = "container" if means_full_name(text) else f"replaceRegexpOne(container, {literal(ECS_NAME)}, '\\\\1')"
    return f"positionCaseInsensitiveUTF8({name}, {literal(text)}) > 0"


def containers_statement(host: str, since_ns: int) -> str:
    """Containers with their number of records and newest record."""
    of_host = f" AND host = {literal(host)}" if host else ""
    return (
        "SELECT host, container, count(), toUnixTimestamp64Nano(max(ts)) FROM records"
        f" WHERE ts >= {_time(since_ns)}{of_host} GROUP BY host, container ORDER BY host, container LIMIT 10000"
        + read_settings()
    )


def rows_statement() -> str:
    """Records in the table by host."""
    return "SELECT host, count() FROM records GROUP BY host" + read_settings(_COUNT_SECONDS)


def _time(ns: int) -> str:
    return f"fromUnixTimestamp64Nano(toInt64({ns}), 'UTC')"


def _list(texts: Iterable[str]) -> str:
    return ", ".join(map(literal, texts))


def _term(term: Term) -> str:
    parts = []
    if term.words:
        parts.append(f"hasAllTokens(message, [{_list(term.words)}])")
    if term.phrase:
        parts.append(f"position(lower(message), {literal(term.phrase)}) > 0")
    return ("NOT " if term.negated else "") + "(" + " AND ".join(parts) + ")"
