"""What policies lack of the rights that are needed, and what they allow beyond. Pure.

A need is met by one pattern of one statement or not at all: where several cover parts of what none covers alone, it is
told as missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from outrider.model.errors import Place
from outrider.taskdef.rights.granted import Statement
from outrider.taskdef.rights.need import Condition, Need, Reason
from outrider.taskdef.rights.patterns import covers, narrowed, overlaps

_KNOWN_PARTS = (1, 3, 4)
"""Where an ARN has partition, region and account."""


class Lack(Struct, frozen=True):
    """An action on a resource that is not allowed; ``denied`` names the statement that forbids it, if one does."""

    action: str
    resource: str
    reasons: tuple[Reason, ...]
    denied: str = ""


class Excess(Struct, frozen=True):
    """What a statement allows and nothing needs."""

    text: str
    place: Place


class Difference(Struct):
    """``doubts`` are needs that are met, or denied, only where the Condition of a statement holds."""

    missing: list[Lack] = field(default_factory=list)
    excess: list[Excess] = field(default_factory=list)
    doubts: list[Excess] = field(default_factory=list)


class _One(Struct, frozen=True):
    """One action on one resource."""

    action: str
    resource: str
    condition: Condition


def compare(needs: Sequence[Need], statements: Sequence[Statement]) -> Difference:
    """The difference between the needs of one role and all its policies."""
    result = Difference()
    wanted: dict[_One, list[Reason]] = {}
    for need in needs:
        for action in need.actions:
            wanted.setdefault(_One(action, need.resource, need.condition), []).append(need.reason)
    for one, reasons in wanted.items():
        _judge(one, tuple(reasons), statements, result)
    for statement in statements:
        if statement.allows:
            result.excess += [Excess(text, statement.place) for text in _beyond(statement, list(wanted))]
    return result


def _judge(one: _One, reasons: tuple[Reason, ...], statements: Sequence[Statement], result: Difference) -> None:
    denying = [found for found in statements if not found.allows and _denies(found, one)]
    allowing = [found for found in statements if found.allows and _allows(found, one)]
    sure = [found for found in allowing if _unconditional(found, one)]
    hard = [found for found in denying if not found.condition]
    if hard or not allowing:
        denied = f"{hard[0].label} at {hard[0].place}" if hard else ""
        result.missing.append(Lack(one.action, one.resource, reasons, denied))
        return
    what = f"{one.action} on {one.resource}"
    if not sure:
        text = f"{allowing[0].label} allows {what} only where its Condition holds"
        result.doubts.append(Excess(text, allowing[0].place))
    result.doubts += [
        Excess(f"{found.label} denies {what} where its Condition holds", found.place) for found in denying
    ]


def _names(pattern: str, action: str) -> bool:
    """Whether an action fits; case does not count."""
    return covers(pattern.lower(), action.lower())


def _speaks_of(statement: Statement, action: str) -> bool:
    return any(_names(pattern, action) for pattern in statement.actions) != statement.all_but_actions


def _allows(statement: Statement, one: _One) -> bool:
    if not _speaks_of(statement, one.action):
        return False
    if statement.all_but_resources:
        return not any(overlaps(pattern, filled(one.resource, pattern)) for pattern in statement.resources)
    return any(_covers(pattern, one.resource) for pattern in statement.resources)


def _covers(pattern: str, resource: str) -> bool:
    """Whether a pattern is enough for a resource."""
    return any(covers(pattern, filled(text, pattern)) for text in (resource, _asked(resource)))


def _asked(resource: str) -> str:
    """What AWS looks for in a policy where a call is about a log group as a whole: a stream without a name."""
    whole = ":log-group:" in resource and resource.endswith(":*") and ":log-stream:" not in resource
    return f"{resource[:-1]}log-stream:" if whole else resource


def _denies(statement: Statement, one: _One) -> bool:
    if not _speaks_of(statement, one.action):
        return False
    if statement.all_but_resources:
        return not any(covers(pattern, filled(one.resource, pattern)) for pattern in statement.resources)
    return any(overlaps(pattern, filled(one.resource, pattern)) for pattern in statement.resources)


def _unconditional(statement: Statement, one: _One) -> bool:
    """Whether the statement's Condition, if it has one, is the need's own."""
    return not statement.condition or _lines(statement.condition) == {*one.condition}


def _lines(condition: dict[str, Any]) -> set[tuple[str, str, str]]:
    found = set[tuple[str, str, str]]()
    for operator, lines in condition.items():
        for key, value in lines.items() if isinstance(lines, dict) else ():
            values = value if isinstance(value, list) else [value]
            found |= {(operator, key, str(text)) for text in values}
    return found


def filled(resource: str, pattern: str) -> str:
    """The resource with ``${AccountId}``, ``${TaskRegion}`` and the like as in the pattern: they may be the same."""
    parts, given = resource.split(":", 5), pattern.split(":", 5)
    if len(parts) < 6 or len(given) < 6:
        return resource
    for place in _KNOWN_PARTS:
        if parts[place].startswith("${"):
            parts[place] = given[place]
    return ":".join(parts)


def _beyond(statement: Statement, wanted: Sequence[_One]) -> Iterator[str]:
    """What an Allow gives beyond what is wanted, one phrase each."""
    if statement.all_but_actions or statement.all_but_resources:
        name = "NotAction" if statement.all_but_actions else "NotResource"
        yield f"{statement.label} allows all but what its {name} names; name what is needed instead"
        return
    used: list[_One] = []
    for pattern in statement.actions:
        matched = [one for one in wanted if _names(pattern, one.action)]
        used += matched
        if not matched:
            yield f"{statement.label} allows {pattern}, which nothing here needs"
        elif "*" in pattern or "?" in pattern:
            enough = _listed(one.action for one in matched)
            yield f"{statement.label} allows {pattern}, where {enough} is enough"
    for pattern in statement.resources if used else ():
        yield from _wide(statement, pattern, used)


def _wide(statement: Statement, pattern: str, used: Sequence[_One]) -> Iterator[str]:
    """Whether a resource of a statement is more than its actions need."""
    inside: dict[str, list[str]] = {}
    for one in used:
        resource = filled(one.resource, pattern)
        if _covers(pattern, resource):
            inside.setdefault(one.action, []).append(resource)
    wide = {action: found for action, found in inside.items() if not any(covers(one, pattern) for one in found)}
    if not inside:
        yield f"{statement.label} names {pattern}, where nothing here needs its actions"
    elif wide:
        enough = _listed(narrowed([resource for found in wide.values() for resource in found]))
        yield f"{statement.label} allows {_listed(wide)} on {pattern}, where {enough} is enough"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
