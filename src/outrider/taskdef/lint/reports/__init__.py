"""Findings in the forms that people and their tools read. Pure.

``text``    for people, with the line that each is about
``json``    for programs
``sarif``   SARIF 2.1.0, for code hosts
``junit``   JUnit's XML, for continuous integration
``github``  annotations of GitHub's actions
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from outrider.taskdef.lint.finding import Finding
from outrider.taskdef.lint.reports import github, json, junit, sarif, text

FORMATS: Final[Mapping[str, Callable[[Sequence[Finding], Mapping[str, str]], str]]] = {
    "text": text.report,
    "json": json.report,
    "sarif": sarif.report,
    "junit": junit.report,
    "github": github.report,
}
"""Name to what makes the report of findings and of the files' texts, by name."""
