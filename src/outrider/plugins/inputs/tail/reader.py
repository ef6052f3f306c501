"""Blocks of a file to what the intake takes. Pure: bytes and the clock come in as arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from outrider.pipeline.plugin import Intake
from outrider.plugins.inputs.tail.config import Options
from outrider.plugins.inputs.tail.decode import CODEC, Head, piece
from outrider.plugins.inputs.tail.lines import OnLong, count_of, take

ROOM: Final = 2
"""Fluent Bit's buffer holds the newline and a zero beside the line."""


@dataclass(slots=True)
class Stream:
    """One file's lines; ``path`` is what Path_Key says of it."""

    tag: str
    path: str
    queued: bool = False
    inside: bool = False
    """Whether the position is inside of a line that is too long."""
    told: bool = False
    """Whether it was said that the file has such lines."""


@dataclass(frozen=True, slots=True)
class Done:
    """``used`` bytes of the block are done. ``safe``: what was handed in is where storage.type says.

    ``stopped``: a line is too long, and the file cannot be read on.
    """

    used: int
    safe: bool
    stopped: bool


class Reader:
    """Hands in lines."""

    def __init__(self, options: Options, intake: Intake, warn: Callable[[str], None]) -> None:
        self._options = options
        self._intake = intake
        self._warn = warn
        self._longest = options.buffer_max_size - ROOM
        self._on_long: OnLong = "cut" if options.truncate_long_lines else "skip" if options.skip_long_lines else "stop"

    def block(self, stream: Stream, block: bytes, offset: int, now: int) -> Done:
        """The whole lines of a block that begins at this position of the file; ``now`` is in nanoseconds."""
        taken = take(block, self._longest, self._on_long, inside=stream.inside)
        stream.inside = taken.inside
        safe = True
        for run in taken.runs:
            safe = self._hand_in(stream, run.text or block[run.start : run.end], offset + run.start, now)
        if taken.skipped:
            self._intake.lost(stream.tag, taken.skipped, "line longer than Buffer_Max_Size")
            if not stream.told:
                stream.told = True
                self._warn(f"{stream.path} has long lines. Skipping long lines; fix: raise Buffer_Max_Size")
        if taken.stopped:
            self._intake.lost(stream.tag, 1, "line longer than Buffer_Max_Size, file given up")
        return Done(taken.used, safe, taken.stopped)

    def last(self, stream: Stream, block: bytes, offset: int, now: int) -> bool:
        """What stands behind the last newline of a file that nobody writes any more is a line too."""
        if not block or stream.inside:
            return True
        return self._hand_in(stream, block if block.endswith(b"\n") else block + b"\n", offset, now)

    def _hand_in(self, stream: Stream, body: bytes, offset: int, now: int) -> bool:
        options = self._options
        count = count_of(body, skip_empty=options.skip_empty_lines)
        if not count:
            return True
        path = stream.path if options.path_key else ""
        head = Head(now, options.key, options.path_key, path, options.offset_key, offset, options.skip_empty_lines)
        return self._intake.append(stream.tag, CODEC, piece(head, body), count)
