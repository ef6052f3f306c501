"""The nest filter. Fields that stay come first, then the map, or what was lifted out of it. Source: Fluent Bit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any

from outrider.model.batch import Batch, Record
from outrider.model.errors import UserError
from outrider.pipeline.common.shapes import Reshape, Shapes, put, take_out, unchanged
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.nest.config import Options


class Nest(Filter[Options]):
    """Nests or lifts fields."""

    Options = Options
    repeatable = True

    def check(self) -> None:
        """See Filter."""
        options = self.options
        if not options.operation:
            raise UserError("Operation is missing", allowed=("nest", "lift"))
        if options.add_prefix and options.remove_prefix:
            raise UserError("add_prefix and remove_prefix cannot be used together", fix="keep one of them")
        # As in Fluent Bit either name serves both operations.
        wanted, other = options.nest_under, options.nested_under
        key = wanted or other if options.operation == "nest" else other or wanted
        if not key:
            name = "nest_under" if options.operation == "nest" else "nested_under"
            raise UserError(f"Operation {options.operation} needs {name}", fix=f"add '{name} KEY'")
        self._key = key
        self._renamed = _renamer(options.add_prefix, options.remove_prefix)
        self._nests = _key_test(options.wildcard)
        self._shapes = Shapes(self._plan)

    def doubts(self) -> list[UserError]:
        """See Filter."""
        if self.options.operation != "nest" or self.options.wildcard:
            return []
        return [UserError("nothing is nested without Wildcard", fix="add 'Wildcard KEY' or 'Wildcard PREFIX*'")]

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        if self.options.operation == "nest":
            batch.records[:] = self._shapes.apply(batch.records)
        else:
            self._lift(batch.records)

    def _plan(self, keys: tuple[Any, ...]) -> Reshape:
        inner = [key for key in keys if self._nests(key)]
        if not inner:
            return unchanged
        names = tuple(map(self._renamed, inner))
        under = self._key

        def run(records: list[Record]) -> list[Record]:
            columns = [take_out(records, key) for key in inner]
            put(records, under, map(dict, map(zip, repeat(names), zip(*columns, strict=True))))
            return records

        return run

    def _lift(self, records: list[Record]) -> None:
        key, renamed = self._key, self._renamed
        plain = not self.options.add_prefix and not self.options.remove_prefix
        for record in records:
            inner = record.get(key)
            if type(inner) is not dict:
                continue
            del record[key]
            record.update(inner if plain else {renamed(name): value for name, value in inner.items()})


def _renamer(added: str, removed: str) -> Callable[[Any], Any]:
    """A key with a prefix more or less; keys that are not text stay."""
    if added:
        return lambda key: added + key if isinstance(key, str) else key
    if removed:
        return lambda key: key.removeprefix(removed) if isinstance(key, str) else key
    return lambda key: key


def _key_test(patterns: tuple[str, ...]) -> Callable[[Any], bool]:
    exact = {pattern for pattern in patterns if not pattern.endswith("*")}
    prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    return lambda key: isinstance(key, str) and (key in exact or key.startswith(prefixes))
