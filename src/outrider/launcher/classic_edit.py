"""One classic file, and the changes to it: whatever they do not concern keeps its bytes.

Source: Fluent Bit 5.1.1. The files of ``[SERVICE]``, the scripts of ``lua`` and the lists of nodes of outputs are
tried as they stand, then from the main file's folder, like an ``@INCLUDE``; an include with ``*`` counts from that
folder only.
"""

from __future__ import annotations

from outrider.formats.classic import Entry, Include, parse
from outrider.formats.classic_load import Files, include_paths
from outrider.launcher.arguments import Change
from outrider.model.errors import Place, UserError

BESIDE_MAIN = {
    "service": ("parsers_file", "plugins_file", "streams_file"),
    "filter": ("script",),
    "output": ("upstream",),
}
"""Keys whose value is a file that may stand beside the main file."""


class ClassicFile:
    """See ``outrider.launcher.tree.ConfigFile``. Names that Fluent Bit takes for a kind, such as ``[IN]``, count."""

    includes_from_main = True

    def __init__(self, text: str, file: str) -> None:
        self._document = parse(text, file)
        self.notes = [f"{note.place}: {note.message}" for note in self._document.notes]

    @property
    def includes(self) -> list[tuple[Include, str]]:
        """In the order of the file, with the path as it is written."""
        return [(include, include.path) for include in self._document.includes]

    def find(self, include: Include, folder: str, files: Files) -> list[str]:
        """The files that an include names. Raises UserError."""
        return include_paths(include, folder, files)

    def redirect(self, include: Include, paths: list[str]) -> None:
        """Let an include name these files. Raises UserError."""
        try:
            self._document.redirect(include, paths)
        except ValueError as error:
            raise UserError(str(error), include.place) from error

    def named(self) -> list[tuple[Entry, str]]:
        """The properties that name a file which may stand beside the main file, with that name."""
        sections = [(section, BESIDE_MAIN.get(section.kind, ())) for section in self._document.sections]
        return [(entry, entry.value) for section, keys in sections for entry in section.entries if entry.key in keys]

    def rename(self, entry: Entry, path: str) -> None:
        """Give such a property another name."""
        section = next(section for section in self._document.sections if entry in section.entries)
        section.replace(entry, path)

    def set(self, change: Change) -> int:
        """Make the change in each section of its kind; the number of these sections. Raises UserError."""
        sections = self._document.of_kind(change.kind)
        for section in sections:
            count = sum(entry.key == change.key.lower() for entry in section.entries)
            if count > 1:
                self.notes.append(f"{section.place}: {change.key} was there {count} times, now it is there once")
            try:
                section.set(change.key, change.value)
            except ValueError as error:
                raise _refused(change, error) from error
        return len(sections)

    def add_service(self, change: Change) -> None:
        """Add a ``[SERVICE]`` section with this property. Raises UserError."""
        try:
            self._document.add_section("SERVICE", [(change.key, change.value)])
        except ValueError as error:
            raise _refused(change, error) from error

    def text(self) -> str:
        """The file as it is after the changes."""
        return self._document.text()


def _refused(change: Change, error: ValueError) -> UserError:
    return UserError(f"cannot set {change.key!r} to {change.value!r}: {error}", Place("command line"), key=change.key)
