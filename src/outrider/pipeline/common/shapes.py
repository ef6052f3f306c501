"""Records of one shape, that is with the same keys in the same order, are treated alike.

What a filter of keys does to a shape is worked out once; whole runs of such records then go through a few loops in C.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, repeat
from operator import itemgetter
from typing import Any, Final, TypeAlias

from outrider.model.batch import Record

Reshape: TypeAlias = Callable[[list[Record]], list[Record]]
"""Records of one shape to what they become, each changed in place or replaced."""

Slot: TypeAlias = tuple[Any, int]
"""A key and where its value comes from: n-th value of the record, or with -n the n-th constant from behind."""

_KNOWN_MAX: Final = 1_000
"""Senders choose keys, so there may be any number of shapes; only so many are remembered."""
_LENGTH_MAX: Final = 4_096


class Shapes:
    """Applies what ``plan`` says of each shape; ``plan`` may be slow."""

    def __init__(self, plan: Callable[[tuple[Any, ...]], Reshape]) -> None:
        self._plan = plan
        self._known: dict[tuple[Any, ...], Reshape] = {}

    def apply(self, records: list[Record]) -> list[Record]:
        """The records, in order, each as the plan for its shape makes it."""
        if not records:
            return []
        shapes = list(map(tuple, records))
        plans = list(map(self._known.get, shapes))
        if None in plans:
            plans = list(map(self._find, shapes))
        first = plans[0]
        if first is not None and plans.count(first) == len(plans):
            return first(records)
        return [changed for run, at in _runs(plans) for changed in run(records[at])]

    def _find(self, shape: tuple[Any, ...]) -> Reshape | None:
        found = self._known.get(shape)
        if found is None:
            found = self._plan(shape)
            # 1, 1.0 and True would share an entry, and keys may be as long as senders like.
            if all(type(key) is str for key in shape) and sum(map(len, shape)) <= _LENGTH_MAX:
                if len(self._known) >= _KNOWN_MAX:
                    self._known.clear()
                self._known[shape] = found
        return found


def _runs(plans: list[Any]) -> list[tuple[Reshape, slice]]:
    found: list[tuple[Reshape, slice]] = []
    start = 0
    for plan, group in groupby(plans):
        end = start + len(list(group))
        found.append((plan, slice(start, end)))
        start = end
    return found


def unchanged(records: list[Record]) -> list[Record]:
    """The plan for a shape that nothing is done to."""
    return records


def reshape(keys: Sequence[Any], slots: Sequence[Slot], constants: Sequence[Any] = ()) -> Reshape:
    """The fastest way from records with these keys to records with these slots."""
    kept = _kept(keys, slots)
    places = {at for _, at in slots[:kept]}
    gone = [key for at, key in enumerate(keys) if at not in places]
    new = slots[kept:]
    if not gone and not new:
        return unchanged
    if len(gone) + len(new) > 6 + len(slots) // 2:  # measured: then making new records is faster
        return _rebuilt(slots, constants)
    return _in_columns(keys, gone, new, constants)


def _kept(keys: Sequence[Any], slots: Sequence[Slot]) -> int:
    """How many of the first slots are fields that stay where they are, if others between them go."""
    last = -1
    for number, (name, at) in enumerate(slots):
        if at <= last or keys[at] != name:
            return number
        last = at
    return len(slots)


def _in_columns(keys: Sequence[Any], gone: Sequence[Any], new: Sequence[Slot], constants: Sequence[Any]) -> Reshape:
    """Fields are taken out of all records, then fields are added at the end of all records."""
    wanted = {keys[at] for _, at in new if at >= 0}
    copied = [key for key in wanted if key not in gone]

    def run(records: list[Record]) -> list[Record]:
        columns: dict[Any, Iterable[Any]] = {key: list(map(itemgetter(key), records)) for key in copied}
        for key in gone:
            columns[key] = take_out(records, key)
        for name, at in new:
            put(records, name, columns[keys[at]] if at >= 0 else repeat(constants[at]))
        return records

    return run


def take_out(records: list[Record], key: Any) -> list[Any]:
    """Take a field that all of the records have out of them; its values."""
    return list(map(dict.pop, records, repeat(key)))  # a loop in C: this is every record's way


def put(records: list[Record], key: Any, values: Iterable[Any]) -> None:
    """Give each record a field, with the value at its place."""
    deque(map(dict.__setitem__, records, repeat(key), values), maxlen=0)


def _rebuilt(slots: Sequence[Slot], constants: Sequence[Any]) -> Reshape:
    names = tuple(name for name, _ in slots)
    places = [at for _, at in slots]
    pick: Callable[[Any], Any] = (
        itemgetter(*places) if len(places) > 1 else lambda values: [values[at] for at in places]
    )

    def run(records: list[Record]) -> list[Record]:
        values = [(*record.values(), *constants) for record in records]
        return list(map(dict, map(zip, repeat(names), map(pick, values))))

    return run
