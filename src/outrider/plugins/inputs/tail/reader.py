"""Blocks of a file to what the intake takes. Pure: bytes and the clock come in as arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from outrider.formats import msgpack
from outrider.pipeline.intake import RECORDS
from outrider.pipeline.plugin import Intake
from outrider.plugins.inputs.tail.config import Options
from outrider.plugins.inputs.tail.decode import CODEC, Head, lines_of, offsets_of, piece
from outrider.plugins.inputs.tail.lines import OnLong, count_of, take

if TYPE_CHECKING:
    from outrider.formats.multiline import Joined
    from outrider.plugins.inputs.tail.joining import Joins

ROOM: Final = 2
"""Fluent Bit's buffer holds the newline and a zero beside the line."""


class Stream(Struct):
    """One file's lines; ``path`` is what Path_Key says of it."""

    tag: str
    path: str
    queued: bool = False
    inside: bool = False
    """Whether the position is inside of a line that is too long."""
    told: bool = False
    """Whether it was said that the file has such lines."""
    joiner: Joins | None = None
    held: int | None = None
    """Where the oldest line stands that the joiner holds."""


class Done(Struct, frozen=True):
    """``used`` bytes of the block are done. ``safe``: what was handed in is where storage.type says.

    ``stopped``: a line is too long, and the file cannot be read on.
    """

    used: int
    safe: bool
    stopped: bool


class Reader:
    """Hands in lines. ``joiner`` makes what joins the lines of one file first, ``in_groups`` if several at a time."""

    def __init__(
        self,
        options: Options,
        intake: Intake,
        warn: Callable[[str], None],
        joiner: Callable[[], Joins] | None = None,
        *,
        in_groups: bool = False,
    ) -> None:
        self._options = options
        self._intake = intake
        self._warn = warn
        self._joiner = joiner
        self._in_groups = in_groups
        self._longest = options.buffer_max_size - ROOM
        self._on_long: OnLong = "cut" if options.truncate_long_lines else "skip" if options.skip_long_lines else "stop"

    def stream(self, tag: str, path: str) -> Stream:
        """For a file that is followed from now on."""
        return Stream(tag, path, joiner=self._joiner() if self._joiner is not None else None)

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
        """What stands behind the last newline of a file that nobody writes any more is a line too.

        Returns whether what was handed in is safe.
        """
        safe = True
        if block and not stream.inside:
            safe = self._hand_in(stream, block if block.endswith(b"\n") else block + b"\n", offset, now)
        return self.give_all(stream) and safe

    def give_idle(self, stream: Stream, now: int) -> bool:
        """Hand in what has waited long enough for another line; returns whether it is safe."""
        assert stream.joiner is not None
        return self._give(stream, stream.joiner.flush(now))

    def give_all(self, stream: Stream) -> bool:
        """Hand in everything that is held; returns whether it is safe."""
        return stream.joiner is None or self._give(stream, stream.joiner.flush_all())

    def _give(self, stream: Stream, given: list[Joined]) -> bool:
        safe = self._append(stream, given, [stream.held or 0] * len(given))
        if stream.joiner is not None and not stream.joiner.size:
            stream.held = None
        return safe

    def _hand_in(self, stream: Stream, body: bytes, offset: int, now: int) -> bool:
        options = self._options
        path = stream.path if options.path_key else ""
        skip_empty = options.skip_empty_lines
        head = Head(now, options.key, options.path_key, path, options.offset_key, offset, skip_empty, options.parser)
        if stream.joiner is not None:
            return self._join(stream, stream.joiner, head, body)
        count = count_of(body, skip_empty=skip_empty)
        return not count or self._intake.append(stream.tag, CODEC, piece(head, body), count)

    def _join(self, stream: Stream, joiner: Joins, head: Head, body: bytes) -> bool:
        """Lines through the joiner. A record stands where its first line does."""
        out: list[Joined] = []
        places: list[int] = []
        held = stream.held
        for at, text in zip(offsets_of(head, body), lines_of(body), strict=True):
            if not text and head.skip_empty:
                continue
            given = joiner.feed_text(head.read_ns, text)
            if given:
                out += given
                places += [at if held is None else held, *[at] * (len(given) - 1)]
                if not joiner.size:
                    held = None
                elif held is None or not self._in_groups:
                    held = at
            elif held is None:
                held = at
        stream.held = held
        return self._append(stream, out, places)

    def _append(self, stream: Stream, given: list[Joined], places: list[int]) -> bool:
        if not given:
            return True
        options = self._options
        times = [joined.time for joined in given]
        records = [joined.record for joined in given]
        metadata = [joined.metadata or {} for joined in given]
        for record, at in zip(records, places, strict=True):
            if options.path_key:
                record[options.path_key] = stream.path
            if options.offset_key:
                record[options.offset_key] = at
        columns = [times, records, metadata if any(metadata) else None]
        return self._intake.append(stream.tag, RECORDS, msgpack.encode(columns), len(records))
