"""A classic configuration with everything that it includes, as one list of sections.

Pure: files are reached through the ``Files`` that the caller gives. Source: Fluent Bit 5.1.1,
``src/config_format/flb_cf_fluentbit.c``.
"""

from __future__ import annotations

import os.path
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from outrider.formats.classic import Document, Faults, Include, Meta, Note, Section, parse, raise_fault
from outrider.model.errors import Place, UserError

FILE_LIMIT = 1000
"""Most files that one configuration may be made of."""


class Files(Protocol):
    """The file system, as far as a configuration needs it."""

    def read(self, path: str) -> str:
        """The text of a file; undecodable bytes as surrogate escapes, line ends untouched. Raises OSError."""

    def identity(self, path: str) -> Hashable | None:
        """What two names of one file have in common (device and inode); None where there is no such file."""

    def glob(self, pattern: str) -> list[str]:
        """The paths that match a shell pattern, in any order."""


@dataclass(slots=True)
class Loaded:
    """``sections`` and ``metas`` in the order of reading, each with the place in its own file."""

    sections: list[Section] = field(default_factory=list)
    metas: list[Meta] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)


_Items = Iterator[Section | Meta | Include]


def load(path: str, files: Files, fault: Faults = raise_fault) -> Loaded:
    """Read ``path`` and what it includes. Raises UserError, whose place is in the file where the fault is.

    With a ``fault`` that returns, only for the main file; else it is given every fault, and reading goes on.
    A path with ``*`` is a pattern, taken from the main file's folder; one without is tried as it stands, then from the
    main file's folder, also in nested files. No match and a file read twice are errors. An include does not end the
    section before it: properties that follow still belong to that section.
    """
    folder = os.path.dirname(path)
    loaded = Loaded()
    seen: set[Hashable] = set()
    waiting: list[_Items] = [_open(path, files, loaded, seen, None, fault)]
    while waiting:
        item = next(waiting[-1], None)
        if item is None:
            waiting.pop()
        elif isinstance(item, Section):
            loaded.sections.append(item)
        elif isinstance(item, Meta):
            loaded.metas.append(item)
        else:
            waiting.append(_follow(item, folder, files, loaded, seen, fault))
    return loaded


def _follow(include: Include, folder: str, files: Files, loaded: Loaded, seen: set[Hashable], fault: Faults) -> _Items:
    """The items of every file that one include names, each file opened when its turn comes."""
    try:
        paths = include_paths(include, folder, files)
    except UserError as error:
        fault(error)
        return
    for path in paths:
        try:
            items = _open(path, files, loaded, seen, include.place, fault)
        except UserError as error:
            fault(error)
            continue
        yield from items


def include_paths(include: Include, folder: str, files: Files) -> list[str]:
    """The files that an include names, in the order of reading; ``folder`` is the main file's. Raises UserError."""
    path = include.path
    beside = os.path.join(folder, path)
    if "*" in path:
        found = files.glob(beside)
        if not found:
            raise UserError(
                f"no file matches the include '{path}'", include.place, fix=f"looked for '{beside}'{_blanks(path)}"
            )
        return found
    for candidate in dict.fromkeys((path, beside)):
        if files.identity(candidate) is not None:
            return [candidate]
    places = " and ".join(f"'{candidate}'" for candidate in dict.fromkeys((path, beside)))
    raise UserError(
        f"the include '{path}' was not found",
        include.place,
        fix=f"looked for {places}{_blanks(path)}; correct the path",
    )


def _blanks(path: str) -> str:
    if path == path.strip():
        return ""
    return "; the path counts to the end of the line, blanks included: remove those at its ends"


def _open(path: str, files: Files, loaded: Loaded, seen: set[Hashable], place: Place | None, fault: Faults) -> _Items:
    identity = files.identity(path)
    if identity is None and place is None:
        raise UserError(f"could not open configuration file '{path}': there is no such file", Place(path))
    if identity in seen:
        raise UserError(
            f"Read twice: the include '{path}'", place, fix="include each file once; a file may not include itself"
        )
    seen.add(identity)
    if len(seen) > FILE_LIMIT:
        raise UserError(f"too many files are included, at '{path}'", place, allowed=[f"{FILE_LIMIT} files"])
    try:
        text = files.read(path)
    except OSError as error:
        raise UserError(f"could not read '{path}': {error.strerror or error}", place or Place(path)) from error
    document = parse(text, path, fault)
    loaded.documents.append(document)
    loaded.notes += document.notes
    items: list[Section | Meta | Include] = [*document.sections, *document.metas, *document.includes]
    items.sort(key=lambda item: item.place.line)
    return iter(items)
