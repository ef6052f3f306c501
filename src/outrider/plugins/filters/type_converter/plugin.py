"""The type_converter filter: what cannot be converted is copied as it is, and said. Source: Fluent Bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from outrider.formats import words
from outrider.formats.accessor import MISSING, field
from outrider.model.batch import Batch, Record
from outrider.model.errors import UserError
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.type_converter.config import Options
from outrider.plugins.filters.type_converter.convert import CONVERSIONS, Convert


class _Rule(NamedTuple):
    source: str
    get: Callable[[Record], Any]
    target: str
    convert: Convert


class TypeConverter(Filter[Options]):
    """Adds converted fields."""

    Options = Options
    repeatable = True

    def check(self) -> None:
        """See Filter."""
        options = self.options
        given = {"str": options.str_key, "int": options.int_key, "uint": options.uint_key, "float": options.float_key}
        self._rules = [_rule(kind, text) for kind, texts in given.items() for text in texts]
        if not self._rules:
            raise UserError("there is no rule", fix="add a line such as 'str_key KEY NEW int'")

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        for rule in self._rules:
            get, target, convert = rule.get, rule.target, rule.convert
            failed = 0
            for record in batch.records:
                value = get(record)
                if value is MISSING:
                    continue
                converted = convert(value)
                if converted is None:
                    failed += 1
                    converted = value
                record[target] = converted
            if failed:
                self.log.error(f"failed to convert {failed} values of key={rule.source}", about=rule.source)


def _rule(kind: str, text: str) -> _Rule:
    try:
        found = words.tokens(text, 3)
        if len(found) != 3:
            raise ValueError("three words are expected: KEY NEW TYPE")
        source, target, wanted = found
        get = field(source)
    except ValueError as error:
        raise UserError(f"{kind}_key '{text}': {error}") from error
    conversions = CONVERSIONS[kind]
    if wanted.lower() not in conversions:
        raise UserError(f"{kind}_key '{text}': no such type", found=wanted, allowed=conversions)
    return _Rule(source, get, target, conversions[wanted.lower()])
