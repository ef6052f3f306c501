"""JSON in a text of another file, with the position of every value in that file.

In a text of Terraform ``${…}`` may stand for a value or a part of one; such values are ``UNKNOWN``.
"""

from __future__ import annotations

import re
from typing import Final

from outrider.model.errors import Place, UserError
from outrider.taskdef.jsontree import Node, place_of, read_tree
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.sources.hcltokens import Words, unescaped
from outrider.taskdef.sources.nodes import array, leaf, unknown

_MARK: Final = "\ue000"
"""Stands for what a template leaves open while the JSON is read."""
_TEXT_ENDS: Final = re.compile(r'\\.|"', re.DOTALL)


def json_at(text: str, file: str, start: int, end: int) -> Node:
    """The JSON between two offsets. Raises UserError with its place in the whole text."""
    try:
        return _settled(read_tree(text[start:end], file), start, template=False)
    except UserError as error:
        raise _moved(error, text, file, start) from error


def json_template_at(text: str, file: str, start: int, end: int) -> Node:
    """The JSON between two offsets, in which templates may stand; ``UNKNOWN`` where only Terraform can tell."""
    templates = Words(text, file).templates(start, end)
    whole = Node(start, end, UNKNOWN)
    if any(text[at] == "%" for at, _ in templates):  # directives may leave out and repeat anything
        return whole
    try:
        return _settled(read_tree(_masked(text, start, end, templates), file), start, template=True)
    except UserError as error:
        if templates:
            return whole
        raise _moved(error, text, file, start) from error


def json_of(value: str, file: str, text: str, at: Node) -> Node:
    """The JSON in a string that is written with escapes: everything in it stands where the string does."""
    try:
        return _flat(read_tree(value, file), at)
    except UserError as error:
        place = place_of(text, at.start, file)
        inside = f" (in its line {error.place.line}, column {error.place.column})" if error.place else ""
        raise UserError(f"{error.message}{inside}", place, fix=error.fix) from error


def _moved(error: UserError, text: str, file: str, start: int) -> UserError:
    if error.place is None:
        return error
    first = place_of(text, start, file)
    column = error.place.column + (first.column - 1 if error.place.line == 1 else 0)
    return UserError(error.message, Place(file, first.line + error.place.line - 1, column), fix=error.fix)


def _masked(text: str, start: int, end: int, templates: list[tuple[int, int]]) -> str:
    """The text with a mark of equal length for each template: a string, or a part of the string that it is in."""
    parts: list[str] = []
    quoted, at = False, start
    for begin, behind in templates:
        before = text[at:begin]
        quoted ^= _TEXT_ENDS.findall(before).count('"') % 2 == 1
        filled = _MARK * (behind - begin)
        parts += [before, filled if quoted else f'"{filled[2:]}"']
        at = behind
    return "".join([*parts, text[at:end]])


def _settled(node: Node, offset: int, *, template: bool) -> Node:
    """The same tree further behind, with what the marks say."""
    here = Node(node.start + offset, node.end + offset, node.value)
    if isinstance(node.value, str) and template:
        return unknown(here) if _MARK in node.value else leaf(here, unescaped(node.value))
    if node.items:
        return array(here, [_settled(item, offset, template=template) for item in node.items])
    if template and any(_MARK in name for name in node.members):
        return unknown(here)
    members = {
        name: (start + offset, _settled(child, offset, template=template))
        for name, (start, child) in node.members.items()
    }
    value = {name: child.value for name, (_, child) in members.items()} if members else node.value
    return Node(here.start, here.end, value, members=members)


def _flat(node: Node, at: Node) -> Node:
    if node.items:
        return array(at, [_flat(item, at) for item in node.items])
    members = {name: (at.start, _flat(child, at)) for name, (_, child) in node.members.items()}
    return Node(at.start, at.end, node.value, members=members)
