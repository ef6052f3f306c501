"""JSON read strictly, with the position of every value: a tree that edits and messages can point into.

RFC 8259 and nothing more: no comments, no trailing commas, no NaN. A member that is written twice in one object is an
error, because readers differ on which one counts.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

from outrider.model.errors import Place, UserError
from outrider.taskdef.shape import Unknown

DEPTH_LIMIT = 100
_BLANK = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_DIGITS_LIMIT = 1000
_BOM = "\ufeff"
_DECODER = json.JSONDecoder()

Value: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | Unknown | None


@dataclass(frozen=True, slots=True)
class Node:
    """A value that was written at ``start`` to before ``end``, in characters.

    ``members`` are those of an object in order, each name with the offset where the name begins and its value;
    ``items`` those of an array.
    """

    start: int
    end: int
    value: Value
    members: dict[str, tuple[int, Node]] = field(default_factory=dict)
    items: tuple[Node, ...] = ()

    def children(self) -> list[tuple[int, Node]]:
        """Where each member or item begins, its name included, and its value."""
        return list(self.members.values()) if self.members else [(item.start, item) for item in self.items]


def place_of(text: str, offset: int, file: str) -> Place:
    """Line and column, both from 1, of a character."""
    return Place(file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def read_tree(text: str, file: str) -> Node:
    """The value that ``text`` holds, a byte order mark before it allowed. Raises UserError with line and column."""
    reader = _Reader(text, file)
    start = reader.skip(len(_BOM) if text.startswith(_BOM) else 0)
    if start == len(text):
        reader.fail("the file is empty; JSON was expected", start, "give a task definition in JSON")
    node = reader.value(start, 0)
    rest = reader.skip(node.end)
    if rest < len(text):
        reader.fail(f"{reader.seen(rest)} follows the end of the JSON value", rest, "remove it")
    return node


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file

    def fail(self, message: str, offset: int, fix: str) -> NoReturn:
        raise UserError(f"not JSON: {message}", place_of(self.text, offset, self.file), fix=fix)

    def skip(self, offset: int) -> int:
        found = _BLANK.match(self.text, offset)
        return found.end() if found else offset

    def seen(self, offset: int) -> str:
        if offset >= len(self.text):
            return "the end of the file"
        found = _WORD.match(self.text, offset)
        return repr(found[0][:20] if found else self.text[offset])

    def value(self, offset: int, depth: int) -> Node:
        first = self.text[offset : offset + 1]
        if first in ("{", "["):
            if depth >= DEPTH_LIMIT:
                self.fail(f"more than {DEPTH_LIMIT} levels of nesting", offset, "nest less deeply")
            return self.object(offset, depth) if first == "{" else self.array(offset, depth)
        if first == '"':
            value, end = self.string(offset)
            return Node(offset, end, value)
        number = _NUMBER.match(self.text, offset)
        if number:
            return Node(offset, number.end(), self.number(number))
        word = _WORD.match(self.text, offset)
        if word and word[0] in _WORDS:
            return Node(offset, word.end(), _WORDS[word[0]])
        return self.fail(f"a value was expected, {self.seen(offset)} found", offset, self.remedy(offset))

    def remedy(self, offset: int) -> str:
        at = self.text[offset : offset + 2]
        if at[:1] in ("]", "}"):
            return "remove the comma before it, or write a value"
        if at in ("//", "/*") or at[:1] == "#":
            return "remove the comment: JSON has none"
        if at[:1] == "'":
            return "use double quotes"
        return 'write a string in double quotes, a number, true, false, null, "{" or "["'

    def number(self, found: re.Match[str]) -> int | float:
        if len(found[0]) > _DIGITS_LIMIT:
            self.fail(f"a number of {len(found[0])} digits", found.start(), "write a smaller number")
        return float(found[0]) if found[1] or found[2] else int(found[0])

    def string(self, offset: int) -> tuple[str, int]:
        try:
            value, end = _DECODER.raw_decode(self.text, offset)
        except json.JSONDecodeError as error:
            line_ends = "control character" in error.msg
            fix = 'close the string with a double quote, and write line ends as "\\n"' if line_ends else _STRING_FIX
            self.fail(
                error.msg[:1].lower() + error.msg[1:].removesuffix(" at").removesuffix(" starting at"), error.pos, fix
            )
        # A lone half of a surrogate pair has no UTF-8; like Go's reader, and so ECS's, we take it for U+FFFD.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), end

    def array(self, offset: int, depth: int) -> Node:
        items: list[Node] = []
        at = self.skip(offset + 1)
        while self.text[at : at + 1] != "]" or items:
            items.append(self.value(at, depth + 1))
            at = self.skip(items[-1].end)
            if not self.more(at, "]", items[-1].end):
                break
            at = self.skip(at + 1)
        return Node(offset, at + 1, [item.value for item in items], items=tuple(items))

    def object(self, offset: int, depth: int) -> Node:
        members: dict[str, tuple[int, Node]] = {}
        at = self.skip(offset + 1)
        while self.text[at : at + 1] != "}" or members:
            start = at
            name, at = self.name(start, members)
            at = self.skip(at)
            if self.text[at : at + 1] != ":":
                self.fail(f"':' was expected after \"{name}\", {self.seen(at)} found", at, "write a colon and a value")
            node = self.value(self.skip(at + 1), depth + 1)
            members[name] = (start, node)
            at = self.skip(node.end)
            if not self.more(at, "}", node.end):
                break
            at = self.skip(at + 1)
        return Node(offset, at + 1, {name: node.value for name, (_, node) in members.items()}, members=members)

    def name(self, at: int, members: dict[str, tuple[int, Node]]) -> tuple[str, int]:
        if self.text[at : at + 1] != '"':
            fix = self.remedy(at) if self.text[at : at + 1] in ("}", "'", "/", "#") else "put the name in double quotes"
            fix = fix if at < len(self.text) else "close it with '}'"
            self.fail(f"a member's name was expected, {self.seen(at)} found", at, fix)
        name, end = self.string(at)
        if name in members:
            first = place_of(self.text, members[name][0], self.file).line
            raise UserError(
                f'"{name}" is written twice in one object, first in line {first}',
                place_of(self.text, at, self.file),
                fix="remove one of them",
            )
        return name, end

    def more(self, at: int, close: str, after: int) -> bool:
        """Whether a comma follows; the closing bracket is the other possibility."""
        if self.text[at : at + 1] == ",":
            return True
        if self.text[at : at + 1] != close:
            # The comma is missing where the previous value ends, not where the reader noticed.
            end = at >= len(self.text)
            fix = f"close it with '{close}'" if end else f"write a comma here, or close with '{close}'"
            self.fail(f"',' or '{close}' was expected, {self.seen(at)} found", at if end else after, fix)
        return False


_STRING_FIX = "close the string with a double quote, and write a backslash as two"
