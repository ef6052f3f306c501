"""``-o NAME -h``: a plugin's options, and the keys that every plugin of its kind has."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin

from outrider.cli.schema import CORES
from outrider.model.errors import Place
from outrider.pipeline import options, registry


def plugin_help(kind: str, name: str, place: Place) -> str:
    """The text. Raises UserError for a name that no plugin has."""
    plugin = registry.plugin_class(kind, name, place)
    lines = [f"{kind} plugin '{name}': {(plugin.__doc__ or '').strip()}"]
    article = "an" if kind[0] in "aeiou" else "a"
    for title, declared in (
        ("options", plugin.Options),
        (f"keys of {article} {kind}, whatever its plugin", CORES[kind]),
    ):
        told = [_line(entry) for key, entry in options.declared(declared).items() if key == entry.key]
        lines += ["", f"{title}:", *told] if told else []
    return "\n".join(lines) + "\n"


def _line(entry: options.Declared) -> str:
    notes = []
    choices = _choices(entry.kind)
    if not set(choices) <= set(re.findall(r"[\w-]+", entry.help)):
        notes.append(f"one of {', '.join(choices)}")
    if entry.aliases:
        notes.append(f"also {', '.join(entry.aliases)}")
    if entry.default not in ("", None, ()):
        notes.append(f"default: {_text(entry.default)}")
    said = f"  {entry.key:34} {entry.help}"
    return f"{said} ({'; '.join(notes)})" if notes else said


def _choices(kind: Any) -> list[str]:
    """The values that an option may have, where these can be counted."""
    literals = [part for part in (kind, *get_args(kind)) if get_origin(part) is Literal]
    return [str(choice) for literal in literals for choice in get_args(literal) if choice]


def _text(default: Any) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    return ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)
