"""The rules of a file, as they stand in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from outrider.model.errors import Place

RULE_LIMIT = 65_536
"""Most characters of a rule."""


@dataclass(frozen=True, slots=True)
class Line:
    """One rule's text, its continued lines joined. ``parts`` are where each began: offset in the text, line number."""

    text: str
    file: str
    parts: tuple[tuple[int, int], ...]

    def place(self, at: int | None = None) -> Place:
        """Where offset ``at`` of the text stands in the file; without one, where the rule begins."""
        if at is None:
            return Place(self.file, self.parts[0][1])
        start, number = self.parts[bisect_right(self.parts, (at, 1 << 62)) - 1]
        return Place(self.file, number, at - start + 1)


def lines_of(text: str, file: str) -> Iterator[Line]:
    """Each rule: empty lines and comments left out, lines that end with a backslash joined with the next one."""
    pieces: list[str] = []
    parts: list[tuple[int, int]] = []
    size = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip("\r")
        if not pieces and (not line.strip() or line.lstrip().startswith("#")):
            continue
        continued = line.endswith("\\")
        piece = line[:-1] if continued else line
        if size <= RULE_LIMIT:  # what is longer is refused, however long it is
            parts.append((size, number))
            pieces.append(piece[: RULE_LIMIT + 1])
            size += len(piece)
        if not continued:
            yield Line("".join(pieces), file, tuple(parts))
            pieces, parts, size = [], [], 0
    if pieces:
        yield Line("".join(pieces), file, tuple(parts))
