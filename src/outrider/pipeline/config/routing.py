"""What a checked pipeline would do that is hardly meant: a Match that nothing fits, inputs that nobody reads.

Only what can be known without running is said: where an input takes tags from its records, or a filter gives new ones,
every Match may be reached.
"""

from __future__ import annotations

from outrider.model.errors import Place
from outrider.pipeline.config.build import Plan, tag_test
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.instances import Instance


def examine(plan: Plan, findings: Findings) -> None:
    """Add warnings about the routes of a plan without errors."""
    inputs, outputs = plan.of_kind("input"), plan.of_kind("output")
    tags = {fixed_tag(item): item for item in inputs}
    new_tags = any(item.plugin.emits and not item.plugin.keeps_tags for item in plan.of_kind("filter"))
    if not inputs and (outputs or plan.of_kind("filter")):
        findings.warn("there is no input: nothing will happen", None, fix="add an [INPUT] section")
    if inputs and None not in tags and not new_tags:
        for item in [*plan.of_kind("filter"), *outputs]:
            _reached(item, [tag for tag in tags if tag is not None], findings)
    for item in inputs:
        _read(item, plan, findings)
    stored = any(item.core.storage_type == "filesystem" for item in inputs)
    for item in outputs:
        if item.core.storage_total_limit_size and not stored:
            findings.warn(
                f"storage.total_limit_size of {item.name} bounds what is on disk, and no input keeps records there",
                _place(item, "storage.total_limit_size"),
                fix="set storage.type filesystem in an input, or remove it",
            )


def fixed_tag(item: Instance) -> str | None:
    """The tag of all records of an input; None where it cannot be known."""
    return (item.core.tag or item.name) if item.plugin.tag_is_fixed else None


def _reached(item: Instance, tags: list[str], findings: Findings) -> None:
    if not item.core.match and not item.core.match_regex:
        return  # said already
    test = tag_test(item.core.match, item.core.match_regex, item.section)
    if any(test(tag) for tag in tags):
        return
    what = "filters nothing" if item.kind == "filter" else "gets nothing"
    findings.warn(
        f"{item.name} {what}: its Match '{item.core.match or item.core.match_regex}' fits no input's tag",
        _place(item, "match_regex" if item.core.match_regex else "match"),
        found=item.core.match,
        allowed=tags,
    )


def _read(item: Instance, plan: Plan, findings: Findings) -> None:
    tag = fixed_tag(item)
    outputs = [
        output
        for output in plan.of_kind("output")
        if output.plugin.takes_records and (output.core.match or output.core.match_regex)
    ]
    readers = outputs + [filter_ for filter_ in plan.of_kind("filter") if filter_.plugin.emits]
    tests = [tag_test(reader.core.match, reader.core.match_regex, reader.section) for reader in readers]
    if (tag is None and outputs) or (tag is not None and any(test(tag) for test in tests)):
        return
    which = f"the tag '{tag}' of {item.name}" if tag is not None else f"what {item.name} takes in"
    findings.warn(
        f"no output matches {which}: its records are dropped",
        _place(item, "tag"),
        fix="add an [OUTPUT] whose Match fits" if tag is None else f"add an [OUTPUT] with 'Match {tag}'",
    )


def _place(item: Instance, key: str) -> Place:
    """Where the value of a key stands, the last one counts; else where the section does."""
    found = [each.place for each in item.section.properties if each.key == key]
    return found[-1] if found else item.section.place
