"""Whole lines in a block of a file. Pure; nothing is split here, for that is done once, when a chunk is decoded."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

OnLong = Literal["stop", "skip", "cut"]


class Run(Struct):
    """Lines that are handed in together: ``block[start:end]``, or ``text`` where a line had to be cut."""

    start: int
    end: int
    text: bytes = b""


class Taken(Struct):
    """What became of a block: ``used`` bytes of it are done, ``skipped`` lines were too long.

    ``inside``: the last of them goes on in the next block. ``stopped``: a line was too long, and everything from it on
    is left alone.
    """

    runs: list[Run]
    used: int = 0
    skipped: int = 0
    inside: bool = False
    stopped: bool = False


def take(block: bytes, longest: int, on_long: OnLong, *, inside: bool) -> Taken:
    """The whole lines of a block that begins with a line, or ``inside`` one that is too long already.

    ``longest`` is in bytes, without the newline. Zeros at the head are left out: a writer that goes on at its old
    position after a truncation leaves them.
    """
    taken = Taken([])
    if inside:
        end = block.find(b"\n")
        if end < 0:
            return Taken([], len(block), inside=True)
        taken.used = end + 1
    elif block[:1] == b"\0":
        taken.used = len(block) - len(block.lstrip(b"\0"))
    while not taken.inside and not taken.stopped:
        end = _short(block, taken.used, longest)
        if end > taken.used:
            taken.runs.append(Run(taken.used, end))
            taken.used = end
        if len(block) - taken.used <= longest:
            break
        _long(block, longest, on_long, taken)
    return taken


def _short(block: bytes, start: int, longest: int) -> int:
    """The end of the lines from ``start`` on of which none is too long."""
    end = start
    while True:
        found = block.rfind(b"\n", end, end + longest + 1)
        if found < 0:
            return end
        end = found + 1


def _long(block: bytes, longest: int, on_long: OnLong, taken: Taken) -> None:
    """A line that is too long stands at ``taken.used``."""
    start = taken.used
    if on_long == "stop":
        taken.stopped = True
        return
    if on_long == "cut":
        taken.runs.append(Run(start, start, cut(block[start : start + longest]) + b"\n"))
    else:
        taken.skipped += 1
    end = block.find(b"\n", start)
    taken.used = end + 1 if end >= 0 else len(block)
    taken.inside = end < 0


def cut(text: bytes) -> bytes:
    """Without a character of UTF-8 that is not whole at the end."""
    for back in range(1, min(4, len(text)) + 1):
        lead = text[-back]
        if lead & 0xC0 == 0x80:
            continue
        width = 2 if lead & 0xE0 == 0xC0 else 3 if lead & 0xF0 == 0xE0 else 4 if lead & 0xF8 == 0xF0 else 1
        return text[:-back] if width > back else text
    return text


def count_of(body: bytes, *, skip_empty: bool) -> int:
    """Records in some whole lines."""
    lines = body.count(b"\n")
    if skip_empty and (body[:1] == b"\n" or b"\n\n" in body):
        lines -= body.split(b"\n").count(b"") - 1
    return lines
