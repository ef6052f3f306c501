"""The balance sheet of records.

For each input and tag:            accepted = waiting + dropped{reason} + moved{emitter} + passed
For each input, tag and output:    routed   = buffered + dropped{reason} + delivered

*waiting* records lie raw in chunks, *passed* ones left the filters and were routed to every matching output at once,
*moved* ones were taken over by a filter that emits records, whose emitter is an input of its own.
``faults`` is empty at every moment; the tests assert it after each pipeline run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct, field

ROWS_MAX: Final = 2_000
REASONS_MAX: Final = 50
OTHER_REASONS: Final = "(other reasons)"
OTHER_TAGS: Final = "(other tags)"


class Taken(Struct):
    """What an input took under one tag. ``refused`` records were received but never accepted."""

    accepted: int = 0
    waiting: int = 0
    passed: int = 0
    bytes: int = 0
    """Of accepted records, as they came."""
    dropped: Counter[str] = field(default_factory=Counter)
    moved: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


class Sent(Struct):
    """What became of the records that were routed to one output."""

    routed: int = 0
    buffered: int = 0
    delivered: int = 0
    retried: int = 0
    bytes: int = 0
    """Of delivered records, as their chunk had them."""
    errors: int = 0
    """Batches with dropped records."""
    retries: int = 0
    given_up: int = 0
    """Chunks that exhausted Retry_Limit."""
    dropped: Counter[str] = field(default_factory=Counter)


def count_reason(counter: Counter[str], reason: str, count: int) -> None:
    """Add to a reason's count; peers may word reasons, so beyond REASONS_MAX they share one."""
    reason = reason[:200]
    if reason not in counter and len(counter) >= REASONS_MAX:
        reason = OTHER_REASONS
    counter[reason] += count


class Ledger:
    """Rows by (input, tag) and (input, tag, output); beyond ROWS_MAX tags share one row."""

    def __init__(self) -> None:
        self.taken: dict[tuple[str, str], Taken] = {}
        self.sent: dict[tuple[str, str, str], Sent] = {}

    def of_input(self, source: str, tag: str) -> Taken:
        """The row of an input and tag."""
        row = self.taken.get((source, tag))
        if row is None:
            if len(self.taken) >= ROWS_MAX:
                tag = OTHER_TAGS
            row = self.taken.setdefault((source, tag), Taken())
        return row

    def of_output(self, source: str, tag: str, output: str) -> Sent:
        """The row of an input, tag and output."""
        row = self.sent.get((source, tag, output))
        if row is None:
            if len(self.sent) >= ROWS_MAX:
                tag = OTHER_TAGS
            row = self.sent.setdefault((source, tag, output), Sent())
        return row

    def faults(self) -> list[str]:
        """Rows that do not balance, as sentences."""
        found = [
            f"{source} {tag}: accepted {row.accepted} != waiting {row.waiting} + dropped {row.dropped.total()}"
            f" + moved {row.moved.total()} + passed {row.passed}"
            for (source, tag), row in self.taken.items()
            if row.accepted != row.waiting + row.dropped.total() + row.moved.total() + row.passed
        ]
        found += [
            f"{source} {tag} > {output}: routed {row.routed} != buffered {row.buffered}"
            f" + dropped {row.dropped.total()} + delivered {row.delivered}"
            for (source, tag, output), row in self.sent.items()
            if row.routed != row.buffered + row.dropped.total() + row.delivered
        ]
        return found

    def snapshot(self) -> dict[str, Any]:
        """Sums by input and by output, the rows, and whether they balance; ready for JSON."""
        inputs: dict[str, dict[str, Any]] = {}
        outputs: dict[str, dict[str, Any]] = {}
        for (source, _), taken in self.taken.items():
            row = inputs.setdefault(
                source, {"accepted": 0, "waiting": 0, "passed": 0, "dropped": {}, "moved": {}, "refused": {}}
            )
            _add(row, taken, ("accepted", "waiting", "passed"), ("dropped", "moved", "refused"))
        for (_, _, output), sent in self.sent.items():
            row = outputs.setdefault(output, {"routed": 0, "buffered": 0, "delivered": 0, "retried": 0, "dropped": {}})
            _add(row, sent, ("routed", "buffered", "delivered", "retried"), ("dropped",))
        tags = [
            {
                "input": source,
                "tag": _shown(tag),
                "accepted": row.accepted,
                "waiting": row.waiting,
                "passed": row.passed,
            }
            for (source, tag), row in self.taken.items()
        ]
        return {"balance": not self.faults(), "inputs": inputs, "outputs": outputs, "tags": tags}


def _shown(text: str) -> str:
    """Text that senders chose, for JSON: a byte that is not UTF-8 as ``\\xff``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def add_up(sheets: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The snapshots of several ledgers as one."""
    total: dict[str, Any] = {"balance": all(sheet["balance"] for sheet in sheets), "inputs": {}, "outputs": {}}
    for sheet in sheets:
        for kind in ("inputs", "outputs"):
            for name, row in sheet[kind].items():
                _add_row(total[kind].setdefault(name, {}), row)
    tags: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (row for sheet in sheets for row in sheet["tags"]):
        known = tags.setdefault((row["input"], row["tag"]), {"input": row["input"], "tag": row["tag"]})
        _add_row(known, {name: value for name, value in row.items() if name not in ("input", "tag")})
    total["tags"] = list(tags.values())
    return total


def _add_row(total: dict[str, Any], row: dict[str, Any]) -> None:
    for name, value in row.items():
        if isinstance(value, dict):
            _add_row(total.setdefault(name, {}), value)
        else:
            total[name] = total.get(name, 0) + value


def _add(row: dict[str, Any], part: Taken | Sent, numbers: tuple[str, ...], counters: tuple[str, ...]) -> None:
    for name in numbers:
        row[name] += getattr(part, name)
    for name in counters:
        for reason, count in getattr(part, name).items():
            row[name][reason] = row[name].get(reason, 0) + count
