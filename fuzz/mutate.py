"""Inputs made of others without a fuzzer: always the same for the same name, so that a failure comes again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from fuzz.seeds import seeds
from fuzz.target import Target

_WORDS: Final = (
    b"\0", b"\xff", b"\n", b"\r\n", b" ", b'"', b"\\", b"\\u", b"{", b"}", b"[", b"]", b":", b",", b"-", b"0",
    b"9" * 20, b"1e999", b"\xc0", b"\xdd\xff\xff\xff\xff", b"\xdb\x00\x01\x00\x00", b"\xd7\x00",
    b"\xc3\xa9", b"\xed\xa0\x80", b"${A}", b"$TAG", b"%", b"<13>", b"null", b"NaN",
    b"[" * 100, b"\x91" * 100, b"9" * 5000,
)  # fmt: skip


def inputs(target: Target, count: int) -> Iterator[bytes]:
    """The seeds, then ``count`` inputs that were made of them."""
    chance = random.Random(target.name)
    begin = seeds(target)
    yield b""
    yield from begin
    pool = [*begin, b""]
    for _ in range(count):
        made = bytearray(chance.choice(pool))
        for _ in range(chance.randint(1, 4)):
            _change(made, chance, pool)
        yield bytes(made[: target.longest])


def _change(made: bytearray, chance: random.Random, pool: list[bytes]) -> None:
    at = chance.randint(0, len(made))
    end = min(at + chance.randint(1, 8), len(made))
    match chance.randrange(6):
        case 0:
            made[at:end] = chance.choice(_WORDS)
        case 1:
            made[at:at] = chance.choice(_WORDS)
        case 2:
            del made[at:end]
        case 3:
            made[at:at] = made[at:end] * chance.randint(1, 8)
        case 4:
            made[at:at] = chance.choice(pool)[:64]
        case _:
            if made:
                made[at % len(made)] ^= 1 << chance.randrange(8)
