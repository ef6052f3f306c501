"""YAML read strictly, with the position of every value: the same tree as JSON gives.

Tags are kept: CloudFormation's short forms (``!Ref x``) read as the long ones (``{"Ref": "x"}``), others are refused.
A key that stands twice is an error, as in JSON. Needs PyYAML, which is imported when the first file is read.
"""

from __future__ import annotations

from typing import Any, Final

from outrider.formats.yaml_depth import check_depth
from outrider.model.errors import Place, UserError
from outrider.taskdef.jsontree import DEPTH_LIMIT, Node, place_of

SIZE_LIMIT: Final = 1024 * 1024
"""Longest text in characters; CloudFormation takes templates up to a mebibyte."""
NODE_LIMIT: Final = 100_000
"""Most values, those that aliases repeat counted each time."""

_BOM: Final = "\ufeff"
_PLAIN: Final = "tag:yaml.org,2002:"
_CONSTANTS: Final = frozenset(_PLAIN + kind for kind in ("int", "float", "bool", "null"))
_TEXTS: Final = frozenset(_PLAIN + kind for kind in ("str", "timestamp", "value", "binary"))
_SHORT: Final = frozenset(
    [
        *("Base64", "Cidr", "FindInMap", "GetAtt", "GetAZs", "ImportValue", "Join", "Select", "Split", "Sub"),
        *("Transform", "And", "Equals", "If", "Not", "Or", "ToJsonString", "Length"),
    ]
)
"""Functions of CloudFormation that have a short form, beside Ref and Condition."""


def read_tree(text: str, file: str, *, merge: bool = False) -> Node:
    """The one document of ``text``. Raises UserError with line and column. ``merge``: ``<<`` puts other maps in."""
    first, *others = read_trees(text, file, merge=merge)
    if others:
        place = place_of(text, others[0].start, file)
        raise UserError("not YAML: one document was expected, another one begins", place, fix="give one document")
    return first


def read_trees(text: str, file: str, *, merge: bool = False) -> list[Node]:
    """The documents of ``text``, one at least. Raises UserError with line and column."""
    import yaml

    if len(text) > SIZE_LIMIT:
        raise UserError(f"{file} is longer than {SIZE_LIMIT} characters", fix="give a smaller file")
    plain = text.removeprefix(_BOM)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(plain)
    try:
        check_depth(plain, file, DEPTH_LIMIT)
        tree = _Tree(text, file, loader, merge=merge)
        found = []
        while loader.check_node():
            found.append(tree.node(loader.get_node(), 0))
        if not found:
            raise UserError("the file is empty; YAML was expected", Place(file, 1, 1), fix="give a task definition")
        return found
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        told = error.problem or error.context or "it cannot be read"
        raise UserError(f"not YAML: {told}", place, fix="see the line and the one before it") from error
    except yaml.YAMLError as error:
        raise UserError(f"not YAML: {error}", Place(file, 1, 1)) from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise UserError(f"not YAML: {type(error).__name__}", Place(file, 1, 1), fix="nest less deeply") from error
    finally:
        loader.dispose()


class _Tree:
    def __init__(self, text: str, file: str, loader: Any, *, merge: bool) -> None:
        self.text = text
        self.file = file
        self.loader = loader
        self.merge = merge
        self.count = 0
        self.before = len(_BOM) if text.startswith(_BOM) else 0

    def at(self, mark: Any) -> int:
        """The letter of a mark; the loader's text has no byte order mark."""
        return self.before + int(mark.index)

    def fail(self, message: str, offset: int, fix: str) -> UserError:
        return UserError(f"not YAML: {message}", place_of(self.text, offset, self.file), fix=fix)

    def node(self, node: Any, depth: int) -> Node:
        start, end = self.at(node.start_mark), self.at(node.end_mark)
        self.count += 1
        if self.count > NODE_LIMIT:
            raise self.fail(f"more than {NODE_LIMIT} values", start, "give a smaller file, with fewer aliases")
        if depth >= DEPTH_LIMIT:
            raise self.fail(f"more than {DEPTH_LIMIT} levels of nesting", start, "nest less deeply")
        if node.tag.startswith("!"):
            return self.function(node, depth)
        if node.id == "mapping":
            return self.mapping(node, depth)
        if node.id == "sequence":
            items = tuple(self.node(item, depth + 1) for item in node.value)
            return Node(start, items[-1].end if items else end, [item.value for item in items], items=items)
        if node.tag in _CONSTANTS:
            return Node(start, end, self.loader.construct_object(node))
        if node.tag not in _TEXTS:
            raise self.fail(f"the tag {node.tag.removeprefix(_PLAIN)} is not known here", start, "remove it")
        return Node(start, end, str(node.value))

    def function(self, node: Any, depth: int) -> Node:
        """A short form, as the long one: a map of one member, which stands where the value stands."""
        name = node.tag[1:]
        start = self.at(node.start_mark)
        if name not in _SHORT and name not in ("Ref", "Condition"):
            raise self.fail(f"the tag !{name} is not known here", start, "remove it, or write the long form")
        node.tag = _PLAIN + {"mapping": "map", "sequence": "seq"}.get(node.id, "str")
        inner = self.node(node, depth + 1)
        key = name if name in ("Ref", "Condition") else f"Fn::{name}"
        return Node(start, inner.end, {key: inner.value}, members={key: (start, inner)})

    def mapping(self, node: Any, depth: int) -> Node:
        members: dict[str, tuple[int, Node]] = {}
        merged: dict[str, tuple[int, Node]] = {}
        for key, value in node.value:
            at = self.at(key.start_mark)
            if key.id != "scalar":
                raise self.fail("a key must be a text", at, "write a text before the colon")
            if key.value == "<<" and key.tag == _PLAIN + "merge":
                merged = {**self.others(value, at, depth), **merged}
                continue
            if key.value in members:
                first = place_of(self.text, members[key.value][0], self.file).line
                raise self.fail(f'"{key.value}" is written twice in one map, first in line {first}', at, "remove one")
            members[key.value] = (at, self.node(value, depth + 1))
        start = self.at(node.start_mark)
        end = max([child.end for _, child in members.values()], default=self.at(node.end_mark))
        end = self.at(node.end_mark) if node.flow_style else end
        members = {**merged, **members}
        return Node(start, end, {key: child.value for key, (_, child) in members.items()}, members=members)

    def others(self, value: Any, at: int, depth: int) -> dict[str, tuple[int, Node]]:
        """The members of the map, or the maps of a list, that a merge key puts in; the first of equal ones counts."""
        if not self.merge:
            raise self.fail("merge keys are not supported", at, "write the keys out")
        found: dict[str, tuple[int, Node]] = {}
        for one in value.value if value.id == "sequence" else [value]:
            if one.id != "mapping":
                raise self.fail("a merge key takes a map, or a list of maps", at, "write *name of a map")
            found = {**self.node(one, depth + 1).members, **found}
        return found
