"""Several lines to one record, as a ``[MULTILINE_PARSER]`` section defines.

A ``Joiner`` belongs to one stream of lines (a file, or a tag of an input). What it takes it gives back, joined, in the
order in which it came; it has no clock: whoever owns it calls ``flush`` from time to time and gives the time.
Source: Fluent Bit 5.1.1, ``src/multiline``. Three differences: a record that is complete is not given a second time
when the next line does not belong to it, what other parsers hold is given before the next one takes over, and a record
that reaches the limit is given (with ``multiline_truncated`` in its metadata) and goes on in another, without loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from outrider.formats.parser import Parser
from outrider.formats.regex import Regex
from outrider.model.batch import Record

START: Final = "start_state"
DEFAULT_KEY: Final = "log"
FLUSH_TIMEOUT: Final = 4_000_000_000
"""Nanoseconds after which a record gets no more lines."""
LIMIT: Final = 2 * 1024 * 1024
"""Characters of a record, as ``multiline_buffer_limit`` has it."""
GROUPS_MAX: Final = 64
TRUNCATED: Final[Record] = {"multiline_truncated": True}


class Joined(NamedTuple):
    """A record that is complete, or needs no joining."""

    time: int
    record: Record
    metadata: Record | None = None


class Rule(Struct, frozen=True):
    """In one of the ``states``, a line that fits the pattern belongs to the record and leads to the state ``to``."""

    states: tuple[str, ...]
    pattern: Regex
    to: str

    @property
    def starts(self) -> bool:
        """Whether it is for the first line of a record."""
        return START in self.states


@dataclass(slots=True)
class MultilineParser:
    """One definition. Raises ValueError for rules that lead nowhere.

    ``endswith`` and ``equal`` compare the text, or the field ``key_pattern``, with ``match_string``: a match ends the
    record (with ``negate``: no match does). ``parser`` makes fields of the text first. Lines are told apart by the
    field ``key_group``. ``key_content`` is empty where lines come as bare text: they are joined with line ends then.
    """

    name: str
    kind: Literal["regex", "endswith", "equal"]
    rules: tuple[Rule, ...] = ()
    match_string: str = ""
    negate: bool = False
    key_content: str = ""
    key_group: str = ""
    key_pattern: str = ""
    parser: Parser | None = None
    flush_timeout: int = FLUSH_TIMEOUT
    starts: tuple[Rule, ...] = field(init=False)
    following: dict[int, tuple[Rule, ...]] = field(init=False)
    """By ``id`` of a rule: which may come next, but for those that start a record."""
    complete: frozenset[int] = field(init=False)
    """The ``id`` of each rule after which a record may start, so that what is held is complete."""

    def __post_init__(self) -> None:
        self.starts = tuple(rule for rule in self.rules if rule.starts)
        if self.kind == "regex" and not (self.rules and self.rules[0].starts):
            raise ValueError(f"the first rule must be for {START}")
        if self.kind != "regex" and not self.match_string:
            raise ValueError(f"type {self.kind} needs match_string")
        known = {state for rule in self.rules for state in rule.states}
        for rule in self.rules:
            if rule.to and rule.to not in known:
                raise ValueError(f"no rule is for the state '{rule.to}'; there are: {', '.join(sorted(known))}")
        nexts = {id(rule): tuple(r for r in self.rules if rule.to in r.states) for rule in self.rules}
        self.following = {key: tuple(r for r in rules if not r.starts) for key, rules in nexts.items()}
        self.complete = frozenset(key for key, rules in nexts.items() if any(r.starts for r in rules))


class _Group:
    """What is held of one group of lines."""

    __slots__ = ("metadata", "parts", "record", "rule", "seen", "size", "time", "touched")

    def __init__(self) -> None:
        self.rule: Rule | None = None
        self.parts: list[str] = []
        self.size = 0
        self.time = 0
        self.record: Record | None = None
        self.metadata: Record | None = None
        self.touched = False
        self.seen = 0


class _Machine:
    """One parser at work on one stream; ``feed`` says whether it took the line."""

    def __init__(self, parser: MultilineParser, key_content: str, limit: int) -> None:
        self.parser = parser
        self.key = key_content or parser.key_content
        self._limit = limit
        self._groups: dict[str, _Group] = {}
        self.size = 0

    def feed(self, time: int, text: str, record: Record | None, metadata: Record | None, out: list[Joined]) -> bool:
        """Take a line; what is complete by that goes to ``out``."""
        parser = self.parser
        if parser.parser is not None:
            parsed = parser.parser.parse(text)
            if parsed is None:
                return False
            time, record = parsed[0] or time, parsed[1]
            content = record.get(self.key)
            if type(content) is not str:
                return False
            text = content
        name = record.get(parser.key_group, "") if record is not None and parser.key_group else ""
        group = self._group(name if type(name) is str else "", out)
        if parser.kind == "regex":
            return self._by_rules(group, time, text, record, metadata, out)
        pattern = record.get(parser.key_pattern) if record is not None and parser.key_pattern else None
        subject = pattern if type(pattern) is str else text
        matches = subject == parser.match_string if parser.kind == "equal" else subject.endswith(parser.match_string)
        self._add(group, time, text, record, metadata, out, line_end=record is None and not self.key)
        if matches != parser.negate:
            self.give(group, out)
        return True

    def _by_rules(
        self, group: _Group, time: int, text: str, record: Record | None, metadata: Record | None, out: list[Joined]
    ) -> bool:
        parser = self.parser
        if group.rule is not None:
            for rule in parser.following[id(group.rule)]:
                if rule.pattern.search(text) is not None:
                    break
            else:
                rule = None
            if rule is not None:
                self._add(group, time, text or "\n", record, metadata, out, line_end=bool(group.parts))
                return self._went(group, rule, out)
        for rule in parser.starts:
            if rule.pattern.search(text) is not None:
                self.give(group, out)
                self._add(group, time, text, record, metadata, out, line_end=False)
                return self._went(group, rule, out)
        return False

    def _went(self, group: _Group, rule: Rule, out: list[Joined]) -> bool:
        group.rule = rule
        if id(rule) in self.parser.complete:
            self.give(group, out)
        return True

    def _add(
        self,
        group: _Group,
        time: int,
        text: str,
        record: Record | None,
        metadata: Record | None,
        out: list[Joined],
        *,
        line_end: bool,
    ) -> None:
        if group.parts and group.size + len(text) > self._limit:
            time, metadata = group.time, group.metadata
            record = None if group.record is None else dict(group.record)
            group.metadata = {**(metadata or {}), **TRUNCATED}
            self.give(group, out)
        if not group.parts:
            group.time, group.record, group.metadata = time, record, metadata
        elif line_end and not group.parts[-1].endswith("\n"):
            group.parts.append("\n")
        group.parts.append(text)
        group.size += len(text)
        self.size += len(text)
        group.touched = True

    def _group(self, name: str, out: list[Joined]) -> _Group:
        found = self._groups.get(name)
        if found is None:
            if len(self._groups) >= GROUPS_MAX:
                self.give_all(out)
                self._groups.clear()
            found = self._groups[name] = _Group()
        return found

    def give(self, group: _Group, out: list[Joined]) -> None:
        """What a group holds is complete."""
        if not group.parts:
            return
        text = "".join(group.parts)
        record = group.record
        if record is None:
            record = {}
            text = text if self.key else _ended(text)
        record[self.key or DEFAULT_KEY] = text
        out.append(Joined(group.time, record, group.metadata))
        self.size -= group.size
        group.parts, group.size, group.record, group.metadata = [], 0, None, None

    def give_all(self, out: list[Joined]) -> None:
        """Give what all groups hold, in the order in which they began."""
        for group in self._groups.values():
            self.give(group, out)

    def give_idle(self, now: int, timeout: int, out: list[Joined]) -> None:
        """Give what has got no line since the first call that was at least ``timeout`` ago."""
        for group in self._groups.values():
            if group.touched:
                group.touched, group.seen = False, now
            elif group.parts and now - group.seen >= timeout:
                self.give(group, out)


class Joiner:
    """The lines of one stream, through one or several parsers: the one that took the last line is tried first.

    ``key_content`` overrides the parsers' own; ``limit`` is how many characters a record may have; ``flush_timeout``
    (nanoseconds) overrides the parsers' own. A line that no parser takes is given as it came, after what is held.
    """

    def __init__(
        self,
        parsers: Sequence[MultilineParser],
        *,
        key_content: str = "",
        limit: int = LIMIT,
        flush_timeout: int | None = None,
    ) -> None:
        self._machines = [_Machine(parser, key_content, limit) for parser in parsers]
        self._recent = self._machines[0]
        self._timeout = flush_timeout

    @property
    def size(self) -> int:
        """Characters that are held."""
        return sum(machine.size for machine in self._machines)

    def feed_text(self, time: int, text: str) -> list[Joined]:
        """Take a bare line, without its end; gives the records that are complete now."""
        out: list[Joined] = []
        if not self._feed(time, text, None, None, out):
            key = self._machines[0].key
            out.append(Joined(time, {key: text} if key else {DEFAULT_KEY: _ended(text)}))
        return out

    def feed(
        self, times: Sequence[int], records: Sequence[Record], metadata: Sequence[Record] | None = None
    ) -> list[Joined]:
        """Take records, which must not be used any more; gives the records that are complete now."""
        out: list[Joined] = []
        for time, record, own in zip(times, records, metadata or repeat(None, len(records)), strict=True):
            if not self._feed(time, None, record, own, out):
                out.append(Joined(time, record, own))
        return out

    def flush(self, now: int) -> list[Joined]:
        """What has waited long enough for another line. ``now`` is in nanoseconds of any one clock."""
        out: list[Joined] = []
        for machine in self._machines:
            timeout = machine.parser.flush_timeout if self._timeout is None else self._timeout
            machine.give_idle(now, timeout, out)
        return out

    def flush_all(self) -> list[Joined]:
        """Everything that is held."""
        out: list[Joined] = []
        for machine in self._machines:
            machine.give_all(out)
        return out

    def _feed(
        self, time: int, text: str | None, record: Record | None, metadata: Record | None, out: list[Joined]
    ) -> bool:
        recent = self._recent
        if self._try(recent, time, text, record, metadata, out):
            return True
        for machine in self._machines:
            if machine is not recent:
                given: list[Joined] = []
                if self._try(machine, time, text, record, metadata, given):
                    recent.give_all(out)
                    out += given
                    self._recent = machine
                    return True
        for machine in self._machines:
            machine.give_all(out)
        return False

    @staticmethod
    def _try(
        machine: _Machine,
        time: int,
        text: str | None,
        record: Record | None,
        metadata: Record | None,
        out: list[Joined],
    ) -> bool:
        if record is None:
            return machine.feed(time, text or "", None, metadata, out)
        content = record.get(machine.key or DEFAULT_KEY)
        return type(content) is str and machine.feed(time, content, record, metadata, out)


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
