"""What the rules of modify make of a shape. Pure: they look at keys, never at values. Source: Fluent Bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from outrider.formats import words
from outrider.formats.regex import Regex
from outrider.pipeline.common.shapes import Reshape, Slot, reshape

Slots: TypeAlias = list[Slot]
Rule: TypeAlias = Callable[[Slots], Slots]
Test: TypeAlias = Callable[[Any], bool]


class Rules:
    """Rules in the order of the file, each seeing what the one before has made."""

    def __init__(self) -> None:
        self._texts: list[tuple[str, str]] = []
        self._rules: list[Rule] = []
        self._constants: list[str] = []

    def add(self, name: str, text: str) -> None:
        """One more rule, by the name of its option. Raises ValueError for text that is no such rule."""
        arguments = words.split_quoted(text, 3)
        if name in _OF_ONE:
            if len(arguments) != 1:
                raise ValueError("one word is expected: the key; quote what has blanks")
            self._rules.append(_OF_ONE[name](arguments[0]))
            return
        if len(arguments) != 2:
            wanted = "KEY VALUE" if name in _WITH_VALUE else "KEY NEW"
            raise ValueError(f"two words are expected: {wanted}; quote what has blanks")
        key, other = arguments
        if name in _WITH_VALUE:
            self._constants.append(other)
            # Places of constants count from behind, so they are known only when all rules are.
            self._rules.append(_WITH_VALUE[name](key, len(self._constants) - 1, self._constants))
        else:
            self._rules.append(_OF_TWO[name](key, other) if key != other else lambda slots: slots)

    def plan(self, keys: tuple[Any, ...]) -> Reshape:
        """What becomes of records with these keys."""
        slots: Slots = list(zip(keys, range(len(keys)), strict=True))
        for rule in self._rules:
            slots = rule(slots)
        return reshape(keys, slots, self._constants)


def text_of(key: Any) -> str | None:
    """A key as rules compare it; None where it is no text."""
    if isinstance(key, bytes):
        return key.decode("utf-8", "surrogateescape")
    return key if isinstance(key, str) else None


def _has(slots: Slots, key: str) -> bool:
    return any(text_of(name) == key for name, _ in slots)


def _set(key: str, number: int, constants: Sequence[str]) -> Rule:
    return lambda slots: [
        *(slot for slot in slots if text_of(slot[0]) != key),
        (key, number - len(constants)),
    ]


def _add(key: str, number: int, constants: Sequence[str]) -> Rule:
    return lambda slots: slots if _has(slots, key) else [*slots, (key, number - len(constants))]


def _remove(test: Test) -> Rule:
    return lambda slots: [slot for slot in slots if not test(slot[0])]


def _to_start(test: Test) -> Rule:
    return lambda slots: [slot for slot in slots if test(slot[0])] + [slot for slot in slots if not test(slot[0])]


def _to_end(test: Test) -> Rule:
    return lambda slots: [slot for slot in slots if not test(slot[0])] + [slot for slot in slots if test(slot[0])]


def _rename(key: str, new: str) -> Rule:
    hard = _hard_rename(key, new)
    return lambda slots: slots if _has(slots, new) else hard(slots)


def _hard_rename(key: str, new: str) -> Rule:
    def rule(slots: Slots) -> Slots:
        if not _has(slots, key):
            return slots
        return [(new, at) if text_of(name) == key else (name, at) for name, at in slots if text_of(name) != new]

    return rule


def _copy(key: str, new: str) -> Rule:
    hard = _hard_copy(key, new)
    return lambda slots: slots if _has(slots, new) else hard(slots)


def _hard_copy(key: str, new: str) -> Rule:
    def rule(slots: Slots) -> Slots:
        if not _has(slots, key):
            return slots
        found: Slots = []
        for name, at in slots:
            if text_of(name) != new:
                found.append((name, at))
            if text_of(name) == key:
                found.append((new, at))
        return found

    return rule


def _is(key: str) -> Test:
    return lambda name: text_of(name) == key


def _begins(prefix: str) -> Test:
    return lambda name: (text_of(name) or "").startswith(prefix) and text_of(name) is not None


def matches(regex: Regex) -> Test:
    """A test as Fluent Bit's for keys and values: text, and booleans as text; bytes never match."""

    def test(value: Any) -> bool:
        if isinstance(value, bool):
            value = "true" if value else "false"
        return isinstance(value, str) and regex.search(value) is not None

    return test


_OF_ONE: Final[dict[str, Callable[[str], Rule]]] = {
    "remove": lambda key: _remove(_is(key)),
    "remove_wildcard": lambda prefix: _remove(_begins(prefix)),
    "remove_regex": lambda pattern: _remove(matches(Regex(pattern))),
    "move_to_start": lambda prefix: _to_start(_begins(prefix)),
    "move_to_end": lambda prefix: _to_end(_begins(prefix)),
}
_WITH_VALUE: Final[dict[str, Callable[[str, int, Sequence[str]], Rule]]] = {"set": _set, "add": _add}
_OF_TWO: Final[dict[str, Callable[[str, str], Rule]]] = {
    "rename": _rename,
    "hard_rename": _hard_rename,
    "copy": _copy,
    "hard_copy": _hard_copy,
}
