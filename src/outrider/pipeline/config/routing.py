"""Which way records go as far as it is known without running, and what of it is hardly meant.

An input has one tag, or tags of which a beginning is known, or any; a filter that gives new tags is a source like an
input. Where a Match may fit, nothing is said.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from outrider.model.errors import Place
from outrider.model.tag import covers, overlaps
from outrider.pipeline.config.build import Plan, emitter_name, tag_test
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.instances import Instance

Fit: TypeAlias = Literal["never", "maybe", "always"]


class Source(Struct, frozen=True):
    """What records come from: an input, or a filter that emits them. ``tags`` are patterns."""

    name: str
    tags: tuple[str, ...]
    item: Instance

    @property
    def known(self) -> bool:
        """Whether anything is known of the tags."""
        return "*" not in self.tags


def sources(plan: Plan) -> list[Source]:
    """The inputs, and the filters that give new tags to what may reach them."""
    found = [Source(item.name, (item.plugin.tags(),), item) for item in plan.of_kind("input")]
    waiting = [item for item in plan.of_kind("filter") if gives_tags(item)]
    for _ in list(waiting):
        for item in list(waiting):
            if any(fit(source, item) != "never" for source in found):
                found.append(Source(emitter_name(item), tuple(dict.fromkeys(item.plugin.new_tags())), item))
                waiting.remove(item)
    return found


def fit(source: Source, item: Instance) -> Fit:
    """Whether a filter or output gets the records of a source."""
    found = {_fit_one(tags, item) for tags in source.tags}
    return found.pop() if len(found) == 1 else "maybe"


def _fit_one(tags: str, item: Instance) -> Fit:
    core = item.core
    if "*" not in tags:
        return "always" if tag_test(core.match, core.match_regex, item.section)(tags) else "never"
    if core.match and covers(core.match, tags):
        return "always"
    return "maybe" if core.match_regex or (core.match and overlaps(core.match, tags)) else "never"


def metrics(plan: Plan) -> list[tuple[Instance, Instance]]:
    """Each filter that measures, with where its records come from: itself, or the input whose processor it is."""
    found = [(item, item) for item in plan.of_kind("filter")]
    found += [(processor, owner) for owner in plan.of_kind("input") for processor in owner.processors]
    return [(item, owner) for item, owner in found if item.plugin.metrics_tag()]


def serves(output: Instance, filter_: Instance) -> bool:
    """Whether an output serves what a filter measures."""
    core, tag = output.core, filter_.plugin.metrics_tag()
    return not output.plugin.takes_records and tag_test(core.match, core.match_regex, output.section)(tag)


def gives_tags(item: Instance) -> bool:
    """Whether a filter sends records on under tags of its own."""
    return bool(item.plugin.emits and not item.plugin.keeps_tags)


def takes_records(item: Instance) -> bool:
    """Whether anything can be routed to an output."""
    return bool(item.plugin.takes_records and (item.core.match or item.core.match_regex))


def examine(plan: Plan, findings: Findings) -> None:
    """Add warnings about the routes of a plan without errors."""
    inputs, outputs, filters = plan.of_kind("input"), plan.of_kind("output"), plan.of_kind("filter")
    known = sources(plan)
    if inputs:
        for item in [*filters, *outputs]:
            if item.kind == "filter" or item.plugin.takes_records:
                _reached(item, known, findings)
            else:
                _serving(item, plan, findings)
    for source in known:
        _read(source, plan, findings)
    stored = any(item.core.storage_type == "filesystem" for item in inputs)
    for item in outputs:
        if item.core.storage_total_limit_size and not stored:
            findings.warn(
                f"storage.total_limit_size of {item.name} bounds what is on disk, and no input keeps records there",
                _place(item, "storage.total_limit_size"),
                fix="set storage.type filesystem in an input, or remove it",
            )


def _reached(item: Instance, known: list[Source], findings: Findings) -> None:
    if not item.core.match and not item.core.match_regex:
        return  # said already
    if any(fit(source, item) != "never" for source in known):
        return
    what = "filters nothing" if item.kind == "filter" else "gets nothing"
    whose = "no input's tag" if all(source.item.kind == "input" for source in known) else "no tag of an input or filter"
    findings.warn(
        f"{item.name} {what}: its Match '{item.core.match or item.core.match_regex}' fits {whose}",
        _place(item, "match_regex" if item.core.match_regex else "match"),
        found=item.core.match,
        allowed=dict.fromkeys(tags for source in known for tags in source.tags),
    )


def _serving(item: Instance, plan: Plan, findings: Findings) -> None:
    measuring = [filter_ for filter_, _ in metrics(plan)]
    if not (item.core.match or item.core.match_regex) or any(serves(item, filter_) for filter_ in measuring):
        return
    said = f"its Match '{item.core.match or item.core.match_regex}' fits no Tag of a filter that measures"
    findings.warn(
        f"{item.name} has no metrics to serve: {said if measuring else 'no filter measures anything'}",
        _place(item, "match_regex" if item.core.match_regex else "match"),
        found=item.core.match,
        allowed=dict.fromkeys(filter_.plugin.metrics_tag() for filter_ in measuring),
        fix="" if measuring else "add a filter such as log_to_metrics",
    )


def _read(source: Source, plan: Plan, findings: Findings) -> None:
    if any(owner is source.item or fit(source, owner) != "never" for _, owner in metrics(plan)):
        return  # whoever counts records may want nothing else of them
    readers = [item for item in plan.of_kind("output") if takes_records(item)]
    if readers or source.known:
        readers += [item for item in plan.of_kind("filter") if gives_tags(item) and item is not source.item]
    if any(fit(source, reader) != "never" for reader in readers):
        return
    tags = " and ".join(f"'{tag}'" for tag in source.tags)
    which = f"the tag {tags} of {source.name}" if source.known else f"what {source.name} takes in"
    match = source.tags[0] if source.known else ""
    findings.warn(
        f"no output matches {which}: its records are dropped",
        _place(source.item, "tag" if source.item.kind == "input" else "rule"),
        fix=f"add an [OUTPUT] with 'Match {match}'" if match else "add an [OUTPUT] whose Match fits",
    )


def _place(item: Instance, key: str) -> Place:
    """Where the value of a key stands, the last one counts; else where the section does."""
    found = [each.place for each in item.section.properties if each.key == key]
    return found[-1] if found else item.section.place
