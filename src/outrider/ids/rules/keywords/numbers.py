"""Numbers that are read from a buffer."""

from __future__ import annotations

import re
from typing import Final

from outrider.ids.rules.draft import Draft
from outrider.ids.rules.keywords.reading import Flag, Reader, negatable, settings, words
from outrider.ids.rules.numbers import Number, integer, number
from outrider.ids.rules.refusal import RuleError, UnsupportedError
from outrider.ids.rules.steps import Base64Decode, ByteExtract, ByteJump, ByteMath, ByteTest, Read

_BYTES: Final = 8
_DIGITS: Final = 23
_VALUE: Final = (1 << 64) - 1
_WINDOW: Final = 65_535
_BASES: Final = {"hex": 16, "dec": 10, "oct": 8}
_COMPARISONS: Final = ("<=", ">=", "<", ">", "=", "&", "^")
_MATHS: Final = ("+", "-", "*", "/", "<<", ">>")
_NAME: Final = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)


class _Options:
    """The words behind the fixed ones, which all four keywords share; others are left in ``rest``."""

    def __init__(self, keyword: str, given: list[str]) -> None:
        self.keyword = keyword
        self.relative = self.little = self.text = False
        self.base = 10
        self.bitmask = 0
        self.rest: list[tuple[str, str]] = []
        for word in given:
            name, _, value = word.partition(" ")
            value = value.strip()
            if name == "relative":
                self.relative = True
            elif name in ("little", "big"):
                self.little = name == "little"
            elif name == "endian" and value in ("little", "big"):
                self.little = value == "little"
            elif name == "string":
                self.text = True
                if value:
                    self.base = self._base(value)
            elif name in _BASES:
                self.base = _BASES[name]
            elif name == "bitmask":
                self.bitmask = integer(value, f"{keyword}: bitmask", 1, (1 << 32) - 1)
            elif name == "dce" or (name == "endian" and value == "dce"):
                raise UnsupportedError(f"{keyword}: byte order as DCE/RPC tells it is not supported")
            elif name:
                self.rest.append((name, value))

    def _base(self, value: str) -> int:
        if value not in _BASES:
            raise RuleError(f"{self.keyword}: '{value}' is no base; hex, dec and oct are")
        return _BASES[value]

    def read(self, size: Number, offset: Number) -> Read:
        """How the number is read. Raises RuleError for sizes that cannot be."""
        most = _DIGITS if self.text else _BYTES
        if isinstance(size, int) and size > most:
            raise RuleError(f"{self.keyword}: {size} bytes are more than {most}")
        return Read(size, offset, self.relative, self.little, self.base if self.text else 0, self.bitmask)

    def settle(self) -> None:
        """Raises RuleError for words that nobody has taken."""
        if self.rest:
            raise RuleError(f"{self.keyword}: '{self.rest[0][0]}' is not known")


def _fixed(keyword: str, value: str, count: int) -> tuple[list[str], list[str]]:
    parts = words(value)
    if len(parts) < count:
        raise RuleError(f"{keyword} takes at least {count} values with commas between them")
    return parts[:count], parts[count:]


def _number(draft: Draft, text: str, what: str, least: int, most: int) -> Number:
    found = number(text, what, least, most)
    if isinstance(found, str) and found not in draft.variables():
        raise RuleError(f"{what}: no byte_extract or byte_math before it names '{found}'")
    return found


def _byte_test(draft: Draft, value: str) -> None:
    (size, operator, right, offset), given = _fixed("byte_test", value, 4)
    negated, operator = negatable(operator)
    if negated and not operator:
        operator = "="
    if operator not in _COMPARISONS:
        raise RuleError(f"byte_test: '{operator}' is no comparison; {' '.join(_COMPARISONS)} are, also after !")
    options = _Options("byte_test", given)
    options.settle()
    draft.add(
        ByteTest(
            options.read(
                _number(draft, size, "byte_test: bytes", 0 if options.text else 1, _DIGITS),
                _number(draft, offset, "byte_test: offset", -_WINDOW, _WINDOW),
            ),
            operator,
            _number(draft, right, "byte_test: value", 0, _VALUE),
            negated,
        )
    )


def _byte_jump(draft: Draft, value: str) -> None:
    (size, offset), given = _fixed("byte_jump", value, 2)
    options = _Options("byte_jump", given)
    multiplier, align, origin = 1, False, "here"
    post: Number = 0
    for name, word in options.rest:
        if name == "multiplier":
            multiplier = integer(word, "byte_jump: multiplier", 1, _WINDOW)
        elif name == "align":
            align = True
        elif name in ("from_beginning", "from_end"):
            origin = name.removeprefix("from_")
        elif name == "post_offset":
            post = _number(draft, word, "byte_jump: post_offset", -_WINDOW, _WINDOW)
        else:
            raise RuleError(f"byte_jump: '{name}' is not known")
    read = options.read(
        _number(draft, size, "byte_jump: bytes", 0, _DIGITS),
        _number(draft, offset, "byte_jump: offset", -_WINDOW, _WINDOW),
    )
    draft.add(ByteJump(read, multiplier, align, origin, post))


def _byte_extract(draft: Draft, value: str) -> None:
    (size, offset, name), given = _fixed("byte_extract", value, 3)
    _new_name("byte_extract", name)
    options = _Options("byte_extract", given)
    multiplier, align = 1, 1
    for word, rest in options.rest:
        if word == "multiplier":
            multiplier = integer(rest, "byte_extract: multiplier", 1, _WINDOW)
        elif word == "align":
            align = integer(rest, "byte_extract: align", 2, 4)
        else:
            raise RuleError(f"byte_extract: '{word}' is not known")
    read = options.read(
        integer(size, "byte_extract: bytes", 1, _DIGITS),
        _number(draft, offset, "byte_extract: offset", -_WINDOW, _WINDOW),
    )
    draft.add(ByteExtract(read, name, multiplier, align))


def _byte_math(draft: Draft, value: str) -> None:
    fixed = dict.fromkeys(("bytes", "offset", "oper", "rvalue", "result"), "")
    given = []
    for name, word in settings(value, "byte_math"):
        if name in fixed:
            fixed[name] = word
        else:
            given.append(f"{name} {word}".strip())
    missing = [name for name, word in fixed.items() if not word]
    if missing:
        raise RuleError(f"byte_math has no {' and no '.join(missing)}")
    if fixed["oper"] not in _MATHS:
        raise RuleError(f"byte_math: '{fixed['oper']}' is no operator; {' '.join(_MATHS)} are")
    _new_name("byte_math", fixed["result"])
    options = _Options("byte_math", given)
    options.settle()
    read = options.read(
        _number(draft, fixed["bytes"], "byte_math: bytes", 1, 10),
        _number(draft, fixed["offset"], "byte_math: offset", -_WINDOW, _WINDOW),
    )
    right = _number(draft, fixed["rvalue"], "byte_math: rvalue", 0, (1 << 32) - 1)
    draft.add(ByteMath(read, fixed["oper"], right, fixed["result"]))


def _new_name(keyword: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise RuleError(f"{keyword}: '{name}' is no name of a variable")


def _base64_decode(draft: Draft, value: str) -> None:
    size: int | None = None
    offset, relative = 0, False
    for word in words(value):
        name, _, rest = word.partition(" ")
        if name == "bytes":
            size = integer(rest, "base64_decode: bytes", 1, _WINDOW)
        elif name == "offset":
            offset = integer(rest, "base64_decode: offset", 0, _WINDOW)
        elif word == "relative":
            relative = True
        else:
            raise RuleError(f"base64_decode: '{word}' is not known; bytes, offset and relative are")
    draft.add(Base64Decode(size, offset, relative))


def _base64_decode_all(draft: Draft) -> None:
    draft.add(Base64Decode())


READERS: Final[dict[str, Reader]] = {
    "byte_test": _byte_test,
    "byte_jump": _byte_jump,
    "byte_extract": _byte_extract,
    "byte_math": _byte_math,
    "base64_decode": _base64_decode,
}
FLAGS: Final[dict[str, Flag]] = {"base64_decode": _base64_decode_all}
