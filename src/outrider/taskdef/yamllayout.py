"""How a value that is put into somebody's YAML file is written: as the file around it is."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from outrider.taskdef.layout import Style, is_option, rows
from outrider.taskdef.yamlparts import Kind, Part

_PLAIN: Final = re.compile(r"[A-Za-z_/](?:[A-Za-z0-9_./:@+=-]*[A-Za-z0-9_./@+=-])?")
"""Texts that need no quotes, in brackets neither, unless they are a word for another value."""
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def scalar(value: Any, quote: str) -> str:
    """A value on one line; texts plain where they may be, else in these quotes, or in double ones."""
    if isinstance(value, str):
        return value if _is_plain(value) else quoted(value, quote)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    return json.dumps(value)


def quoted(text: str, quote: str) -> str:
    """A text in these quotes, or in double ones where single ones cannot hold it."""
    if quote == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return "".join(
        letter if letter.isprintable() else _escaped(letter) for letter in json.dumps(text, ensure_ascii=False)
    )


def _escaped(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS and len(text) < 1000


def _number(value: float) -> str:
    if not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    mantissa, e, exponent = repr(value).partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}{e}{exponent}"


def short_form(value: Any, quote: str) -> str:
    """A function of CloudFormation with one argument, in its short form (``!Ref Name``); empty for anything else."""
    if not isinstance(value, dict) or len(value) != 1:
        return ""
    ((name, argument),) = value.items()
    known = name == "Ref" or name.startswith("Fn::")
    return f"!{name.removeprefix('Fn::')} {scalar(argument, quote)}" if known and isinstance(argument, str) else ""


@dataclass(frozen=True, slots=True)
class FlowStyle(Style):
    """A value in brackets. ``short`` writes CloudFormation's functions in their short form, ``strict`` quotes texts."""

    quote: str = '"'
    short: bool = False
    strict: bool = False

    def inline(self, value: Any) -> str:
        """See Style."""
        if self.short and (written := short_form(value, self.quote)):
            return written
        if isinstance(value, dict) and value:
            return "{" + self.comma.join(f"{self.inline(k)}: {self.inline(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list) and value:
            return "[" + self.comma.join(self.inline(item) for item in value) + "]"
        return quoted(value, self.quote) if self.strict and isinstance(value, str) else scalar(value, self.quote)


@dataclass(frozen=True, slots=True)
class BlockStyle:
    """``unit`` is one step of indentation, ``dashes`` how far a list's stand behind the key that holds it.

    ``short`` writes functions of CloudFormation in their short form.
    """

    unit: int
    dashes: int
    quote: str
    short: bool

    @property
    def flow(self) -> FlowStyle:
        """What is in brackets on one line."""
        return FlowStyle(None, "", ", ", ": ", self.quote, self.short)

    def beside(self, value: Any) -> str:
        """A value that stands beside its key or dash; empty for one that has lines."""
        if isinstance(value, dict | list) and value:
            return short_form(value, self.quote) if self.short else ""
        return scalar(value, self.quote)

    def lines(self, value: Any, column: int) -> list[str]:
        """A map or list that is not empty, from this column on."""
        if isinstance(value, dict):
            return [line for key, member in value.items() for line in self.member(key, member, column)]
        return [line for item in value for line in self.item(item, column, 1)]

    def member(self, key: str, value: Any, column: int) -> list[str]:
        """A member of a map. The words of a command line are in brackets, each row begins with an option."""
        head = " " * column + scalar(key, self.quote) + ":"
        if beside := self.beside(value):
            return [f"{head} {beside}"]
        if isinstance(value, list) and any(is_option(word) for word in value):
            return [head, *self.words(value, column + self.unit)]
        return [head, *self.lines(value, column + (self.unit if isinstance(value, dict) else self.dashes))]

    def words(self, value: list[Any], column: int) -> list[str]:
        """The words of a command line."""
        margin = " " * column
        found = [", ".join(self._word(word) for word in row) for row in rows(value)]
        lines = [f"{margin}{'[' if at == 0 else ' '}{row}," for at, row in enumerate(found)]
        return [*lines[:-1], lines[-1].removesuffix(",") + "]"]

    def _word(self, word: Any) -> str:
        return quoted(word, self.quote) if isinstance(word, str) else self.flow.inline(word)

    def item(self, value: Any, column: int, gap: int) -> list[str]:
        """An item of a list, ``gap`` blanks behind its dash."""
        dash = " " * column + "-" + " " * gap
        if beside := self.beside(value):
            return [dash + beside]
        first, *others = self.lines(value, len(dash))
        return [dash + first[len(dash) :], *others]


def block_style(text: str, root: Part) -> BlockStyle:
    """The style of a document: its first map in a map, list in a map and quoted text decide."""
    unit = dashes = None
    quote = ""
    short = False
    for part in root.walk():
        short = short or part.tag.startswith("!")
        quote = quote or (part.quote if part.quote in ("'", '"') else "")
        if part.kind is not Kind.BLOCK or not part.is_map:
            continue
        for (_, key), value in zip(part.keys, part.items, strict=True):
            if value.kind is not Kind.BLOCK or "\n" not in text[key.end : value.start]:
                continue
            step = column_of(text, value.start) - column_of(text, key.start)
            if value.is_map:
                unit = unit or step
            elif dashes is None:
                dashes = step
    return BlockStyle(unit or 2, (unit or 2) if dashes is None else dashes, quote or '"', short)


def flow_style(text: str, part: Part, newline: str, around: BlockStyle) -> FlowStyle:
    """The style of a map or list in brackets; in lines if it is, and with quotes around keys if it has them."""
    gaps = [text[left.end : part.begins(at)] for at, (left, _) in enumerate(pairwise(part.items), 1)]
    dense = any(gap == "," for gap in gaps)
    unit = "  " if "\n" in text[part.inner : part.end] else None
    strict = any(key.quote for one in part.walk() for _, key in one.keys)
    return FlowStyle(unit, newline, "," if dense else ", ", ": ", around.quote, around.short, strict)


def column_of(text: str, at: int) -> int:
    """How many letters stand before this one in its line."""
    return at - text.rfind("\n", 0, at) - 1
