"""The conditions of modify: tests of one record, and the record's values as the source compares them. Pure.

Source: Fluent Bit. Text and bytes can be equal to an argument; text and booleans can match a regular expression.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from outrider.formats import words
from outrider.formats.accessor import MISSING, field
from outrider.formats.regex import Regex
from outrider.model.batch import Record
from outrider.plugins.filters.modify.rules import matches

Condition: TypeAlias = Callable[[Record], bool]
Get: TypeAlias = Callable[[Record], Any]


def condition(text: str) -> Condition:
    """The test that the text of a ``Condition`` names. Raises ValueError."""
    arguments = words.split_quoted(text, 3)
    name = arguments[0].lower() if arguments else ""
    given = len(arguments) - 1
    if name not in _WANTED:
        raise ValueError(f"'{name}' is no condition; allowed: {', '.join(_WANTED)}")
    if given != _WANTED[name]:
        raise ValueError(f"{name} takes {_WANTED[name]} arguments, found {given}; quote what has blanks")
    if name in _OF_KEY:
        return _OF_KEY[name](field(arguments[1]))
    if name in _OF_KEYS:
        return _OF_KEYS[name](matches(Regex(arguments[1])))
    if name in _OF_VALUE:
        return _OF_VALUE[name](field(arguments[1]), arguments[2])
    return _OF_KEYS_AND_VALUES[name](matches(Regex(arguments[1])), matches(Regex(arguments[2])))


def _equals(get: Get, expected: str) -> Condition:
    either = (expected, expected.encode("utf-8", "surrogateescape"))
    return lambda record: get(record) in either


def _differs(get: Get, expected: str) -> Condition:
    not_either = (expected, expected.encode("utf-8", "surrogateescape"), MISSING)
    return lambda record: get(record) not in not_either


def _value_matches(get: Get, pattern: str) -> Condition:
    test = matches(Regex(pattern))
    return lambda record: test(get(record))


def _value_does_not_match(get: Get, pattern: str) -> Condition:
    test = matches(Regex(pattern))
    return lambda record: (value := get(record)) is not MISSING and not test(value)


def _matching_have(key: Callable[[Any], bool], value: Callable[[Any], bool]) -> Condition:
    return lambda record: all(value(member) for name, member in record.items() if key(name))


def _not_matching_have(key: Callable[[Any], bool], value: Callable[[Any], bool]) -> Condition:
    return lambda record: any(not value(member) for name, member in record.items() if key(name))


_OF_KEY: Final[dict[str, Callable[[Get], Condition]]] = {
    "key_exists": lambda get: lambda record: get(record) is not MISSING,
    "key_does_not_exist": lambda get: lambda record: get(record) is MISSING,
}
_OF_KEYS: Final[dict[str, Callable[[Callable[[Any], bool]], Condition]]] = {
    "a_key_matches": lambda test: lambda record: any(map(test, record)),
    "no_key_matches": lambda test: lambda record: not any(map(test, record)),
}
_OF_VALUE: Final[dict[str, Callable[[Get, str], Condition]]] = {
    "key_value_equals": _equals,
    "key_value_does_not_equal": _differs,
    "key_value_matches": _value_matches,
    "key_value_does_not_match": _value_does_not_match,
}
_OF_KEYS_AND_VALUES: Final[dict[str, Callable[[Callable[[Any], bool], Callable[[Any], bool]], Condition]]] = {
    "matching_keys_have_matching_values": _matching_have,
    "matching_keys_do_not_have_matching_values": _not_matching_have,
}
_WANTED: Final = {
    **dict.fromkeys([*_OF_KEY, *_OF_KEYS], 1),
    **dict.fromkeys([*_OF_VALUE, *_OF_KEYS_AND_VALUES], 2),
}
