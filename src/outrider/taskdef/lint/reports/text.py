"""For people: each finding with the line that it is about, and the number of findings at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from outrider.taskdef.lint.finding import Finding

_WIDTH: Final = 100
"""Columns of an excerpt; of a longer line the part around the place is shown."""


def report(findings: Sequence[Finding], texts: Mapping[str, str]) -> str:
    """See FORMATS."""
    lines = {file: text.split("\n") for file, text in texts.items()}
    parts = [_one(finding, lines.get(finding.place.file, [])) for finding in findings]
    return "\n".join([*parts, _summary(findings, len(texts))])


def _one(finding: Finding, lines: Sequence[str]) -> str:
    head = f"{finding.place}: {finding.level}: {finding.message} [{finding.id}]\n"
    tail = f"  fix: {finding.fix}{' (--fix does it)' if finding.mendable else ''}\n  see: {finding.url}\n"
    return head + _excerpt(lines, finding.place.line, finding.place.column) + tail


def _excerpt(lines: Sequence[str], line: int, column: int) -> str:
    if not 1 <= line <= len(lines):
        return ""
    whole = lines[line - 1]
    start = max(column - 1 - _WIDTH // 2, 0) if len(whole) > _WIDTH else 0
    # Blanks of any width and what a terminal would obey are one blank each, so that the mark stands right.
    shown = "".join([char if char.isprintable() else " " for char in whole[start : start + _WIDTH]]).rstrip()
    number = f"{line:6}"
    return f"{number} | {shown}\n{' ' * len(number)} | {' ' * (column - 1 - start)}^\n"


def _summary(findings: Sequence[Finding], files: int) -> str:
    count = Counter(finding.level for finding in findings)
    told = [f"{count[level]} {level}{'s' if count[level] > 1 else ''}" for level in count]
    return f"{', '.join(told) or 'nothing found'} in {files} file{'s' if files != 1 else ''}\n"
