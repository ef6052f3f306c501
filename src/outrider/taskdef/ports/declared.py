"""Security groups that a template declares: what a rule opens, as far as the template says it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from outrider.model.errors import Place
from outrider.taskdef.jsontree import Node, place_of
from outrider.taskdef.ports.groups import Group, rule_of
from outrider.taskdef.ports.rule import Rule, Sender, SenderKind

_WORDS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Written:
    """A rule as it is written at ``at``; what is None is not there."""

    at: Node
    protocol: Node | None
    first: Node | None
    last: Node | None
    senders: tuple[tuple[SenderKind, Node], ...]


@dataclass(slots=True)
class Declared:
    """The groups of a file, in its order, while they are put together."""

    text: str
    file: str
    names: dict[str, str] = field(default_factory=dict)
    rules: dict[str, list[Rule]] = field(default_factory=dict)
    doubts: dict[str, list[Place]] = field(default_factory=dict)

    def add(self, group: str, rules: Iterable[Written | Node], name: str = "") -> None:
        """Add a group, or rules to one. A ``Node`` in the place of a rule is open as a whole."""
        self.names[group] = name or self.names.get(group, "")
        kept, doubts = self.rules.setdefault(group, []), self.doubts.setdefault(group, [])
        for written in rules:
            rule = self._rule(written) if isinstance(written, Written) else None
            if rule is not None:
                kept.append(rule)
            else:
                doubts.append(self.place(written.at if isinstance(written, Written) else written))

    def groups(self) -> list[Group]:
        """All of them."""
        return [
            Group(group, name, tuple(self.rules[group]), False, tuple(self.doubts[group]))
            for group, name in self.names.items()
        ]

    def place(self, node: Node) -> Place:
        """Where something stands."""
        return place_of(self.text, node.start, self.file)

    def words(self, node: Node) -> str:
        """A value as one names it: what it is, else as it is written."""
        if isinstance(node.value, str):
            return node.value
        if isinstance(node.value, dict) and len(node.value) == 1:
            ((_, argument),) = node.value.items()
            if isinstance(argument, str):
                return argument
        return " ".join(self.text[node.start : node.end].split())[:_WORDS_MAX]

    def _rule(self, written: Written) -> Rule | None:
        """None where protocol or ports are open."""
        protocol = written.protocol.value if written.protocol is not None else None
        if isinstance(protocol, int) and not isinstance(protocol, bool):
            protocol = str(protocol)
        first, last = _number(written.first), _number(written.last)
        if not isinstance(protocol, str) or isinstance(first, str) or isinstance(last, str):
            whole = isinstance(protocol, str) and protocol in ("-1", "all")
            if not whole:
                return None
            first = last = None
        senders = tuple(Sender(kind, self.words(node)) for kind, node in written.senders)
        return rule_of(str(protocol), _port(first), _port(last), senders, self.place(written.at))


def items(node: Node | None) -> Iterator[Node]:
    """The items of a list; an open one is its own only item."""
    if node is not None and isinstance(node.value, list):
        yield from node.items
    elif node is not None:
        yield node


def _number(node: Node | None) -> int | str | None:
    """A whole number, also as a text; a text for what is open."""
    value = None if node is None else node.value
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.removeprefix("-").isdecimal() and len(text) <= 6 else "open"


def _port(number: int | str | None) -> int | None:
    return number if isinstance(number, int) else None
