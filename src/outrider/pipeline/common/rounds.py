"""How often records have been sent round under another tag: pure.

Records that a filter emits go through every filter again, so filters can send them round for ever, alone or each to the
next. Rounds are counted by tag: the records under a tag that a filter gave have gone round at most so often.
"""

from __future__ import annotations

from typing import Final

ROUNDS_MAX: Final = 16
_TAGS_MAX: Final = 10_000


class Rounds:
    """Shared by the filters of a pipeline that give tags."""

    def __init__(self) -> None:
        self._emitters: set[str] = set()
        self._tags: dict[str, int] = {}

    def join(self, emitter: str) -> None:
        """What comes from this emitter has gone round."""
        self._emitters.add(emitter)

    def of(self, source: str, tag: str) -> int:
        """Rounds of the records from a source under a tag."""
        return self._tags.get(tag, 1) if source in self._emitters else 0

    def given(self, tag: str, rounds: int) -> None:
        """Records that have gone so many rounds get this tag."""
        if len(self._tags) >= _TAGS_MAX:
            self._tags.clear()
        self._tags[tag] = max(rounds, self._tags.get(tag, 0))
