"""Annotations of GitHub's actions: one command a finding. Source: GitHub's documentation of workflow commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from outrider.taskdef.lint.finding import Finding

_COMMANDS: Final = {"error": "error", "warning": "warning", "note": "notice"}


def report(findings: Sequence[Finding], _texts: Mapping[str, str]) -> str:
    """See FORMATS."""
    return "".join([_one(finding) + "\n" for finding in findings])


def _one(finding: Finding) -> str:
    place = finding.place
    about = {"file": place.file, "line": place.line, "col": place.column, "title": finding.id}
    told = ",".join(f"{key}={_property(str(value))}" for key, value in about.items())
    return f"::{_COMMANDS[finding.level]} {told}::{_data(f'{finding.message}; fix: {finding.fix}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
