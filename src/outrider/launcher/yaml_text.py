"""A YAML text as parts that know where in the text they stand.

Needs PyYAML, which is imported when the first text is read. ``outrider.formats.yaml_tree`` gives values and places; an
edit needs to know where each part begins and ends, and that an alias is not what it stands for.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, field
from typing import Any

from outrider.model.errors import Place, UserError

_DEPTH_LIMIT = 32
_MARKED = re.compile(r"(?:^|[{\[,:?-])[ \t]*\?(?:\s|#.*\n)*\Z", re.MULTILINE)
"""What stands before a key that is marked as one: ``? key``."""
_NEAR = 200


@dataclass(slots=True, eq=False)
class Part:
    """``text[start:end]``: a scalar, a list, a map or an alias; comments and blanks around it do not belong to it.

    ``parts`` are a list's items, or a map's keys and values in turn; ``flow`` says that it is written in brackets;
    ``anchor`` is its name for aliases, ``target`` what an alias stands for.
    """

    kind: str
    start: int
    end: int
    place: Place
    value: str = ""
    flow: bool = False
    anchor: str | None = None
    target: Part | None = None
    parts: list[Part] = field(default_factory=list)

    @property
    def meant(self) -> Part:
        """The part itself, or what this alias stands for."""
        return self.target or self

    def pairs(self) -> list[tuple[Part, Part]]:
        """The keys and values of a map."""
        return list(zip(self.parts[::2], self.parts[1::2], strict=True))


@dataclass(slots=True)
class YamlText:
    """The root, None where there is none, and all aliases."""

    root: Part | None = None
    aliases: list[Part] = field(default_factory=list)


def read(text: str, file: str) -> YamlText:
    """The parts of a text with one document. Raises UserError for what is not YAML, with its place."""
    try:
        yaml: Any = importlib.import_module("yaml")
    except ImportError as error:
        raise UserError(
            f"{file} is YAML, and this launcher runs without PyYAML", fix="give a classic configuration, or add PyYAML"
        ) from error
    builder = _Builder(text, file, yaml)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise UserError(f"not YAML: {error.problem or error.context}", place) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # numbers of escapes and directives beyond reason
        raise UserError(f"not YAML: {error}".replace("\n", " "), Place(file)) from error
    return builder.made


class _Builder:
    """Makes the parts of PyYAML's events; ``open`` are the lists and maps that are not complete."""

    def __init__(self, text: str, file: str, yaml: Any) -> None:
        self.text = text
        self.file = file
        self.yaml = yaml
        self.made = YamlText()
        self.open: list[Part] = []
        self.anchors: dict[str, Part] = {}
        self.documents = 0

    def take(self, event: Any) -> None:
        yaml = self.yaml
        place = Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.ScalarEvent):
            # A block scalar ends where the next token begins.
            end = start + len(self.text[start:end].rstrip())
            self._put(Part("scalar", start, end, place, event.value, anchor=event.anchor))
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor, start, end, place)
        elif isinstance(event, yaml.CollectionStartEvent):
            kind = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
            self._put(Part(kind, start, end, place, flow=bool(event.flow_style), anchor=event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            part = self.open.pop()
            # One without brackets ends with its last part; its own end is where the next token begins.
            part.end = end if part.flow else part.parts[-1].end
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise UserError("not YAML: a second document begins here", place, fix="put it into a file of its own")

    def _alias(self, name: str, start: int, end: int, place: Place) -> None:
        target = self.anchors.get(name)
        if target is None:
            raise UserError(f"not YAML: nothing before this line is called '&{name}'", place)
        alias = Part("alias", start, end, place, target=target)
        self.made.aliases.append(alias)
        self._put(alias)

    def _put(self, part: Part) -> None:
        if part.anchor is not None:
            self.anchors[part.anchor] = part
        if self.open:
            above = self.open[-1]
            if above.kind == "map" and len(above.parts) % 2 == 0:
                self._check_key(part)
            above.parts.append(part)
        else:
            self.made.root = part
        if part.kind in ("list", "map"):
            self.open.append(part)
            if len(self.open) > _DEPTH_LIMIT:
                raise UserError(f"not YAML: lists and maps are nested more than {_DEPTH_LIMIT} deep", part.place)

    def _check_key(self, key: Part) -> None:
        if key.kind != "scalar":
            raise UserError("not YAML: a key must be a text", key.place)
        if _MARKED.search(self.text[max(0, key.start - _NEAR) : key.start]):
            raise UserError("keys that begin with '?' cannot be changed", key.place, fix="write 'KEY: VALUE'")
