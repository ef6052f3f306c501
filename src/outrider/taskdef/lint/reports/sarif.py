"""SARIF 2.1.0, which code hosts show beside the source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from outrider.taskdef.lint.finding import Finding

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def report(findings: Sequence[Finding], _texts: Mapping[str, str]) -> str:
    """See FORMATS."""
    rules: dict[str, Finding] = {}
    for finding in findings:
        rules.setdefault(finding.id, finding)
    driver = {
        "name": "outrider",
        "rules": [{"id": name, "helpUri": finding.url} for name, finding in rules.items()],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [_result(f) for f in findings]}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(finding: Finding) -> dict[str, Any]:
    place = finding.place
    region = {"startLine": max(place.line, 1), "startColumn": max(place.column, 1)}
    return {
        "ruleId": finding.id,
        "level": finding.level,
        "message": {"text": f"{finding.message}; fix: {finding.fix}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": quote(place.file)}, "region": region}}],
    }
