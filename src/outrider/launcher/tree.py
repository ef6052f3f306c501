"""A configuration as the files that it is made of: read, changed, and those written that are no longer the same.

The main file is always written. A file that it includes is written too, beside it, if its text has changed; who
includes that file then names the copy. All other files stay where they are and as they are.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from outrider.formats.classic_load import FILE_LIMIT, Files
from outrider.launcher.arguments import Change
from outrider.launcher.classic_edit import ClassicFile
from outrider.launcher.yaml_edit import EXTENSIONS, YamlFile
from outrider.model.errors import Place, UserError


class ConfigFile(Protocol):
    """One file, in either language; every method that takes a change, a path or nothing may raise UserError.

    ``includes_from_main``: what it includes counts from the main file's folder, not from its own. ``notes`` is what the
    user may want to know.
    """

    includes_from_main: bool
    notes: list[str]

    @property
    def includes(self) -> list[tuple[Any, str]]:
        """What it includes, in order: something with its ``place``, and the path as it is written."""

    def find(self, include: Any, folder: str, files: Files) -> list[str]:
        """The files that an include names, at least one, in the order of reading."""

    def redirect(self, include: Any, paths: list[str]) -> None:
        """Let an include name these files."""

    def named(self) -> list[tuple[Any, str]]:
        """The values that name a file which may stand beside the main file, with that name."""

    def rename(self, value: Any, path: str) -> None:
        """Give such a value another name."""

    def set(self, change: Change) -> int:
        """Make the change in each section of its kind; the number of these sections."""

    def add_service(self, change: Change) -> None:
        """Add a service section with this property."""

    def text(self) -> str:
        """The file as it is after the changes."""


@dataclass(slots=True, eq=False)
class Member:
    """A file: where it was read, what it includes, and where it is to be read from after the changes."""

    path: str
    original: str
    file: ConfigFile
    included: list[tuple[Any, str, list[Member]]] = field(default_factory=list)
    target: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A file to be written: the text, where it goes, and what it was made of."""

    path: str
    text: str
    original_path: str
    original: str


Name: TypeAlias = Callable[[Member, int, str], str]
"""Where the copy of a file goes, given its number (0 is the main file) and the changed text."""


def is_yaml(path: str) -> bool:
    """Whether the router reads a file of this name as YAML."""
    return path.lower().endswith(EXTENSIONS)


def read(path: str, text: str, files: Files) -> list[Member]:
    """The main file, which has this text, and after each file those that it includes. Raises UserError."""
    language = YamlFile if is_yaml(path) else ClassicFile
    main_folder = _folder_of(path)
    members = [Member(path, text, language(text, path))]
    seen: set[Hashable] = {files.identity(path)}
    for member in members:
        folder = main_folder if member.file.includes_from_main else os.path.dirname(member.path)
        for include, written in member.file.includes:
            found: list[Member] = []
            for included in member.file.find(include, folder, files):
                identity = files.identity(included)
                if identity in seen:
                    fix = "include each file once; a file may not include itself"
                    raise UserError(f"Read twice: the include '{included}'", include.place, fix=fix)
                seen.add(identity)
                if len(seen) > FILE_LIMIT:
                    allowed = [f"{FILE_LIMIT} files"]
                    raise UserError(f"too many files are included, at '{included}'", include.place, allowed=allowed)
                text = _read(included, include.place, files)
                found.append(Member(included, text, language(text, included)))
            member.included.append((include, written, found))
            members += found
    return members


def _read(path: str, place: Place, files: Files) -> str:
    try:
        return files.read(path)
    except OSError as error:
        raise UserError(f"could not read '{path}': {error.strerror or error}", place) from error


def change(members: list[Member], changes: list[Change]) -> list[str]:
    """Make the changes in every section of their kind, in order; the main file gets a service section if none has one.

    Gives what the user may want to know, one sentence each. Raises UserError.
    """
    notes: list[str] = []
    for one in changes:
        if sum([member.file.set(one) for member in members]):
            continue
        if one.kind == "service":
            members[0].file.add_service(one)
        else:
            notes.append(f"no {one.kind} section takes {one.key} {one.value}")
    return [*(note for member in members for note in member.file.notes), *notes]


def settle(members: list[Member], folder: str, name: Name, files: Files) -> list[Written]:
    """What is to be written if the main file goes to ``folder``, the main file last. Raises UserError.

    Paths that only the place of a file gives a meaning are made absolute in a copy that stands elsewhere.
    """
    written: list[Written] = []
    main_folder = _folder_of(members[0].path)
    moved = main_folder != os.path.realpath(folder)
    # A file is included by one that was read before it, so its name is known when its includer's turn comes.
    for number, member in reversed([*enumerate(members)]):
        file = member.file
        for include, _, found in member.included:
            if any(one.target != one.path for one in found):
                file.redirect(include, [os.path.abspath(one.target) for one in found])
        if moved:
            _keep_names(file, main_folder, files)
        base, leaves = main_folder, moved
        if not file.includes_from_main:
            base = os.path.dirname(os.path.abspath(member.path))
            leaves = base != os.path.realpath(folder) and (not number or file.text() != member.original)
        if leaves:
            _keep_includes(member, base, files)
        text = file.text()
        member.target = member.path if number and text == member.original else name(member, number, text)
        if member.target != member.path or not number:
            written.append(Written(member.target, text, member.path, member.original))
    return written


def _keep_names(file: ConfigFile, folder: str, files: Files) -> None:
    for value, path in file.named():
        beside = os.path.join(folder, path)
        if not os.path.isabs(path) and files.identity(path) is None and files.identity(beside) is not None:
            file.rename(value, beside)


def _keep_includes(member: Member, folder: str, files: Files) -> None:
    for include, path, found in member.included:
        if os.path.isabs(path) or any(one.target != one.path for one in found):
            continue
        if not member.file.includes_from_main or "*" in path or files.identity(path) is None:
            member.file.redirect(include, [os.path.join(folder, path)])


def _folder_of(path: str) -> str:
    """The folder in which a file really stands, which is where the router looks."""
    return os.path.dirname(os.path.realpath(path))
