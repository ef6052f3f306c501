"""Comparisons with a number, which many options share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from outrider.ids.rules.refusal import RuleError

Number: TypeAlias = int | str
"""A number, or the name of a variable of ``byte_extract`` or ``byte_math``."""

_NUMBER: Final = r"(0x[0-9a-fA-F]+|\d+)"
_ONE: Final = re.compile(rf"(<=|>=|<|>|!=|!|=)?\s*{_NUMBER}", re.ASCII)
_RANGE: Final = re.compile(rf"{_NUMBER}\s*(?:<>|-)\s*{_NUMBER}", re.ASCII)
_LIMIT: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers from ``low`` to ``high``, both included; if ``negated``, all others."""

    low: int
    high: int
    negated: bool = False

    def __contains__(self, number: int) -> bool:
        return (self.low <= number <= self.high) is not self.negated


def numbers(text: str, what: str, most: int = _LIMIT - 1) -> Numbers:
    """``n``, ``=n``, ``!n``, ``<n``, ``>n``, ``<=n``, ``>=n``; ``a<>b`` and ``a-b`` are what lies between.

    Raises RuleError.
    """
    text = text.strip()
    if found := _RANGE.fullmatch(text):
        low, high = _value(found[1], what, most), _value(found[2], what, most)
        if low + 1 >= high:
            raise RuleError(f"{what}: nothing lies between {low} and {high}")
        return Numbers(low + 1, high - 1)
    found = _ONE.fullmatch(text)
    if not found:
        raise RuleError(f"{what}: '{text}' is no number or range; a number, <n, >n, <=n, >=n, !n and a<>b are")
    value = _value(found[2], what, most)
    match found[1]:
        case "<":
            if value == 0:
                raise RuleError(f"{what}: nothing is below 0")
            return Numbers(0, value - 1)
        case ">":
            return Numbers(value + 1, _LIMIT)
        case "<=":
            return Numbers(0, value)
        case ">=":
            return Numbers(value, _LIMIT)
        case "!" | "!=":
            return Numbers(value, value, negated=True)
        case _:
            return Numbers(value, value)


def integer(text: str, what: str, least: int, most: int) -> int:
    """A number in decimal or with 0x. Raises RuleError."""
    text = text.strip()
    if not re.fullmatch(rf"[+-]?{_NUMBER}", text, re.ASCII) or len(text) > 24:
        raise RuleError(f"{what}: '{text[:40]}' is no number")
    value = int(text, 0) if "x" in text.lower() else int(text)
    if not least <= value <= most:
        raise RuleError(f"{what}: {value} is not from {least} to {most}")
    return value


def number(text: str, what: str, least: int, most: int) -> Number:
    """The same, or the name of a variable. Raises RuleError."""
    text = text.strip()
    if re.fullmatch(r"[A-Za-z_][\w.]*", text, re.ASCII):
        return text
    return integer(text, what, least, most)


def _value(text: str, what: str, most: int) -> int:
    value = int(text, 16) if text[:2] in ("0x", "0X") else int(text[:24])
    if value > most:
        raise RuleError(f"{what}: {value} is above {most}")
    return value
