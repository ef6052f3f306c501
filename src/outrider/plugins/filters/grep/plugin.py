"""The grep filter.

``legacy``: rules in order; the first Regex decides, an Exclude that matches drops. ``and``/``or``: all rules of one
kind, all or any of them must match. Only text can match; a number or a missing field never does. Source: Fluent Bit.
"""

from __future__ import annotations

from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.pipeline.common.selection import Chooser, Rule, by_column, in_order, rule
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.grep.config import Options


class Grep(Filter[Options]):
    """Keeps or drops records."""

    Options = Options
    repeatable = True

    def check(self) -> None:
        """See Filter."""
        options = self.options
        if options.logical_op != "legacy" and options.regex and options.exclude:
            raise UserError("Logical_Op and/or takes Regex rules or Exclude rules, not both")
        test = _combined(options.logical_op, [(key == "regex", rule(key, text)) for key, text in options.rules])
        self._choose: Chooser = lambda records: [test(record) for record in records]
        if len(options.rules) == 1:
            key, text = options.rules[0]
            self._choose = by_column(text, keeps=key == "regex") or self._choose

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        batch.keep(self._choose(batch.records))


def _combined(operation: str, rules: list[tuple[bool, Rule]]) -> Rule:
    """One test from all rules; each comes with whether it keeps (Regex) or drops (Exclude) what it matches."""
    if operation == "legacy" or not rules:
        return in_order(rules)
    tests = [test for _, test in rules]
    combine = all if operation == "and" else any
    if rules[0][0]:
        return lambda record: combine(test(record) for test in tests)
    return lambda record: not combine(test(record) for test in tests)
