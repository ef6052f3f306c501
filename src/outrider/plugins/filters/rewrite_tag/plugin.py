"""The rewrite_tag filter: records that match go to the emitter under a new tag, and through every filter once more.

A record that comes back under the tag that it would get again, or that has been sent round as often as is allowed,
keeps its tag and goes on; in Fluent Bit it goes round for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.pipeline.common.rounds import ROUNDS_MAX
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.rewrite_tag.config import Options
from outrider.plugins.filters.rewrite_tag.rules import Rule, rule

_TAG_LENGTH_MAX: Final = 1_024
_MEMORABLE: Final = 64


class RewriteTag(Filter[Options]):
    """Sends records on under another tag."""

    Options = Options
    emits = True

    def check(self) -> None:
        """See Filter."""
        found = Findings()
        self._rules: list[Rule] = []
        for text in self.options.rule:
            try:
                self._rules.append(rule(text))
            except ValueError as error:
                found.error(UserError(f"rule '{text}': {error}", key="rule", found=text))
        found.raise_errors()
        if not self._rules:
            raise UserError("there is no Rule", fix="add 'Rule $KEY REGEX NEW_TAG KEEP'")

    def new_tags(self) -> list[str]:
        """See Filter."""
        return [item.tag.pattern for item in self._rules]

    async def start(self) -> None:
        """See Filter."""
        self.context.rounds.join(self.emitter.name)

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        again = batch.source == self.emitter.name
        rounds = self.context.rounds.of(batch.source, batch.tag)
        found, stays = self._sort(batch, again=again)
        if not found:
            return
        if rounds >= ROUNDS_MAX:
            self.log.error(
                f"records with the tag {batch.tag} have gone round {rounds} times and keep their tag;"
                " fix: a Match that leaves out the new tags"
            )
            return
        times, records, metadata = batch.times, batch.records, batch.metadata
        for tag, places in found.items():
            self.context.rounds.given(tag, rounds + 1)
            places.sort()  # several rules may give the same tag
            self.emitter.emit(
                tag,
                [times[n] for n in places],
                [records[n] for n in places],
                None if metadata is None else [metadata[n] for n in places],
            )
        batch.keep(stays)

    def _sort(self, batch: Batch, *, again: bool) -> tuple[dict[str, list[int]], list[bool]]:
        """New tag to the places of its records, and which records stay."""
        found: dict[str, list[int]] = {}
        stays = [True] * len(batch)
        waiting: list[int] | range = range(len(batch))
        for item in self._rules:
            tags, others = _match(item, batch, waiting)
            for tag, places in tags.items():
                if not tag or len(tag) > _TAG_LENGTH_MAX or (again and tag == batch.tag):
                    continue
                found.setdefault(tag, []).extend(places)
                if not item.keep:
                    for n in places:
                        stays[n] = False
            waiting = others
        return found, stays


def _match(item: Rule, batch: Batch, waiting: Iterable[int]) -> tuple[dict[str, list[int]], list[int]]:
    """New tag to the places of the records that match, and the places of the others."""
    get, search, compose = item.get, item.search, item.tag.bind(batch.tag)
    records = batch.records
    found: dict[str, list[int]] = {}
    others: list[int] = []
    # Fields that tags are made of have few values: what one means is worked out once.
    known: dict[str, list[int]] = {}
    memorable = 0 if item.tag.of_record else _MEMORABLE
    for n in waiting:
        value = get(records[n])
        if not isinstance(value, str):
            others.append(n)
            continue
        places = known.get(value)
        if places is None:
            match = search(value)
            places = others if match is None else found.setdefault(compose(records[n], match), [])
            if len(value) <= memorable:
                known[value] = places
        places.append(n)
    return found, others
