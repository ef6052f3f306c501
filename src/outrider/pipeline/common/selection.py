"""``Regex`` and ``Exclude`` rules, ``KEY PATTERN``, of which text alone can match. Pure. Source: Fluent Bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from outrider.formats.accessor import accessor
from outrider.formats.regex import Regex
from outrider.model.batch import Record
from outrider.model.errors import UserError

Rule: TypeAlias = Callable[[Record], bool]
Chooser: TypeAlias = Callable[[Sequence[Record]], list[bool]]
"""For each record, whether it stays."""

_TEXT: Final = frozenset({str, type(None)})


def rule(name: str, text: str) -> Rule:
    """Whether a record matches ``text``; ``name`` is the option's. Raises UserError."""
    key, _, pattern = text.partition(" ")
    pattern = pattern.strip()
    if not key or not pattern:
        raise UserError(f"{name} '{text}' must be 'KEY PATTERN'")
    try:
        get = accessor(key)
        search = Regex(pattern).search
    except ValueError as error:
        raise UserError(f"{name} '{text}': {error}") from error

    plain = key.removeprefix("$")
    if "[" not in plain:

        def has(record: Record) -> bool:
            value: Any = record.get(plain)
            if type(value) is str:
                return search(value) is not None
            return isinstance(value, bytes) and search(value.decode("utf-8", "surrogateescape")) is not None

        return has

    def matches(record: Record) -> bool:
        value: Any = get(record)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "surrogateescape")
        return isinstance(value, str) and search(value) is not None

    return matches


def by_column(text: str, *, keeps: bool) -> Chooser | None:
    """Which records stay by this one rule, which is no user's error, told for all of them at once; None: not so simple.

    One rule on a plain key is what most filters are.
    """
    key, _, pattern = text.partition(" ")
    plain = key.removeprefix("$")
    if "[" in plain:
        return None
    regex = Regex(pattern.strip())
    search, literal = regex.search, regex.literal
    test = rule("", text)

    def choose(records: Sequence[Record]) -> list[bool]:
        values = [record.get(plain) for record in records]
        if not _TEXT.issuperset(map(type, values)):
            return [test(record) is keeps for record in records]
        if keeps:
            return [value is not None and literal in value and search(value) is not None for value in values]
        return [value is None or literal not in value or search(value) is None for value in values]

    return choose


def in_order(rules: Sequence[tuple[bool, Rule]]) -> Rule:
    """Whether records stay, by rules in the order of the file, each with whether it keeps or drops what it matches.

    The first rule that keeps decides; one that drops and matches drops.
    """
    if not rules:
        return lambda record: True
    if len(rules) == 1:
        keeps, only = rules[0]
        return only if keeps else lambda record: not only(record)
    return lambda record: _first_decides(rules, record)


def _first_decides(rules: Sequence[tuple[bool, Rule]], record: Record) -> bool:
    for keeps, matches in rules:
        if keeps:
            return matches(record)
        if matches(record):
            return False
    return True
