"""The edit of a classic configuration."""

from __future__ import annotations

from outrider.formats.classic import Document
from outrider.launcher.arguments import Change
from outrider.model.errors import UserError


def apply_changes(document: Document, changes: list[Change]) -> list[str]:
    """Make the changes in every section of their kind, in order; add ``[SERVICE]`` if it is needed.

    Names that Fluent Bit takes for a kind, such as ``[IN]``, count. Gives what the user may want to know, one sentence
    each. Raises UserError for a key or value that the language cannot hold.
    """
    notes: list[str] = []
    for change in changes:
        sections = document.of_kind(change.kind)
        try:
            if not sections and change.kind == "service":
                document.add_section("SERVICE", [(change.key, change.value)])
                continue
            for section in sections:
                count = sum(entry.key == change.key.lower() for entry in section.entries)
                if count > 1:
                    notes.append(f"{section.place}: {change.key} was there {count} times, now it is there once")
                section.set(change.key, change.value)
        except ValueError as error:
            raise UserError(f"cannot set {change.key!r} to {change.value!r}: {error}") from error
        if not sections:
            notes.append(f"no [{change.kind.upper()}] section takes {change.key} {change.value}")
    return notes
