"""The grep filter.

``legacy``: rules in order; the first Regex decides, an Exclude that matches drops. ``and``/``or``: all rules of one
kind, all or any of them must match. Only text can match; a number or a missing field never does. Source: Fluent Bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from outrider.formats.accessor import accessor
from outrider.formats.regex import Regex
from outrider.model.batch import Batch, Record
from outrider.model.errors import UserError
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.grep.config import Options

Rule: TypeAlias = Callable[[Record], bool]


class Grep(Filter[Options]):
    """Keeps or drops records."""

    Options = Options

    def check(self) -> None:
        """See Filter."""
        options = self.options
        if options.logical_op != "legacy" and options.regex and options.exclude:
            raise UserError("Logical_Op and/or takes Regex rules or Exclude rules, not both")
        self._test = _combined(options.logical_op, [(key == "regex", _rule(key, text)) for key, text in options.rules])

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        test = self._test
        batch.keep([test(record) for record in batch.records])


def _combined(operation: str, rules: list[tuple[bool, Rule]]) -> Rule:
    """One test from all rules; each comes with whether it keeps (Regex) or drops (Exclude) what it matches."""
    tests = [rule for _, rule in rules]
    if not rules:
        return lambda record: True
    if operation == "legacy":
        if len(rules) == 1:
            keeps, only = rules[0]
            return only if keeps else lambda record: not only(record)
        return lambda record: _first_decides(rules, record)
    combine = all if operation == "and" else any
    if rules[0][0]:
        return lambda record: combine(test(record) for test in tests)
    return lambda record: not combine(test(record) for test in tests)


def _first_decides(rules: list[tuple[bool, Rule]], record: Record) -> bool:
    for keeps, rule in rules:
        if keeps:
            return rule(record)
        if rule(record):
            return False
    return True


def _rule(name: str, text: str) -> Rule:
    key, _, pattern = text.partition(" ")
    pattern = pattern.strip()
    if not key or not pattern:
        raise UserError(f"{name} '{text}' must be 'KEY PATTERN'")
    try:
        get = accessor(key)
        search = Regex(pattern).search
    except ValueError as error:
        raise UserError(f"{name} '{text}': {error}") from error

    def matches(record: Record) -> bool:
        value: Any = get(record)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "surrogateescape")
        return isinstance(value, str) and search(value) is not None

    return matches
