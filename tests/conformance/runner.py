"""Runs case files: a list of cases with a ``kind`` member, or lists of cases under their kind's name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance import aws, config, firelens, forward, pipeline, routing, s3, syslog, values
from tests.conformance import json as json_checks
from tests.conformance.compare import Case, NotCoveredError
from tests.conformance.differs import reason

CHECKS: dict[str, Callable[[Case], str | None]] = {
    **values.CHECKS,
    **config.CHECKS,
    **syslog.CHECKS,
    **json_checks.CHECKS,
    **forward.CHECKS,
    **routing.CHECKS,
    **pipeline.CHECKS,
    **firelens.CHECKS,
    **s3.CHECKS,
    **aws.CHECKS,
}


@dataclass
class Outcome:
    """What came of the cases; ``failures`` and ``differs`` hold a line for each."""

    passed: int = 0
    failures: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)

    def report(self) -> str:
        """The lines to print; the one with the three numbers comes before the list of kinds not covered."""
        lines = [f"FAIL {failure}" for failure in self.failures]
        not_covered = self.missing.total() + len(self.differs)
        lines.append(f"{self.passed} passed, {len(self.failures)} failed, {not_covered} not covered")
        lines += [f"  not covered: {kind} ({count})" for kind, count in sorted(self.missing.items())]
        lines += [f"  differs on purpose: {difference}" for difference in self.differs]
        return "\n".join(lines)


def cases(path: Path) -> Iterator[tuple[str, Case]]:
    """Every case of a file with its kind."""
    content = json.loads(path.read_text("utf-8"))
    if isinstance(content, list):
        for case in content:
            yield case["kind"], case
        return
    for kind, group in content.items():
        if isinstance(group, list):
            for case in group:
                yield kind, case


def run(paths: list[Path], outcome: Outcome) -> None:
    """Check every case of these files and add to the outcome."""
    for path in paths:
        for kind, case in cases(path):
            name = f"{path.name} {kind} {describe(case)}"
            why = reason(kind, case)
            if why is not None:
                outcome.differs.append(f"{name}: {why}")
            elif kind not in CHECKS:
                outcome.missing[kind] += 1
            else:
                judge(outcome, kind, name, case)


def judge(outcome: Outcome, kind: str, name: str, case: Case) -> None:
    """One case: a difference and an exception are both failures."""
    try:
        wrong = CHECKS[kind](case)
    except NotCoveredError as needed:
        outcome.missing[f"{kind}, {needed}"] += 1
        return
    except Exception as error:  # noqa: BLE001 - whatever a check raises is this case's failure
        wrong = f"{type(error).__name__}: {error}"
    if wrong is None:
        outcome.passed += 1
    else:
        outcome.failures.append(f"{name}: {wrong}")


def describe(case: Case) -> str:
    """A name for the case: its own, or enough of it to find it."""
    if "name" in case:
        return str(case["name"])
    left_out = ("origin", "src", "kind", "used_by")
    return json.dumps({k: v for k, v in case.items() if k not in left_out}, ensure_ascii=False)[:160]
