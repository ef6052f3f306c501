"""Relative paths that a configuration names, which must still mean the same when it stands in another folder.

Source: Fluent Bit 5.1.1. ``@INCLUDE`` and the files of ``[SERVICE]`` are tried as they stand, then from the main
file's folder; an include with ``*`` from that folder only.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable

from outrider.formats.classic import Document
from outrider.model.errors import Place

_FILES = ("parsers_file", "plugins_file", "streams_file")


def keep_paths(text: str, document: Document, folder: str, exists: Callable[[str], bool]) -> tuple[str, list[str]]:
    """``text`` with the paths made absolute that only ``folder``, where it was read, gives a meaning; and those paths.

    ``document`` is ``text`` as parsed. A path that is found as it stands, or nowhere, stays.
    """
    named: list[tuple[Place, str]] = [(include.place, include.path) for include in document.includes]
    for section in document.of_kind("service"):
        named += [(entry.value_place, entry.value) for entry in section.entries if entry.key in _FILES]
    lines = text.split("\n")
    moved: list[str] = []
    for place, path in named:
        beside = os.path.join(folder, path)
        pattern = "*" in path
        if os.path.isabs(path) or path.startswith("${") or (not pattern and exists(path)):
            continue
        if pattern or exists(beside):
            line, start = lines[place.line - 1], place.column - 1
            lines[place.line - 1] = line[:start] + beside + line[start + len(path) :]
            moved.append(beside)
    return "\n".join(lines), moved
