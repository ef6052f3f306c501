"""Whether values are plain: such that a general JSON encoder writes them as Fluent Bit does.

Plain are text, integers, booleans and nothing, and maps and lists of them, under keys that are text or integers. Not
plain are floats, bytes, extensions and other keys, anywhere. Whole batches are told without a look at each record.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from outrider.model.batch import Record

_PLAIN = frozenset({str, int, bool, type(None)})
_LISTS = frozenset({list, tuple})
_OBJECT = frozenset({dict})
CONTAINERS = _LISTS | _OBJECT
_PLAIN_OR_CONTAINER = _PLAIN | CONTAINERS
_PLAIN_OR_FLOAT = _PLAIN | {float}
_PLAIN_KEYS = frozenset({str, int})


def all_plain(records: Sequence[Record], keys: set[Any]) -> bool:
    """Whether all values of these records are plain, under plain keys; ``keys`` are all keys that the records have."""
    if not _PLAIN_KEYS.issuperset(map(type, keys)):
        return False
    if len(set(map(len, records))) == 1 and len(keys) == len(records[0]):
        # The records of most blocks have the same keys: their values are columns then, few of which hold maps.
        return all(map(_is_plain_column, zip(*map(dict.values, records), strict=True)))
    return _are_plain(list(chain.from_iterable(map(dict.values, records))))


def _is_plain_column(values: Sequence[Any]) -> bool:
    """Whether the values of one key are plain. To ask each for its type is what costs: 25 ns a value."""
    first = values[0]
    if type(first) is str:
        if first == values[-1] and values.count(first) == len(values):
            return True  # the same in all records, as a container's id is; nothing but a string equals one
        try:
            "".join(values)  # takes strings alone, and tells it in a quarter of the time
        except TypeError:
            return _are_plain(values)
        return True
    if type(first) is dict and _OBJECT.issuperset(map(type, values)):
        keys: set[Any] = set().union(*values)
        if _PLAIN_KEYS.issuperset(map(type, keys)) and set(map(len, values)) == {len(keys)}:
            return all(map(_are_plain, zip(*map(dict.values, values), strict=True)))
    return _are_plain(values)


def _are_plain(values: Sequence[Any]) -> bool:
    """Whether these values are plain, or maps and lists of such; tested level by level."""
    while True:
        kinds = set(map(type, values))
        if kinds <= _PLAIN:
            return True
        if not kinds <= _PLAIN_OR_CONTAINER:
            return False
        maps: list[Record] = [value for value in values if type(value) is dict]
        lists = [value for value in values if type(value) in _LISTS] if kinds & _LISTS else []
        if not _PLAIN_KEYS.issuperset(map(type, chain.from_iterable(maps))):
            return False
        values = list(chain(chain.from_iterable(map(dict.values, maps)), chain.from_iterable(lists)))


def is_plain(value: Any) -> bool:
    """Whether msgspec writes this value as Fluent Bit would: no floats, bytes, extensions or odd keys anywhere."""
    waiting: list[Any] = [[value]]
    while waiting:
        container = waiting.pop()
        if type(container) is dict:
            if not _PLAIN_KEYS.issuperset(map(type, container)):
                return False
            container = container.values()
        kinds = set(map(type, container))
        if not kinds <= _PLAIN_OR_CONTAINER:
            return False
        if not kinds <= _PLAIN:
            waiting += [item for item in container if type(item) in CONTAINERS]
    return True


def has_only_floats(record: dict[Any, Any]) -> bool:
    """Whether floats are all that keeps a record from being plain; those are few and flat in most logs."""
    return _PLAIN_KEYS.issuperset(map(type, record)) and _PLAIN_OR_FLOAT.issuperset(map(type, record.values()))
