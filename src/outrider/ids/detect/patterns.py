"""Many patterns in one pass: with Hyperscan where it is installed (the extra ``ids``), else in Python. Same answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

try:
    import hyperscan
except ImportError:
    hyperscan = None  # type: ignore[assignment, unused-ignore]

_GRAM: Final = 3
_FEW: Final = 24


class Patterns(Protocol):
    """Patterns by their index."""

    def found(self, data: bytes) -> Iterable[int]:
        """The indexes of the patterns that stand in the data, each once, in no order."""


def patterns(wanted: Sequence[tuple[bytes, bool]], *, fast: bool = True) -> Patterns:
    """For (pattern, nocase); ``fast`` takes Hyperscan if it is there."""
    if fast and hyperscan is not None and wanted:
        return _Hyperscan(wanted)
    return _Grams(wanted)


class _Hyperscan:
    def __init__(self, wanted: Sequence[tuple[bytes, bool]]) -> None:
        self._database: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        single = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL
        self._database.compile(
            expressions=[b"".join(b"\\x%02x" % byte for byte in pattern) for pattern, _ in wanted],
            ids=list(range(len(wanted))),
            elements=len(wanted),
            flags=[single | (hyperscan.HS_FLAG_CASELESS if nocase else 0) for _, nocase in wanted],
        )
        self._hits: list[int] = []

    def _hit(self, index: int, start: int, end: int, flags: int, context: object) -> None:
        self._hits.append(index)

    def found(self, data: bytes) -> Iterable[int]:
        hits = self._hits = []
        self._database.scan(data, match_event_handler=self._hit)
        return hits


class _Grams:
    """Three bytes of each pattern are looked for in a set of all that the data has."""

    def __init__(self, wanted: Sequence[tuple[bytes, bool]]) -> None:
        self._wanted = [(pattern.lower() if nocase else pattern, nocase) for pattern, nocase in wanted]
        self._each = list(range(len(wanted))) if len(wanted) <= _FEW else []
        self._grams: defaultdict[bytes, list[int]] = defaultdict(list)
        if self._each:
            return
        for index, (pattern, _) in enumerate(wanted):
            if len(pattern) < _GRAM:
                self._each.append(index)
                continue
            lower = pattern.lower()
            grams = [lower[at : at + _GRAM] for at in range(len(lower) - _GRAM + 1)]
            rarest = min(grams, key=lambda gram: (len(self._grams.get(gram, ())), -len(set(gram))))
            self._grams[rarest].append(index)

    def found(self, data: bytes) -> Iterable[int]:
        lower = data.lower()
        candidates = list(self._each)
        if self._grams:
            there = {lower[at : at + _GRAM] for at in range(len(lower) - _GRAM + 1)}
            for gram in there & self._grams.keys():
                candidates += self._grams[gram]
        wanted = self._wanted
        return [index for index in candidates if wanted[index][0] in (lower if wanted[index][1] else data)]
