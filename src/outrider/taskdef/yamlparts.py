"""YAML as it is written: where each value stands and in which style, for edits that keep the rest.

Unlike ``yamltree`` this tells aliases, anchors, tags and quotes, and nothing of what values mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

_COLON: Final = re.compile(r"[ \t]*:")


class Kind(Enum):
    """How a value is written."""

    BLOCK = "in lines"
    FLOW = "in brackets"
    SCALAR = "scalar"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True)
class Part:
    """A value that is written from ``start``, its anchor and tag included, to before ``end``.

    The last line end of a block scalar is not in it. ``inner`` follows the opening bracket. ``keys`` are those of a
    map, ``items`` its values, or those of a list. ``anchor`` of an alias is the one that it names.
    """

    start: int
    end: int
    kind: Kind
    is_map: bool = False
    quote: str = ""
    tag: str = ""
    anchor: str = ""
    inner: int = 0
    keys: tuple[tuple[str, Part], ...] = ()
    items: tuple[Part, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it is a map or a list."""
        return self.kind in (Kind.BLOCK, Kind.FLOW)

    def begins(self, at: int) -> int:
        """Where the member or item at this position begins, its key included."""
        return self.keys[at][1].start if self.is_map else self.items[at].start

    def at(self, step: str | int) -> int | None:
        """The position of a member or item."""
        if self.is_map:
            return next((at for at, (name, _) in enumerate(self.keys) if name == step), None)
        return step if isinstance(step, int) and step < len(self.items) else None

    def walk(self) -> Iterator[Part]:
        """It and everything in it."""
        yield self
        for _, key in self.keys:
            yield from key.walk()
        for item in self.items:
            yield from item.walk()


def read_parts(text: str) -> list[Part]:
    """The documents of ``text``, which is known to be YAML, and to begin with no byte order mark."""
    import yaml

    events = yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    reader = _Reader(text, events)
    begins = (event for event in reader.events if isinstance(event, yaml.DocumentStartEvent))
    return [reader.part(next(reader.events)) for _ in begins]


class _Reader:
    def __init__(self, text: str, events: Iterator[Any]) -> None:
        self.text = text
        self.events = events

    def part(self, event: Any) -> Part:
        """What begins with an event."""
        start, end = event.start_mark.index, event.end_mark.index
        kind, anchor = type(event).__name__, event.anchor or ""
        if kind == "AliasEvent":
            return Part(start, end, Kind.ALIAS, anchor=anchor)
        tag = event.tag or ""
        if kind == "ScalarEvent":
            quote = event.style or ""
            return Part(start, self.behind(start, end, quote), Kind.SCALAR, quote=quote, tag=tag, anchor=anchor)
        keys, items, last = self.children(is_map=kind == "MappingStartEvent")
        flow = bool(event.flow_style)
        return Part(
            start,
            last.end_mark.index if flow else items[-1].end,
            Kind.FLOW if flow else Kind.BLOCK,
            kind == "MappingStartEvent",
            tag=tag,
            anchor=anchor,
            inner=end,
            keys=tuple(keys),
            items=tuple(items),
        )

    def children(self, *, is_map: bool) -> tuple[list[tuple[str, Part]], list[Part], Any]:
        """Keys, values and the event behind them."""
        keys: list[tuple[str, Part]] = []
        items: list[Part] = []
        for event in self.events:
            if type(event).__name__.endswith("EndEvent"):
                return keys, items, event
            if not is_map:
                items.append(self.part(event))
                continue
            key = self.part(event)
            keys.append((getattr(event, "value", ""), key))
            items.append(self.settled(key, self.part(next(self.events))))
        raise AssertionError("the events of YAML are balanced")

    def settled(self, key: Part, value: Part) -> Part:
        """A value of which nothing is written stands behind the colon, if there is one."""
        if value.start < value.end or value.kind is not Kind.SCALAR:
            return value
        colon = _COLON.match(self.text, key.end)
        at = colon.end() if colon else key.end
        return Part(at, at, Kind.SCALAR)

    def behind(self, start: int, end: int, quote: str) -> int:
        """Where a scalar ends. The blank lines behind a block scalar belong to it only if it keeps them."""
        if quote not in ("|", ">"):
            return end
        header = self.text[start : self.text.find("\n", start)]
        if "+" in header.partition("#")[0].rpartition(quote)[2]:
            return end - (self.text[:end].endswith("\n") + self.text[:end].endswith("\r\n"))
        return start + len(self.text[start:end].rstrip("\r\n"))
