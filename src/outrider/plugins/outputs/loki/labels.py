"""Labels and structured metadata of a record: names and where their values come from. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from outrider.formats import json
from outrider.formats.accessor import accessor
from outrider.formats.templates import Template
from outrider.model.batch import Record

_INVALID: Final = re.compile(r"[^A-Za-z0-9_]")
_WORD: Final = re.compile(r"\['((?:[^']|'(?!\]))*)'\]|\[(\d+)\]")
_DEPTH_MAX: Final = 16
Pairs = Callable[[Record], list[tuple[str, str]]]


def label_name(text: str) -> str:
    """A name that Loki takes: what is no letter, digit or underline becomes ``_``, a digit does not come first."""
    name = _INVALID.sub("_", text)
    return f"_{name}" if name[:1].isdigit() else name


def pairs_of(entries: Sequence[str]) -> list[tuple[str, str]]:
    """``NAME=TEXT`` and ``$FIELD`` entries as (name, text). Raises ValueError for others."""
    found = []
    for entry in entries:
        if entry.startswith("$"):
            found.append((name_of_field(entry), entry))
            continue
        name, sign, text = entry.partition("=")
        if not (name.strip() and sign and text.strip()):
            raise ValueError(f"'{entry}' is no label; write NAME=TEXT, NAME=$FIELD or $FIELD")
        found.append((name.strip(), text.strip()))
    return found


def name_of_field(field: str) -> str:
    """The label that ``$kubernetes['pod'][0]`` makes: ``kubernetes_pod_0``."""
    head, bracket, rest = field[1:].partition("[")
    if not head or head[0].isdigit():
        raise ValueError(f"'{field}' cannot be the name of a label")
    return label_name("_".join([head, *[word or number for word, number in _WORD.findall(bracket + rest)]]))


def map_entries(tree: Any, path: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The entries of a label map: fields, nested, to names. Raises ValueError for what is none."""
    if isinstance(tree, str) and path:
        first, *rest = path
        return [(tree, f"${first}" + "".join([f"['{word}']" for word in rest]))]
    if not isinstance(tree, dict) or len(path) > _DEPTH_MAX:
        raise ValueError("a label map holds maps of names")
    return [entry for key, member in tree.items() for entry in map_entries(member, (*path, key))]


class Reader:
    """Names and values for records of one tag after another."""

    def __init__(self, entries: Iterable[tuple[str, str]], maps: Sequence[str] = (), *, clean: bool = False) -> None:
        self._entries = [(name, Template(text)) for name, text in entries]
        self._maps = [accessor(text) for text in maps]
        self._clean = clean
        self.of_record = bool(self._maps) or any(template.of_record for _, template in self._entries)

    def bind(self, tag: str) -> Pairs:
        """Pairs of each record; a name without a value is left out, of two of a name the last one stands."""
        composed = [(name, template.bind(tag)) for name, template in self._entries]
        if not self._maps:
            return lambda record: [(name, text) for name, compose in composed if (text := compose(record, None))]

        def read(record: Record) -> list[tuple[str, str]]:
            found = {name: text for name, compose in composed if (text := compose(record, None))}
            for get in self._maps:
                members = get(record)
                if isinstance(members, dict):
                    found |= {
                        (label_name(key) if self._clean else key): _text(value)
                        for key, value in members.items()
                        if isinstance(key, str) and (isinstance(value, str) or not self._clean)
                    }
            return list(found.items())

        return read


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.encode(value).decode()
