"""The multiline filter.

With parsers every record leaves through the emitter, joined or as it came, so that their order stays; records of the
emitter pass. Pieces of Docker's are joined in the batch; only what waits in vain for its last piece is emitted.
What is held is in memory, bounded by ``emitter_mem_buf_limit``; at the stop all of it is emitted.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Final

from outrider.formats import words
from outrider.formats.multiline import DEFAULT_KEY, Joined, Joiner, MultilineParser
from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.multiline.config import Options
from outrider.plugins.filters.multiline.pieces import Pieces

_STREAMS_MAX: Final = 1_000


class Multiline(Filter[Options]):
    """Joins lines or pieces."""

    Options = Options
    emits = True
    keeps_tags = True

    def check(self) -> None:
        """See Filter."""
        options = self.options
        names = [name for text in options.multiline_parser for name in words.comma_list(text)]
        if options.mode == "partial_message":
            if not options.buffer:
                raise UserError("mode partial_message needs buffer", fix="leave out 'buffer off'")
            if not options.multiline_key_content:
                raise UserError(
                    "mode partial_message needs multiline.key_content", fix="add 'multiline.key_content log'"
                )
        elif not names:
            raise UserError(
                "mode parser needs multiline.parser", fix="add 'multiline.parser NAME', or 'mode partial_message'"
            )
        self._parsers = [self._with_key(self.context.library.multiline(name)) for name in names]
        self._pieces = Pieces(options.multiline_key_content, options.emitter_mem_buf_limit)
        self._streams: dict[tuple[str, str], Joiner] = {}
        self._held = 0

    def doubts(self) -> list[UserError]:
        """See Filter."""
        if self.options.mode != "partial_message" or not self.options.multiline_parser:
            return []
        fix = "remove it, or use a second filter with 'mode parser'"
        return [UserError("multiline.parser has no effect in mode partial_message", fix=fix)]

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        if self.options.mode == "partial_message":
            self._pieces.take(batch)
            spilled, self._pieces.spilled = self._pieces.spilled, []
            self._emit_all(spilled)
        elif not self.options.buffer:
            joiner = self._joiner()
            joined = joiner.feed(batch.times, batch.records, batch.metadata) + joiner.flush_all()
            batch.times[:] = [item.time for item in joined]
            batch.records[:] = [item.record for item in joined]
            if batch.metadata is not None or any(item.metadata for item in joined):
                batch.metadata = [item.metadata or {} for item in joined]
        elif batch.source != self.emitter.name:
            self._join(batch)

    def flush(self, now: int, *, last: bool) -> None:
        """See Filter."""
        timeout = self.options.flush_ms * 1_000_000
        self._emit_all(self._pieces.all() if last else self._pieces.idle(now, timeout))
        for (_, tag), joiner in list(self._streams.items()):
            before = joiner.size
            self._emit(tag, joiner.flush_all() if last else joiner.flush(now))
            self._held += joiner.size - before
        if last:
            self._streams.clear()

    def _with_key(self, parser: MultilineParser) -> MultilineParser:
        parser.key_content = self.options.multiline_key_content or parser.key_content or DEFAULT_KEY
        return parser

    def _joiner(self) -> Joiner:
        return Joiner(
            self._parsers, limit=self.context.library.buffer_limit, flush_timeout=self.options.flush_ms * 1_000_000
        )

    def _join(self, batch: Batch) -> None:
        key = (batch.source, batch.tag)
        joiner = self._streams.get(key)
        if joiner is None:
            if len(self._streams) >= _STREAMS_MAX:
                self._give_up(next(iter(self._streams)))
            joiner = self._streams[key] = self._joiner()
        before = joiner.size
        joined = joiner.feed(batch.times, batch.records, batch.metadata)
        self._held += joiner.size - before
        batch.keep([False] * len(batch))
        self._emit(batch.tag, joined)
        limit = self.options.emitter_mem_buf_limit
        while limit and self._held > limit and self._streams:
            self._give_up(max(self._streams, key=lambda name: self._streams[name].size))

    def _give_up(self, key: tuple[str, str]) -> None:
        joiner = self._streams.pop(key)
        self._held -= joiner.size
        self._emit(key[1], joiner.flush_all())

    def _emit(self, tag: str, joined: list[Joined]) -> None:
        if joined:
            metadata = [item.metadata or {} for item in joined] if any(item.metadata for item in joined) else None
            self.emitter.emit(tag, [item.time for item in joined], [item.record for item in joined], metadata)

    def _emit_all(self, found: Iterable[tuple[str, Joined]]) -> None:
        for tag, items in groupby(found, key=itemgetter(0)):
            self._emit(tag, [item for _, item in items])
