"""All rules on one task definition. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from outrider.model.errors import UserError, shown
from outrider.taskdef.lint.finding import Finding, Hit
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task

MENDINGS_MAX = 1_000
"""Repairs of one file; each is followed by a look at the whole file."""


def check(source: TaskSource, rules: Sequence[Rule], ignored: Collection[str] = ()) -> list[Finding]:
    """What is wrong, from the top of the file to its end. Raises UserError where it is no task definition."""
    task = Task(source.task)
    asked = [rule for rule in rules if rule.id not in ignored]
    found = [_finding(rule, hit, source) for rule in asked for hit in rule.check(task)]
    found += [
        Finding(rule.id, rule.level, shown(message), place, rule.fix, rule.url)
        for rule in asked
        for place, message in rule.outside(source)
    ]
    return sorted(found, key=lambda finding: (finding.place.line, finding.place.column, finding.id))


def _finding(rule: Rule, hit: Hit, source: TaskSource) -> Finding:
    message, fix = shown(hit.message), shown(hit.fix or rule.fix)
    mendable = rule.mends and source.source.can_be_edited
    return Finding(rule.id, rule.level, message, source.place(hit.path), fix, rule.url, mendable)


def mend(source: TaskSource, rules: Sequence[Rule], ignored: Collection[str] = ()) -> tuple[TaskSource, list[str]]:
    """The file with everything repaired that can be, and what was repaired.

    A repair that would leave no task definition, or leaves the fault, is not made.
    """
    done: list[str] = []
    refused: set[tuple[str, Hit]] = set()
    for _ in range(MENDINGS_MAX if source.source.can_be_edited else 0):
        step = _one(source, rules, ignored, refused)
        if step is None:
            break
        source, text = step
        done.append(text)
    return source, done


def _one(
    source: TaskSource, rules: Sequence[Rule], ignored: Collection[str], refused: set[tuple[str, Hit]]
) -> tuple[TaskSource, str] | None:
    task = Task(source.task)
    for rule in rules:
        if not rule.mends or rule.id in ignored:
            continue
        for hit in rule.check(task):
            if (rule.id, hit) in refused:
                continue
            try:
                mended = rule.mend(source, hit)
                still = hit in set(rule.check(Task(mended.task)))
            except (UserError, KeyError):  # KeyError: a template that does not spell it as CloudFormation does
                still = True
            if not still:
                return mended, shown(f"{source.place(hit.path)}: {hit.message}; done: {hit.fix or rule.fix}")
            refused.add((rule.id, hit))
    return None
