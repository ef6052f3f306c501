"""Values in Terraform's language, formatted as ``terraform fmt`` does. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WIDTH: Final = 110


@dataclass(frozen=True, slots=True)
class Expression:
    """Something that Terraform works out: ``var.name``, or a text with ``${…}`` in it and its quotes."""

    text: str


def value(of: Any, indent: int) -> str:
    """A value whose first line has begun already; its other lines begin ``indent`` further in than the margin."""
    first, *rest = _lines(of, indent)
    return "\n".join([first, *(" " * indent + line for line in rest)])


def _lines(of: Any, indent: int) -> list[str]:
    if isinstance(of, dict) and of:
        return ["{", *(f"  {line}" for line in _members(of, indent + 2)), "}"]
    if not isinstance(of, list):
        return [_scalar(of)]
    if all(not isinstance(item, dict | list) for item in of):
        texts = [_scalar(item) for item in of]
        one = f"[{', '.join(texts)}]"
        return [one] if indent + len(one) <= _WIDTH else ["[", *(f"  {line}" for line in _filled(texts, indent)), "]"]
    items = [_lines(item, indent + 2) for item in of]
    return ["[", *(f"  {line}" for item in items for line in [*item[:-1], f"{item[-1]},"]), "]"]


def _members(of: dict[str, Any], indent: int) -> Iterator[str]:
    """Names are aligned where members of one line each follow one another."""
    members = [(_key(name), _lines(member, indent)) for name, member in of.items()]
    place = 0
    while place < len(members):
        run = [name for name, _ in _single(members[place:])]
        width = max(map(len, run), default=0)
        for name, lines in members[place : place + max(len(run), 1)]:
            first, *rest = lines
            yield f"{name:{width}} = {first}"
            yield from rest
        place += max(len(run), 1)


def _single(members: list[tuple[str, list[str]]]) -> Iterator[tuple[str, list[str]]]:
    for name, lines in members:
        if len(lines) > 1:
            return
        yield name, lines


def _filled(texts: list[str], indent: int) -> Iterator[str]:
    line = ""
    for text in texts:
        if line and indent + len(line) + len(text) > _WIDTH:
            yield line.rstrip()
            line = ""
        line += f"{text}, "
    yield line.rstrip()


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else _text(name)


def _scalar(of: Any) -> str:
    if isinstance(of, Expression):
        return of.text
    return _text(of) if isinstance(of, str) else json.dumps(of)


def _text(text: str) -> str:
    """A text in which nothing is worked out."""
    return re.sub(r"[$%](?=\{)", lambda found: found[0] * 2, json.dumps(text, ensure_ascii=False))
