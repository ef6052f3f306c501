"""What came out of a trial against what was expected, as lines that a reader understands. Pure."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from typing import Any

from outrider.model.errors import Place, UserError
from outrider.pipeline.trial.file import Case, Expected
from outrider.pipeline.trial.pipeline import Outcome


def differences(case: Case, outcome: Outcome) -> list[str]:
    """Lines that say what is wrong; none where the test passed.

    Raises UserError for an output or a filter that is not there.
    """
    lines = [line for expected in case.expected for line in _of_output(expected, outcome)]
    for name, place in case.dropped_at.items():
        _check_filter(name, place, outcome)
    return lines + _of_dropped(case.dropped, outcome.dropped)


def _of_output(expected: Expected, outcome: Outcome) -> list[str]:
    name = _name(expected, outcome)
    came = outcome.outputs[name]
    wanted = [_line(record) for record in expected.records]
    got = [_line(kept.record) for kept in came]
    if expected.subset:
        got = [
            _line(_reduced(kept.record, record))
            for kept, record in zip(came, [*expected.records, *[None] * len(came)], strict=False)
        ]
    if expected.tags is not None:
        wanted = [f"{tag}: {line}" for tag, line in _paired(expected.tags, wanted)]
        got = [f"{kept.tag}: {line}" for kept, line in zip(came, got, strict=True)]
    if wanted == got:
        return []
    compared = [f"  {line}" for line in difflib.ndiff(wanted, got) if not line.startswith("?")]
    return [f"{name}: {_records(len(wanted))} expected, {len(got)} came", *compared]


def _name(expected: Expected, outcome: Outcome) -> str:
    if expected.output in outcome.outputs:
        return expected.output
    alone = [name for name, plugin in outcome.plugins.items() if plugin == expected.output]
    if len(alone) == 1:
        return alone[0]
    raise UserError(
        f"there is no output '{expected.output}'",
        expected.place,
        found=expected.output,
        allowed=list(outcome.outputs),
    )


def _check_filter(name: str, place: Place, outcome: Outcome) -> None:
    """Whoever names no filter means one of the ledger's reasons, and those are whole sentences."""
    if name in outcome.filters or name in outcome.dropped or " " in name:
        return
    message = f"there is no filter '{name}'"
    raise UserError(message, place, found=name, allowed=outcome.filters, fix="name a filter, or a reason of the ledger")


def _of_dropped(expected: dict[str, int] | int | None, came: Counter[str]) -> list[str]:
    if expected is None:
        return []
    if isinstance(expected, int):
        if expected == came.total():
            return []
        return [f"dropped: {expected} expected, {came.total()} were{_reasons(came)}"]
    lines = []
    for reason, count in expected.items():
        got = came[reason] + came[f"filter {reason}"]
        if got != count:
            lines.append(f"dropped by {reason}: {count} expected, {got} were{_reasons(came)}")
    return lines


def _reasons(came: Counter[str]) -> str:
    return f" ({', '.join(f'{reason}: {count}' for reason, count in sorted(came.items()))})" if came else ""


def _records(count: int) -> str:
    return f"{count} record{'' if count == 1 else 's'}"


def _paired(tags: list[str], wanted: list[str]) -> list[tuple[str, str]]:
    """A tag for each record; the last one goes on."""
    return [(tags[min(number, len(tags) - 1)] if tags else "", line) for number, line in enumerate(wanted)]


def _reduced(got: Any, wanted: Any) -> Any:
    """What came, without the keys that nobody asked for."""
    if isinstance(got, dict) and isinstance(wanted, dict):
        return {key: _reduced(got[key], value) for key, value in wanted.items() if key in got}
    return got


def _line(record: Any) -> str:
    """A record in one line; the order of keys does not count, types do."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, default=_strange)


def _strange(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else repr(value)
