"""Records of one shape, that is with the same keys in the same order, are treated alike.

What a filter of keys does to a shape is worked out once; whole runs of such records then go through a few loops in C.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
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
            if all(type(key) is str for key in shape):  # 1, 1.0 and True would share an entry
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
    if list(slots) == list(zip(keys, range(len(keys)), strict=True)):
        return unchanged
    taken = [slot for slot in slots if slot[1] >= 0]
    last = dict(_constant(slot, constants) for slot in slots[len(taken) :] if slot[1] < 0)
    if list(slots[: len(taken)]) != taken or last.keys() & {key for key, _ in taken}:
        return _any_order(slots, constants)
    if all(keys[at] == key for key, at in taken) and _rising([at for _, at in taken]):
        return _in_place([key for at, key in enumerate(keys) if (key, at) not in taken], last)
    return _new_order(keys, taken, last)


def _constant(slot: Slot, constants: Sequence[Any]) -> tuple[Any, Any]:
    return slot[0], constants[slot[1]]


def _rising(numbers: list[int]) -> bool:
    return numbers == sorted(numbers)


def _in_place(gone: list[Any], added: Record) -> Reshape:
    """Fields go, and fields with fixed values come at the end."""

    def run(records: list[Record]) -> list[Record]:
        for key in gone:
            deque(map(dict.pop, records, repeat(key)), maxlen=0)  # loops in C: this is every record's way
        if added:
            deque(map(dict.update, records, repeat(added)), maxlen=0)
        return records

    return run


def _new_order(keys: Sequence[Any], slots: Sequence[Slot], added: Record) -> Reshape:
    """Fields get new names or places, and fields with fixed values come at the end."""
    names = tuple(key for key, _ in slots)
    pick = picker([keys[at] for _, at in slots])

    def run(records: list[Record]) -> list[Record]:
        changed = [dict(zip(names, pick(record), strict=True)) for record in records]
        if added:
            deque(map(dict.update, changed, repeat(added)), maxlen=0)
        return changed

    return run


def _any_order(slots: Sequence[Slot], constants: Sequence[Any]) -> Reshape:
    names = tuple(key for key, _ in slots)
    places = [at for _, at in slots]

    def run(records: list[Record]) -> list[Record]:
        changed = []
        for record in records:
            values = (*record.values(), *constants)
            changed.append(dict(zip(names, [values[at] for at in places], strict=True)))
        return changed

    return run


def picker(keys: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """A function from a record to the values of these keys, however many they are."""
    if len(keys) > 1:
        return itemgetter(*keys)
    if keys:
        only = keys[0]
        return lambda record: (record[only],)
    return lambda record: ()
