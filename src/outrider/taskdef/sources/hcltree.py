"""Resources in HCL, Terraform's language, with the position of every value.

Read are resources of the types that are asked for; everything else is skipped whole. A value is what a literal
says; every other expression is ``UNKNOWN``. A call of one of ``CALLS`` is ``UNKNOWN`` too, with its first argument as
a member under the function's name. Blocks of one type are an array, as in the JSON of Terraform's plans.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from outrider.taskdef.jsontree import DEPTH_LIMIT, Node, Value, place_of
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.sources.hcltokens import END, LINE, Token, Words, read_tokens
from outrider.taskdef.sources.nodes import array, obj

RESOURCE: Final = "aws_ecs_task_definition"
CALLS: Final = ("jsonencode", "file", "templatefile")
SIZE_LIMIT: Final = 1024 * 1024
"""Longest text in characters."""

_CONSTANTS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None}
_PAIRS: Final = {"{": "}", "[": "]", "(": ")"}
_IN_BODY: Final = (LINE, "}", END)
_IN_OBJECT: Final = (LINE, ",", "}")
_IN_ARRAY: Final = (",", "]")
_IN_CALL: Final = (",", ")", "...")


def read_tree(text: str, file: str) -> Node:
    """The bodies of the task definitions in ``text``, by their names. Raises UserError with line and column."""
    root = read_resources(text, file, (RESOURCE,))
    return obj(root, {address.partition(".")[2]: body for address, (_, body) in root.members.items()})


def read_resources(text: str, file: str, types: Collection[str]) -> Node:
    """The bodies of the resources of these types, by ``TYPE.NAME``. Raises UserError with line and column."""
    if len(text) > SIZE_LIMIT:
        Words(text, file).fail(f"longer than {SIZE_LIMIT} characters", 0, "give a smaller file")
    return _Reader(text, file, types).resources()


class _Reader(Words):
    def __init__(self, text: str, file: str, types: Collection[str]) -> None:
        super().__init__(text, file)
        self.types = types
        self.tokens = read_tokens(text, file)
        self.at = 0

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def step(self) -> Token:
        """The token here; goes on to the next one, but not behind the last."""
        token = self.here
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def seen(self, token: Token) -> str:
        if token.is_sign(END):
            return "the end of the file"
        return "the end of the line" if token.is_sign(LINE) else repr(self.text[token.start : token.end][:20])

    def pass_lines(self) -> None:
        while self.here.is_sign(LINE):
            self.step()

    def resources(self) -> Node:
        found: dict[str, Node] = {}
        self.pass_lines()
        while not self.here.is_sign(END):
            start = self.step()
            if start.kind != "name":
                self.fail(f"a block was expected, {self.seen(start)} found", start.start, 'write resource "…" "…" {…}')
            if self.here.is_sign("="):
                self.step()
                self.expression(_IN_BODY, 0)
            else:
                self.block(start, found)
            self.end_of_line()
        return obj(Node(0, len(self.text), {}), found)

    def block(self, start: Token, found: dict[str, Node]) -> None:
        """A block of the file, behind its type."""
        labels = self.labels()
        if start.value != "resource" or len(labels) != 2 or labels[0] not in self.types:
            self.skip_block()
            return
        address = ".".join(labels)
        if address in found:
            first = place_of(self.text, found[address].start, self.file).line
            self.fail(f'"{labels[1]}" is there twice, first in line {first}', start.start, "rename one of them")
        body = self.body(0)
        found[address] = Node(start.start, body.end, body.value, members=body.members)

    def labels(self) -> list[str]:
        """What stands between a block's type and its brace, which is the next token then."""
        found: list[str] = []
        while self.here.kind in ("name", "text"):
            token = self.step()
            found.append(token.value if isinstance(token.value, str) else "")
        if not self.here.is_sign("{"):
            self.fail(f"'=' or '{{' was expected, {self.seen(self.here)} found", self.here.start, "write one of them")
        return found

    def end_of_line(self) -> None:
        if not self.here.is_sign(LINE, END):
            self.fail(
                f"the end of the line was expected, {self.seen(self.here)} found", self.here.start, "begin a new line"
            )
        self.pass_lines()

    def skip_block(self) -> None:
        start = self.step()
        self.skip(("}",))
        if self.here.is_sign(END):
            self.fail("'{' is not closed", start.start, "close it with '}'")
        self.step()

    def skip(self, stops: tuple[str, ...]) -> int:
        """Go on to the first of these signs that stands in no bracket; the end of what was passed."""
        waiting: list[str] = []
        end = self.here.start
        while (waiting or not self.here.is_sign(*stops)) and not self.here.is_sign(END):
            token = self.step()
            end = token.end
            if token.is_sign(*_PAIRS):
                waiting.append(_PAIRS[token.value])
            elif token.is_sign(*_PAIRS.values()) and token.value != (waiting.pop() if waiting else ""):
                fix = "remove it, or write what is missing before it"
                self.fail(f"{self.seen(token)} was not expected", token.start, fix)
        return end

    def body(self, depth: int) -> Node:
        """A block's attributes and blocks, from its brace on."""
        start = self.step()
        attributes: dict[str, tuple[int, Node]] = {}
        blocks: dict[str, list[Node]] = {}
        self.pass_lines()
        while not self.here.is_sign("}"):
            name = self.step()
            if name.kind != "name":
                end = name.is_sign(END)
                fix = "close it with '}'" if end else "write name = value, or a block"
                self.fail(f"an attribute was expected, {self.seen(name)} found", name.start, fix)
            if self.here.is_sign("="):
                self.step()
                if name.value in attributes:
                    self.fail(f'"{name.value}" is written twice in one block', name.start, "remove one of them")
                attributes[name.value] = (name.start, self.expression(_IN_BODY, depth + 1))
            else:
                self.inner_block(name, blocks, depth)
            if not self.here.is_sign("}"):
                self.end_of_line()
        end_of = self.step().end
        for key, found in blocks.items():
            if key in attributes:
                self.fail(f'"{key}" is an attribute and a block', found[0].start, "remove one of them")
            attributes[key] = (found[0].start, array(Node(found[0].start, found[-1].end, []), found))
        value = {key: node.value for key, (_, node) in attributes.items()}
        return Node(start.start, end_of, value, members=attributes)

    def inner_block(self, name: Token, blocks: dict[str, list[Node]], depth: int) -> None:
        labels = self.labels()
        if depth >= DEPTH_LIMIT:
            self.fail(f"more than {DEPTH_LIMIT} levels of nesting", name.start, "nest less deeply")
        if name.value == "dynamic" and labels:  # as many blocks as an expression says
            self.skip_block()
            blocks.setdefault(labels[0], []).append(Node(name.start, self.tokens[self.at - 1].end, UNKNOWN))
        else:
            found = self.body(depth + 1)
            blocks.setdefault(name.value, []).append(Node(name.start, found.end, found.value, members=found.members))

    def expression(self, stops: tuple[str, ...], depth: int) -> Node:
        """A value up to one of these signs."""
        if depth > DEPTH_LIMIT:
            self.fail(f"more than {DEPTH_LIMIT} levels of nesting", self.here.start, "nest less deeply")
        lines = LINE not in stops
        if lines:
            self.pass_lines()
        first, mark = self.here, self.at
        if first.is_sign(*stops):
            self.fail(f"a value was expected, {self.seen(first)} found", first.start, "write a value")
        node = self.operand(depth)
        if lines:
            self.pass_lines()
        if node is None or not self.here.is_sign(*stops):
            if node is None:
                self.at = mark
            end = self.skip(stops)
            node = Node(first.start, end, UNKNOWN)
        if not self.here.is_sign(*stops):
            self.fail("the file ends in a value", first.start, "close what is open")
        return node

    def operand(self, depth: int) -> Node | None:
        """A literal, or a call that is known; None for anything else, of which some tokens may have been passed."""
        token = self.step()
        if token.kind in ("text", "number"):
            return Node(token.start, token.end, token.value)
        if token.kind == "name":
            if token.value in _CONSTANTS:
                return Node(token.start, token.end, _CONSTANTS[token.value])
            return self.call(token, depth) if token.value in CALLS and self.here.is_sign("(") else None
        if token.is_sign("-") and self.here.kind == "number":
            number = self.step()
            return Node(token.start, number.end, -number.value)
        if token.is_sign("[", "{"):
            self.pass_lines()
            if self.here.kind == "name" and self.here.value == "for" and self.tokens[self.at + 1].kind == "name":
                return None
            return self.array(token, depth) if token.is_sign("[") else self.object(token, depth)
        return None

    def call(self, name: Token, depth: int) -> Node:
        self.step()
        arguments: list[Node] = []
        self.pass_lines()
        while not self.here.is_sign(")"):
            arguments.append(self.expression(_IN_CALL, depth + 1))
            if self.here.is_sign(",", "..."):
                self.step()
                self.pass_lines()
        members = {name.value: (arguments[0].start, arguments[0])} if arguments else {}
        return Node(name.start, self.step().end, UNKNOWN, members=members)

    def array(self, start: Token, depth: int) -> Node:
        items: list[Node] = []
        while not self.here.is_sign("]"):
            items.append(self.expression(_IN_ARRAY, depth + 1))
            if self.here.is_sign(","):
                self.step()
                self.pass_lines()
        return array(Node(start.start, self.step().end, []), items)

    def object(self, start: Token, depth: int) -> Node:
        """An object; one with a name that is an expression is open as a whole. The last of equal names counts."""
        members: dict[str, tuple[int, Node]] = {}
        known = True
        while not self.here.is_sign("}"):
            mark = self.at
            key = self.step()
            if key.kind == "sign" or not self.here.is_sign("=", ":") or key.value is UNKNOWN:
                self.at, known = mark, False
                self.skip(("=", ":"))
            if not self.step().is_sign("=", ":"):
                self.fail("a name and '=' were expected, the file ends", start.start, "close it with '}'")
            node = self.expression(_IN_OBJECT, depth + 1)
            if known:
                members[str(key.value)] = (key.start, node)
            if self.here.is_sign(","):
                self.step()
            self.pass_lines()
        end = self.step().end
        if not known:
            return Node(start.start, end, UNKNOWN)
        return Node(start.start, end, {key: node.value for key, (_, node) in members.items()}, members=members)
