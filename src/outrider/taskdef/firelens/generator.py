"""The text of a generated configuration, for Fluent Bit and for Fluentd.

Source: go-config-generator-for-fluentd-and-fluentbit, its two templates. The blanks are theirs, odd ones included.
Every block but a head include is one newline, the block, one newline. Values are raw. Keys are sorted by their bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["fluentbit", "fluentd"]


@dataclass(frozen=True, slots=True)
class Plugin:
    """An input (``tag`` is what it gives its records, if anything) or an output (``tag`` is what it matches)."""

    name: str
    tag: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grep:
    """Keep or drop, of the records that ``tag`` matches, those whose ``key`` matches ``regex``."""

    regex: str
    key: str
    tag: str


@dataclass(slots=True)
class Configuration:
    """The sections in the order in which they are written; ``head`` to ``end`` are paths to include."""

    head: list[str] = field(default_factory=list)
    inputs: list[Plugin] = field(default_factory=list)
    after_inputs: list[str] = field(default_factory=list)
    include: list[Grep] = field(default_factory=list)
    exclude: list[Grep] = field(default_factory=list)
    modify: dict[str, dict[str, str]] = field(default_factory=dict)
    after_filters: list[str] = field(default_factory=list)
    outputs: list[Plugin] = field(default_factory=list)
    end: list[str] = field(default_factory=list)

    def text(self, kind: Kind) -> str:
        """The whole file in the language of ``kind``."""
        word = _INCLUDE[kind]
        head = "".join(f"{word} {path}\n" for path in self.head)
        write = _fluentbit if kind == "fluentbit" else _fluentd
        includes = [
            [[f"{word} {path}"] for path in paths] for paths in (self.after_inputs, self.after_filters, self.end)
        ]
        blocks = write(self, *includes)
        return head + "".join("\n" + "\n".join(lines) + "\n" for lines in blocks)


_INCLUDE: dict[Kind, str] = {"fluentbit": "@INCLUDE", "fluentd": "@include"}
_Blocks: TypeAlias = list[list[str]]


def _pairs(options: Mapping[str, str], indent: int) -> Iterable[str]:
    return (f"{' ' * indent}{key} {value}" for key, value in sorted(options.items()))


def _fluentbit(c: Configuration, after_inputs: _Blocks, after_filters: _Blocks, end: _Blocks) -> _Blocks:
    return [
        *(
            ["[INPUT]", f"    Name {p.name}", *([f"    Tag {p.tag}"] if p.tag else []), *_pairs(p.options, 4)]
            for p in c.inputs
        ),
        *after_inputs,
        *(["[FILTER]", "    Name   grep", f"    Match {g.tag}", f"    Regex  {g.key} {g.regex}"] for g in c.include),
        *(["[FILTER]", "    Name   grep", f"    Match {g.tag}", f"    Exclude {g.key} {g.regex}"] for g in c.exclude),
        *(
            ["[FILTER]", "    Name record_modifier", f"    Match {tag}"]
            + [f"    Record {key} {value}" for key, value in sorted(fields.items())]
            for tag, fields in sorted(c.modify.items())
        ),
        *after_filters,
        *(["[OUTPUT]", f"    Name {p.name}", f"    Match {p.tag}", *_pairs(p.options, 4)] for p in c.outputs),
        *end,
    ]


def _fluentd(c: Configuration, after_inputs: _Blocks, after_filters: _Blocks, end: _Blocks) -> _Blocks:
    return [
        *(
            [
                "<source>",
                f"    @type {p.name}",
                *([f"    tag {p.tag}"] if p.tag else []),
                *_pairs(p.options, 4),
                "</source>",
            ]
            for p in c.inputs
        ),
        *after_inputs,
        *(_fluentd_grep(g, "regexp") for g in c.include),
        *(_fluentd_grep(g, "exclude") for g in c.exclude),
        *(
            [
                f"<filter {tag}>",
                "    @type record_transformer",
                "    <record>",
                *_pairs(fields, 8),
                "    </record>",
                "</filter>",
            ]
            for tag, fields in sorted(c.modify.items())
        ),
        *after_filters,
        *([f"<match {p.tag}>", f"    @type {p.name}", *_pairs(p.options, 4), "</match>"] for p in c.outputs),
        *end,
    ]


def _fluentd_grep(grep: Grep, element: str) -> list[str]:
    return [
        f"<filter {grep.tag}>",
        "    @type  grep",
        f"    <{element}>",
        f"        key {grep.key}",
        f"        pattern {grep.regex}",
        f"    </{element}>",
        "</filter>",
    ]
