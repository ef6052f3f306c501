"""Needs as a policy that IAM takes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from outrider.taskdef.rights.need import Condition, Need
from outrider.taskdef.rights.patterns import narrowed

VERSION = "2012-10-17"


def policy(needs: Iterable[Need]) -> dict[str, Any]:
    """One statement for each purpose, with every resource that is not covered by another one."""
    found: dict[tuple[str, tuple[str, ...], Condition], list[str]] = {}
    for need in needs:
        found.setdefault((need.purpose, need.actions, need.condition), []).append(need.resource)
    taken = Counter[str]()
    statements = []
    for (purpose, actions, condition), resources in found.items():
        taken[purpose] += 1
        number = str(taken[purpose]) if taken[purpose] > 1 else ""
        statement: dict[str, Any] = {
            "Sid": f"{purpose}{number}",
            "Effect": "Allow",
            "Action": _one_or_all(actions),
            "Resource": _one_or_all(narrowed(resources)),
        }
        if condition:
            statement["Condition"] = _condition(condition)
        statements.append(statement)
    return {"Version": VERSION, "Statement": statements}


def _one_or_all(texts: Sequence[str]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else list(texts)


def _condition(lines: Condition) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for operator, key, value in lines:
        found.setdefault(operator, {})[key] = value
    return found
