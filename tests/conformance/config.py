"""Checks of the classic configuration language, with includes."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable

from tests.conformance.compare import Case, differs

from outrider.formats.classic import Section, parse
from outrider.formats.classic_load import load
from outrider.model.errors import UserError


class MemoryFiles:
    """Files that exist only here; a path is its own identity."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def read(self, path: str) -> str:
        return self.texts[path]

    def identity(self, path: str) -> str | None:
        return path if path in self.texts else None

    def glob(self, pattern: str) -> list[str]:
        return fnmatch.filter(self.texts, pattern)


def _section(section: Section) -> dict[str, object]:
    return {
        "name": section.name,
        "properties": [[entry.key, entry.value] for entry in section.entries],
        "groups": [group.name for group in section.groups],
    }


def check_classic(case: Case) -> str | None:
    files = MemoryFiles({"main.conf": case["text"], **case.get("files", {})})
    try:
        loaded = load("main.conf", files)
    except UserError as error:
        return _check_error(case, error)
    if "error" in case:
        return f"no error, expected {case['error']}"
    for path, text in files.texts.items():
        if parse(text, path).text() != text:
            return f"{path} does not survive reading and writing"
    metas = [[meta.name, meta.parameter] for meta in loaded.metas]
    return differs(case["expect"], {"sections": [_section(s) for s in loaded.sections], "metas": metas})


def _check_error(case: Case, error: UserError) -> str | None:
    expected = case.get("error")
    if expected is None:
        return f"unexpected error: {error}"
    if error.place is None or expected["message"] not in str(error):
        return f"expected {expected}, got {error}"
    where = {"file": error.place.file, "line": error.place.line}
    return differs({"file": "main.conf", "line": expected["line"], **_file(expected)}, where)


def _file(expected: Case) -> Case:
    return {"file": expected["file"]} if "file" in expected else {}


CHECKS: dict[str, Callable[[Case], str | None]] = {"classic_config": check_classic}
