"""YAML text to a tree of maps, lists and texts that know their line and column. Pure, and safe with any text.

Scalars stay the text that was written: what it means is the reader's business. Aliases stand for the node that they
name; tags and merge keys are refused, and size, depth and the nodes that aliases unfold to are bounded.
Needs PyYAML, which is imported when the first text is read.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from outrider.model.errors import Place, UserError

TEXT_LIMIT = 4 * 1024 * 1024
"""Longest text, in characters."""
DEPTH_LIMIT = 32
"""Most maps and lists that may stand in each other."""
NODE_LIMIT = 100_000
"""Most nodes, those that aliases repeat counted each time."""

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,100})(\.\d{1,100})?([eE][+-]?\d{1,3})?", re.ASCII)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(slots=True, eq=False)
class Scalar:
    """A text; ``plain`` where it was written without quotes and is no block."""

    text: str
    plain: bool
    place: Place
    size: int = 1


@dataclass(slots=True, eq=False)
class Listing:
    """A list."""

    place: Place
    items: list[Node] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True, eq=False)
class Mapping:
    """A map as pairs in the order of the text; a key may stand twice."""

    place: Place
    pairs: list[tuple[Scalar, Node]] = field(default_factory=list)
    size: int = 1


Node: TypeAlias = Scalar | Listing | Mapping


def text_of(node: Node, what: str) -> str:
    """The text of a node that is to be one. Raises UserError, which calls it ``what``."""
    if not isinstance(node, Scalar):
        raise UserError(f"{what} must be a text", node.place)
    return node.text


def read(text: str, file: str) -> Node | None:
    """The one document of a text; None where there is none. Raises UserError with file, line and column."""
    import yaml  # whoever has no YAML shall not pay for it

    if len(text) > TEXT_LIMIT:
        raise UserError(
            f"YAML error: the file has {len(text)} characters", Place(file), allowed=[f"up to {TEXT_LIMIT}"]
        )
    builder = _Builder(file)
    try:
        loader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:
        raise UserError(f"YAML error: {error}".replace("\n", " "), Place(file)) from error
    try:
        while loader.check_event():
            builder.take(loader.get_event(), yaml)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        context = f" ({error.context})" if error.context and error.problem else ""
        raise UserError(
            f"YAML error: {error.problem or error.context}{context}", place, fix=_remedy(text, place)
        ) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # numbers of escapes and directives beyond reason
        raise UserError(f"YAML error: {error}", Place(file, loader.line + 1, loader.column + 1)) from error
    return builder.root


def _remedy(text: str, place: Place) -> str:
    """What to do about the commonest mistakes."""
    lines = text.splitlines()
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces; YAML takes no tabs"
    if re.search(r":\s+\*", line):
        return "put quotes around a value that begins with '*'"
    if "${" in line:
        return "inside [ ] and { }, put quotes around a text with '${'"
    return ""


class _Builder:
    """Makes the tree from PyYAML's events; ``open`` are the maps and lists that are not complete."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.open: list[Listing | Mapping] = []
        self.keys: list[Scalar | None] = []
        self.anchors: dict[str, Node] = {}
        self.names: list[str | None] = []
        self.documents = 0
        self.size = 0

    def take(self, event: Any, yaml: Any) -> None:
        place = Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise UserError("YAML error: a second document begins here", place, fix="put it into a file of its own")
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor, place)
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, place, yaml)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()

    def _alias(self, name: str, place: Place) -> None:
        node = self.anchors.get(name)
        if node is None:
            raise UserError(
                f"YAML error: nothing that is complete is called '&{name}' before this line",
                place,
                found=name,
                allowed=sorted(self.anchors),
                fix="put quotes around a value that begins with '*'",
            )
        self._put(node, place, node.size)

    def _node(self, event: Any, place: Place, yaml: Any) -> None:
        if event.tag is not None:
            raise UserError(f"YAML error: the tag '{event.tag}' is not supported", place, fix="remove it")
        if isinstance(event, yaml.ScalarEvent):
            scalar = Scalar(event.value, event.style is None, place)
            self._put(scalar, place, 1)
            if event.anchor is not None:
                self.anchors[event.anchor] = scalar
            return
        if len(self.open) >= DEPTH_LIMIT:
            raise UserError(f"YAML error: maps and lists are nested more than {DEPTH_LIMIT} deep", place)
        made: Listing | Mapping = Mapping(place) if isinstance(event, yaml.MappingStartEvent) else Listing(place)
        self._put(made, place, 1)
        self.open.append(made)
        self.keys.append(None)
        self.names.append(event.anchor)
        self.anchors.pop(event.anchor, None)

    def _close(self) -> None:
        node = self.open.pop()
        self.keys.pop()
        name = self.names.pop()
        if name is not None:
            self.anchors[name] = node
        if self.open:
            self.open[-1].size += node.size - 1

    def _put(self, node: Node, place: Place, size: int) -> None:
        self.size += size
        if self.size > NODE_LIMIT:
            raise UserError("YAML error: too many nodes", place, allowed=[f"{NODE_LIMIT}, repeated aliases counted"])
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.size += size
        if isinstance(parent, Listing):
            parent.items.append(node)
            return
        key, self.keys[-1] = self.keys[-1], None
        if key is not None:
            parent.pairs.append((key, node))
        elif not isinstance(node, Scalar):
            raise UserError("YAML error: a key must be a text", place)
        elif node.plain and node.text == "<<":
            raise UserError("YAML error: merge keys are not supported", place, fix="write the keys out")
        else:
            self.keys[-1] = node


def plain(node: Node) -> Any:
    """A node as JSON would have it: unquoted numbers, ``true``, ``false`` and ``null`` are no texts."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.pairs}
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    if not node.plain:
        return node.text
    if node.text in _WORDS:
        return _WORDS[node.text]
    number = _NUMBER.fullmatch(node.text)
    if number is None:
        return node.text
    if not number[1] and not number[2] and -(2**63) <= int(node.text) < 2**64:
        return int(node.text)
    value = float(node.text)
    return node.text if math.isinf(value) else value
