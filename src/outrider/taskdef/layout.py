"""How a value that is put into somebody's file is written: as the file around it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from outrider.taskdef.jsontree import Node

_INLINE = 80
"""Longest object or array, in characters, that is written on one line of a file that has lines."""


@dataclass(frozen=True, slots=True)
class Style:
    """``unit`` is one step of indentation, None if the file is one line; the others are what stands between things."""

    unit: str | None
    newline: str
    comma: str
    colon: str

    def inline(self, value: Any) -> str:
        """``value`` on one line."""
        return json.dumps(value, ensure_ascii=False, separators=(self.comma, self.colon))

    def lay_out(self, value: Any, indent: str, *, expand: bool = False) -> str:
        """``value`` as it follows a line that begins with ``indent``; ``expand`` gives each of its members a line.

        The words of a command line are grouped: each row begins with an option.
        """
        line = self.inline(value)
        if self.unit is None or not isinstance(value, (dict, list)) or not value:
            return line
        inner = indent + self.unit
        if isinstance(value, list) and any(is_option(word) for word in value):
            return self._lines("[]", [self.comma.join(self.inline(w) for w in row) for row in rows(value)], indent)
        if not expand and len(line) <= _INLINE and _depth(value) <= 2:
            return line
        if isinstance(value, dict):
            parts = [self.inline(key) + self.colon + self.lay_out(item, inner) for key, item in value.items()]
            return self._lines("{}", parts, indent)
        return self._lines("[]", [self.lay_out(item, inner) for item in value], indent)

    def _lines(self, brackets: str, parts: list[str], indent: str) -> str:
        start = f"{self.newline}{indent}{self.unit}"
        return brackets[0] + start + f",{start}".join(parts) + self.newline + indent + brackets[1]


def style_of(text: str, root: Node) -> Style:
    """The style of a file: its first nested line, its first comma and its first colon decide."""
    newline = "\r\n" if "\r\n" in text else "\n"
    return Style(_unit(text, root), newline, _comma(text, root), _colon(text, root))


def line_indent(text: str, offset: int) -> str:
    """The blanks that begin the line of a character."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str, node: Node) -> str | None:
    for start, child in node.children():
        parent, own = line_indent(text, node.start), line_indent(text, start)
        if "\n" in text[node.start : start] and len(own) > len(parent) and own.startswith(parent):
            return own[len(parent) :]
        found = _unit(text, child)
        if found is not None:
            return found
    return "    " if "\n" in text[node.start : node.end] else None


def _comma(text: str, root: Node) -> str:
    """A comma and, if the file's first comma on a line has one, a blank; a file of many lines gets one anyway."""
    for node in _nodes(root):
        children = node.children()
        for (_, left), (start, _) in pairwise(children):
            gap = text[left.end : start]
            if "\n" not in gap:
                return ", " if gap.endswith((" ", "\t")) else ","
    return ", " if "\n" in text[root.start : root.end] else ","


def _colon(text: str, root: Node) -> str:
    for node in _nodes(root):
        for start, child in node.members.values():
            between = text[start : child.start]
            return ": " if between.endswith((" ", "\t")) else ":"
    return ": "


def _nodes(root: Node) -> list[Node]:
    return [root, *(node for _, child in root.children() for node in _nodes(child))]


def _depth(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if items is None else 1 + max((_depth(item) for item in items), default=0)


def is_option(word: Any) -> bool:
    """Whether a word of a command line is an option."""
    return isinstance(word, str) and word.startswith("-") and len(word) > 1


def rows(words: list[Any]) -> list[list[Any]]:
    """The words of a command line in rows, each of which begins with an option."""
    rows: list[list[Any]] = []
    for word in words:
        if rows and not is_option(word):
            rows[-1].append(word)
        else:
            rows.append([word])
    return rows
