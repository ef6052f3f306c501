"""A policy that is there: as ``aws iam get-role-policy`` or ``get-policy-version`` prints it, or bare. Pure."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from outrider.model.errors import Place, UserError
from outrider.taskdef.shape import Path, kind_of
from outrider.taskdef.source import Source

_WRAPPED: Final[tuple[Path, ...]] = (("PolicyDocument",), ("PolicyVersion", "Document"))
_FORM: Final = 'give an identity policy: what \'aws iam get-role-policy\' prints, or {"Version": …, "Statement": […]}'
_EFFECTS: Final = ("Allow", "Deny")


class Statement(Struct, frozen=True):
    """One statement. ``all_but_actions`` and ``all_but_resources`` say that the patterns are those of NotAction and
    NotResource."""

    label: str
    allows: bool
    actions: tuple[str, ...]
    all_but_actions: bool
    resources: tuple[str, ...]
    all_but_resources: bool
    condition: dict[str, Any]
    place: Place


class Granted(Struct, frozen=True):
    """The statements of a policy; ``role`` is the name that ``get-role-policy`` prints, else empty."""

    role: str
    statements: tuple[Statement, ...]
    file: str


def read_granted(source: Source) -> Granted:
    """The policy in a file. Raises UserError with the place if it is none."""
    value: Any = source.value
    if not isinstance(value, dict):
        raise UserError(f"a policy is an object, this is {kind_of(value)}", source.place(()), fix=_FORM)
    base: Path = next((path for path in _WRAPPED if _at(value, path) is not None), ())
    document = _at(value, base)
    if not isinstance(document, dict) or "Statement" not in document:
        raise UserError("there is no policy in this file", source.place(base), fix=_FORM)
    path: Path = (*base, "Statement")
    statements = document["Statement"]
    items = [(path, statements)] if isinstance(statements, dict) else []
    if isinstance(statements, list):
        items = [((*path, place), item) for place, item in enumerate(statements)]
    elif not items:
        raise UserError(f"Statement is an array, this is {kind_of(statements)}", source.place(path), fix=_FORM)
    role = value.get("RoleName")
    read = [_statement(item, number, where, source) for number, (where, item) in enumerate(items, 1)]
    return Granted(role if isinstance(role, str) else "", tuple(read), source.file)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _statement(item: Any, number: int, path: Path, source: Source) -> Statement:
    place = source.place(path)
    if not isinstance(item, dict):
        raise UserError(f"a statement is an object, this is {kind_of(item)}", place, fix=_FORM)
    effect = item.get("Effect")
    if effect not in _EFFECTS:
        raise UserError(
            "a statement has an Effect", source.place((*path, "Effect")), found=str(effect), allowed=_EFFECTS
        )
    actions, all_but_actions = _patterns(item, "Action", path, source)
    resources, all_but_resources = _patterns(item, "Resource", path, source)
    condition = item.get("Condition") or {}
    if not isinstance(condition, dict):
        raise UserError("Condition is an object", source.place((*path, "Condition")), fix="write an object")
    return Statement(
        f"statement {item['Sid']}" if isinstance(item.get("Sid"), str) and item["Sid"] else f"statement {number}",
        effect == "Allow",
        tuple(actions),
        all_but_actions,
        tuple(resources),
        all_but_resources,
        condition,
        place,
    )


def _patterns(item: dict[str, Any], key: str, path: Path, source: Source) -> tuple[list[str], bool]:
    """The patterns of ``Action`` or ``NotAction``, and whether it is the latter."""
    negated = f"Not{key}" in item
    name = f"Not{key}" if negated else key
    if name not in item:
        kind = "; a trust policy has none" if key == "Resource" else ""
        raise UserError(f"a statement has no {key}{kind}", source.place(path), fix=_FORM)
    value = item[name]
    found = value if isinstance(value, list) else [value]
    for place, text in enumerate(found):
        if not isinstance(text, str):
            where = source.place((*path, name, place) if isinstance(value, list) else (*path, name))
            raise UserError(f"{name} holds strings, this is {kind_of(text)}", where, fix="write a string")
    return list(found), negated
