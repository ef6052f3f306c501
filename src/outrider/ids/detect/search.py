"""Steps of one buffer, as closures that go back where a later step fails.

Each closure gets the search and the end of the match before it, and says whether it and all that follow hold. Where the
step behind it counts from its match, it tries its next occurrence, up to LIMIT steps in all.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from outrider.ids.detect.reads import number_at
from outrider.ids.expressions import compiled, searched
from outrider.ids.rules.numbers import Number
from outrider.ids.rules.steps import (
    Absent,
    Base64Decode,
    ByteExtract,
    ByteJump,
    ByteMath,
    ByteTest,
    Content,
    IsDataAt,
    Pcre,
    Size,
    Step,
)

LIMIT: Final = 3000

Test: TypeAlias = "Callable[[Search, int], bool]"


class Search:
    """One look at a buffer. ``start`` is where the buffer begins in its stream. ``values`` are variables of the rule;
    ``captured`` gets what expressions capture."""

    __slots__ = ("_lower", "captured", "data", "decoded", "left", "start", "values")

    def __init__(self, data: bytes, start: int = 0) -> None:
        self.data = data
        self.start = start
        self.left = LIMIT
        self.values: dict[str, int] = {}
        self.captured: list[tuple[str, str, bytes]] = []
        self.decoded: bytes | None = None
        self._lower: bytes | None = None

    @property
    def lower(self) -> bytes:
        """The data with small letters."""
        if self._lower is None:
            self._lower = self.data.lower()
        return self._lower

    def value(self, number: Number) -> int | None:
        """A number, or the variable of this name; None if it has not been set."""
        return number if isinstance(number, int) else self.values.get(number)


def prepared(steps: tuple[Step, ...], base64_steps: tuple[Step, ...] = ()) -> Test:
    """One closure for all steps of a buffer; ``base64_steps`` are looked for in what base64_decode makes."""
    decoded = prepared(base64_steps) if base64_steps else None
    test: Test = _end if decoded is None else _decoded(decoded)
    following: Step | None = None
    for step in reversed(steps):
        test = _prepare(step, test, following is not None and _relative(following))
        following = step
    return test


def _end(search: Search, cursor: int) -> bool:
    return True


def _decoded(test: Test) -> Test:
    def run(search: Search, cursor: int) -> bool:
        if search.decoded is None:
            return False
        inner = Search(search.decoded)
        inner.values = search.values
        return test(inner, 0)

    return run


def _relative(step: Step) -> bool:
    match step:
        case Content() | Pcre() | IsDataAt() | Base64Decode():
            return step.relative
        case ByteTest() | ByteJump() | ByteExtract() | ByteMath():
            return step.read.relative
        case _:
            return False


def _prepare(step: Step, following: Test, again: bool) -> Test:
    match step:
        case Content():
            return _content(step, following, again)
        case Pcre():
            return _pcre(step, following, again)
        case IsDataAt():
            return _is_data_at(step, following)
        case Size():
            return lambda search, cursor: len(search.data) in step.size and following(search, cursor)
        case Absent():
            return lambda search, cursor: step.or_else and following(search, cursor)
        case ByteTest():
            return _byte_test(step, following)
        case ByteJump():
            return _byte_jump(step, following)
        case ByteExtract():
            return _byte_extract(step, following)
        case ByteMath():
            return _byte_math(step, following)
        case Base64Decode():
            return _base64(step, following)


def _content(step: Content, following: Test, again: bool) -> Test:
    pattern = step.pattern.lower() if step.nocase else step.pattern
    nocase, size = step.nocase, len(pattern)
    if step.endswith:
        return _at_the_end(step, pattern, following)
    if step.startswith and not step.negated:
        if nocase:
            return lambda search, cursor: (
                search.start == 0 and search.lower.startswith(pattern) and following(search, size)
            )
        return lambda search, cursor: search.start == 0 and search.data.startswith(pattern) and following(search, size)
    plain = not step.relative and step.offset is None and step.depth is None and not step.startswith
    if plain and not step.negated and not again:

        def anywhere(search: Search, cursor: int) -> bool:
            at = (search.lower if nocase else search.data).find(pattern)
            return at >= 0 and following(search, at + size)

        return anywhere

    def run(search: Search, cursor: int) -> bool:
        data = search.lower if nocase else search.data
        window = _window(step, search, cursor, len(data), size)
        if window is None:
            return step.negated and following(search, cursor)
        low, high = window
        at = data.find(pattern, low, high)
        if step.negated:
            return at < 0 and following(search, cursor)
        while at >= 0:
            if following(search, at + size):
                return True
            search.left -= 1
            if not again or search.left <= 0:
                return False
            at = data.find(pattern, at + 1, high)
        return False

    return run


def _window(step: Content, search: Search, cursor: int, length: int, size: int) -> tuple[int, int] | None:
    """Where the pattern may stand, from and to; None if there is no such place."""
    if step.relative:
        distance = 0 if step.distance is None else search.value(step.distance)
        if distance is None:
            return None
        low = max(cursor + distance, 0)
        high = length
        if step.within is not None:
            within = search.value(step.within)
            if within is None:
                return None
            high = min(length, cursor + distance + within)
        return (low, high) if low <= high - size else None
    if step.startswith:
        return (0, size) if search.start == 0 and size <= length else None
    offset = 0 if step.offset is None else search.value(step.offset)
    depth = None if step.depth is None else search.value(step.depth)
    if offset is None or (step.depth is not None and depth is None):
        return None
    low = max(offset - search.start, 0)
    high = length if depth is None else min(length, offset + depth - search.start)
    return (low, high) if low <= high - size else None


def _at_the_end(step: Content, pattern: bytes, following: Test) -> Test:
    size = len(pattern)

    def run(search: Search, cursor: int) -> bool:
        data = search.lower if step.nocase else search.data
        window = _window(step, search, cursor, len(data), size)
        found = (
            window is not None and window[1] == len(data) and len(data) - size >= window[0] and data.endswith(pattern)
        )
        if step.negated:
            return not found and following(search, cursor)
        return found and following(search, len(data))

    return run


def _pcre(step: Pcre, following: Test, again: bool) -> Test:
    expression: Any = compiled(step)
    captures = step.captures

    def run(search: Search, cursor: int) -> bool:
        start = cursor if step.relative else 0
        if start > len(search.data):
            return step.negated and following(search, cursor)
        while True:
            data = search.data[start:] if start else search.data
            found = searched(expression, data)
            if step.negated:
                return found is None and following(search, cursor)
            if found is None:
                return False
            if captures:
                groups = found.groups()
                search.captured += [
                    (scope, name, text)
                    for (scope, name), text in zip(captures, groups, strict=False)
                    if text is not None
                ]
            if following(search, start + found.end()):
                return True
            search.left -= 1
            if not again or search.left <= 0:
                return False
            start += found.start() + 1
            if start > len(search.data):
                return False

    return run


def _is_data_at(step: IsDataAt, following: Test) -> Test:
    def run(search: Search, cursor: int) -> bool:
        at = search.value(step.at)
        if at is None:
            return False
        there = cursor + at <= len(search.data) if step.relative else at < len(search.data)
        return there is not step.negated and following(search, cursor)

    return run


def _byte_test(step: ByteTest, following: Test) -> Test:
    compare = _COMPARE[step.operator]

    def run(search: Search, cursor: int) -> bool:
        found = number_at(step.read, search, cursor)
        right = search.value(step.value)
        if found is None or right is None:
            return False
        return compare(found[0], right) is not step.negated and following(search, cursor)

    return run


_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "=": lambda one, other: one == other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
    "&": lambda one, other: bool(one & other),
    "^": lambda one, other: bool(one ^ other),
}


def _byte_jump(step: ByteJump, following: Test) -> Test:
    def run(search: Search, cursor: int) -> bool:
        found = number_at(step.read, search, cursor)
        post = search.value(step.post_offset)
        if found is None or post is None:
            return False
        jump = found[0] * step.multiplier
        if step.align:
            jump = (jump + 3) // 4 * 4
        origin = {"here": found[1], "beginning": 0, "end": len(search.data)}[step.origin]
        to = max(origin + jump + post, 0)
        return to <= len(search.data) and following(search, to)

    return run


def _byte_extract(step: ByteExtract, following: Test) -> Test:
    def run(search: Search, cursor: int) -> bool:
        found = number_at(step.read, search, cursor)
        if found is None:
            return False
        value = found[0] * step.multiplier
        search.values[step.name] = (value + step.align - 1) // step.align * step.align
        return following(search, found[1])

    return run


def _byte_math(step: ByteMath, following: Test) -> Test:
    def run(search: Search, cursor: int) -> bool:
        found = number_at(step.read, search, cursor)
        right = search.value(step.right)
        if found is None or right is None:
            return False
        value = _calculated(step.operator, found[0], right)
        if value is None:
            return False
        search.values[step.name] = value
        return following(search, found[1])

    return run


def _calculated(operator: str, left: int, right: int) -> int | None:
    mask = (1 << 64) - 1
    match operator:
        case "+":
            return left + right & mask
        case "-":
            return left - right & mask
        case "*":
            return left * right & mask
        case "/":
            return left // right if right else None
        case "<<":
            return left << right & mask if right < 64 else None
        case _:
            return left >> right if right < 64 else None


def _base64(step: Base64Decode, following: Test) -> Test:
    def run(search: Search, cursor: int) -> bool:
        start = (cursor if step.relative else 0) + step.offset
        if start >= len(search.data):
            return False
        text = search.data[start:] if step.size is None else search.data[start : start + step.size]
        search.decoded = decode_base64(text)
        return search.decoded is not None and following(search, cursor)

    return run


_ALPHABET: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def decode_base64(text: bytes) -> bytes | None:
    """What stands there in base64, up to the first byte that is none; None if that is nothing."""
    size = 0
    for byte in text:
        if byte not in _ALPHABET:
            break
        size += 1
    usable = text[:size]
    if len(usable) % 4 == 1:
        usable = usable[:-1]
    if not usable:
        return None
    try:
        return base64.b64decode(usable + b"=" * (-len(usable) % 4))
    except binascii.Error:
        return None
