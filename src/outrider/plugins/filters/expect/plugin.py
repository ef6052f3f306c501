"""The expect filter: the first record of a batch that is not as expected decides. Source: Fluent Bit."""

from __future__ import annotations

from outrider.formats import json
from outrider.model.batch import Batch
from outrider.model.errors import LocalError, UserError
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.expect.config import Options
from outrider.plugins.filters.expect.rules import Complaint, rule

_SHOWN = 1_000


class Expect(Filter[Options]):
    """Checks records; with ``exit`` the pipeline delivers what it has and ends with an error."""

    Options = Options

    def check(self) -> None:
        """See Filter."""
        self._rules: list[tuple[str, Complaint]] = []
        self._failed = ""
        for name, text in self.options.rules:
            try:
                self._rules.append((name, rule(name, text)))
            except ValueError as error:
                raise UserError(f"{name} '{text}': {error}") from error

    def doubts(self) -> list[UserError]:
        """See Filter."""
        if self._rules:
            return []
        return [UserError("no rules have been defined", fix="add a line such as 'key_exists KEY'")]

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        complaint = self._first_complaint(batch)
        action, key = self.options.action, self.options.result_key
        if complaint:
            self.log.error(complaint)
        if action == "result_key":
            batch.records[:] = [{key: not complaint, **record} for record in batch.records]
        elif complaint and action == "exit":
            self._failed = complaint
            self.end()
        elif complaint:
            self.log.warn("expect check failed")

    async def stop(self) -> None:
        """See Filter. Raises LocalError where a record was not as expected and that shall be the end."""
        if self._failed:
            raise LocalError(f"expect check failed: {self._failed}")

    def _first_complaint(self, batch: Batch) -> str:
        for record in batch.records:
            for number, (name, complains) in enumerate(self._rules):
                complaint = complains(record)
                if complaint:
                    shown = json.encode(record)[:_SHOWN].decode("utf-8", "replace")
                    return f"exception on rule #{number} '{name}', {complaint}. Record content: {shown}"
        return ""
