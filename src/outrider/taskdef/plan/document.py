"""The plan for programs. Pure."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from outrider.taskdef.plan.plan import Plan, Told


def document(plan: Plan) -> str:
    """A JSON object; errors and notes have ``message``, ``file``, ``line``, ``column`` and ``fix``."""
    members = msgspec.to_builtins(plan)
    members["errors"] = [_told(item) for item in plan.errors]
    members["notes"] = [_told(item) for item in plan.notes]
    return json.dumps(members, indent=2, ensure_ascii=False) + "\n"


def _told(item: Told) -> dict[str, Any]:
    place = item.place
    where = {"file": place.file, "line": place.line, "column": place.column} if place else {}
    return {"message": item.message, **where, "fix": item.fix}
