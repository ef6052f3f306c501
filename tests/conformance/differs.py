"""Where we differ from the recorded behaviour on purpose."""

from __future__ import annotations

from typing import Any

_GARBAGE = "Fluent Bit takes garbage for a number without a word; here it is an error that says what is allowed"
_REPEATED = "a record here is a map whose keys are distinct: a repeated key keeps its first place and its last value"
_STRICT = "an unknown or malformed key is an error with file, line and column"

DIFFERS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("size_to_bytes_decimal", {"in": "M"}, _GARBAGE),
    ("time_to_seconds", {"in": ""}, _GARBAGE),
    ("time_to_seconds", {"in": "5x"}, _GARBAGE),
    ("record_to_json", {"note": "duplicate keys: last one wins, at its own position"}, _REPEATED),
    ("syslog_output", {"note": "duplicate key: first occurrence is used"}, _REPEATED),
    ("plugin_property_validation", {"plugin": "dummy", "properties": [["samples", "abc"]]}, _GARBAGE),
    ("plugin_property_validation", {"section": "service", "properties": [["nosuch", "1"]]}, _STRICT),
)
"""Kind, the members by which a case is known, and the reason."""


def reason(kind: str, case: dict[str, Any]) -> str | None:
    """Why this case may differ; None if it may not."""
    for differing, members, why in DIFFERS:
        if kind == differing and all(case.get(key) == value for key, value in members.items()):
            return why
    return None
