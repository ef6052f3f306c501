"""For programs: a list of findings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from outrider.taskdef.lint.finding import Finding


def report(findings: Sequence[Finding], _texts: Mapping[str, str]) -> str:
    """See FORMATS."""
    members = [
        {
            "id": finding.id,
            "level": finding.level,
            "message": finding.message,
            "file": finding.place.file,
            "line": finding.place.line,
            "column": finding.place.column,
            "fix": finding.fix,
            "url": finding.url,
        }
        for finding in findings
    ]
    return json.dumps(members, indent=2) + "\n"
