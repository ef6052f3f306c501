"""What is looked for in a buffer. The steps of one buffer come in the order in which the rule has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from outrider.ids.rules.numbers import Number, Numbers


@dataclass(frozen=True, slots=True)
class Content:
    """``pattern`` in the window that ``offset``, ``depth`` (from the buffer's beginning), ``distance`` and ``within``
    (from the end of the match before) leave; absent if ``negated``.

    ``startswith`` and ``endswith`` tie it to the buffer's ends. ``fast``: the rule wants it to be the one that is
    looked for first; ``fast_part`` (offset, length) is then the part that is looked for.
    """

    pattern: bytes
    negated: bool = False
    nocase: bool = False
    offset: Number | None = None
    depth: Number | None = None
    distance: Number | None = None
    within: Number | None = None
    startswith: bool = False
    endswith: bool = False
    fast: bool = False
    fast_part: tuple[int, int] | None = None
    replaces: bool = False

    @property
    def relative(self) -> bool:
        """Whether the match before it matters."""
        return self.distance is not None or self.within is not None


@dataclass(frozen=True, slots=True)
class Pcre:
    """``expression`` as Perl has it, ``flags`` of ``imsxAEG``. ``captures`` are the names that its groups get, as
    (scope, name) with the scopes flow, pkt and alert."""

    expression: str
    flags: str = ""
    negated: bool = False
    relative: bool = False
    captures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IsDataAt:
    """Whether there is a byte at ``at``, from the beginning or from the end of the match before."""

    at: Number
    relative: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """How long the whole buffer is."""

    size: Numbers


@dataclass(frozen=True, slots=True)
class Absent:
    """The buffer is not there; with ``or_else`` the other steps hold, or it is not there."""

    or_else: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """How a number is read: ``size`` bytes at ``offset``, as text to ``base``, or as bytes where that is 0.

    Of a text, size 0 is as many digits as there are; of bytes, nothing is read and the number is 0.
    """

    size: Number
    offset: Number
    relative: bool = False
    little: bool = False
    base: int = 0
    bitmask: int = 0


@dataclass(frozen=True, slots=True)
class ByteTest:
    """A number that is read, compared: ``operator`` is one of ``< > = <= >= & ^``."""

    read: Read
    operator: str
    value: Number
    negated: bool = False


@dataclass(frozen=True, slots=True)
class ByteJump:
    """Go on as many bytes as a number tells, times ``multiplier``, up to a multiple of four if ``align``.

    ``origin`` is where to count from: ``here`` (behind the number), ``beginning``, ``end``.
    """

    read: Read
    multiplier: int = 1
    align: bool = False
    origin: str = "here"
    post_offset: Number = 0


@dataclass(frozen=True, slots=True)
class ByteExtract:
    """Keep a number as variable ``name``, times ``multiplier``, up to a multiple of ``align``."""

    read: Read
    name: str
    multiplier: int = 1
    align: int = 1


@dataclass(frozen=True, slots=True)
class ByteMath:
    """Keep the outcome of ``operator`` (one of ``+ - * / << >>``) as variable ``name``."""

    read: Read
    operator: str
    right: Number
    name: str


@dataclass(frozen=True, slots=True)
class Base64Decode:
    """Decode ``size`` bytes at ``offset`` (all that follow if None), for ``base64_data``."""

    size: int | None = None
    offset: int = 0
    relative: bool = False


Step: TypeAlias = (
    Content | Pcre | IsDataAt | Size | Absent | ByteTest | ByteJump | ByteExtract | ByteMath | Base64Decode
)
