"""The modify filter: records that meet all conditions go through all rules, in the order of the file."""

from __future__ import annotations

from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.pipeline.common.shapes import Shapes
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.modify.conditions import Condition, condition
from outrider.plugins.filters.modify.config import Options
from outrider.plugins.filters.modify.rules import Rules


class Modify(Filter[Options]):
    """Changes which fields records have."""

    Options = Options
    repeatable = True

    def check(self) -> None:
        """See Filter."""
        rules, found = Rules(), Findings()
        self._conditions: list[Condition] = []
        for name, text in self.options.rules:
            try:
                if name == "condition":
                    self._conditions.append(condition(text))
                else:
                    rules.add(name, text)
            except ValueError as error:
                found.error(UserError(f"{name} '{text}': {error}", key=name, found=text))
        found.raise_errors()
        self._shapes = Shapes(rules.plan)

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        records = batch.records
        if not self._conditions:
            records[:] = self._shapes.apply(records)
            return
        chosen = list(range(len(records)))
        for test in self._conditions:
            chosen = [n for n in chosen if test(records[n])]
        changed = self._shapes.apply([records[n] for n in chosen])
        for n, record in zip(chosen, changed, strict=True):
            records[n] = record
