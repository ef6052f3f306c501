"""``storage.total_limit_size`` of all outputs: where too much waits on disk for one, its oldest chunks are dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from outrider.pipeline.chunk import Chunk
from outrider.pipeline.delivery import OutputRunner
from outrider.pipeline.ledger import Ledger
from outrider.pipeline.log import Log
from outrider.pipeline.quota import REASON


class Limits:
    """``route`` gives the outputs of a tag, ``mark_done`` remembers that one needs a chunk no more.

    ``discard`` is called with a chunk that waits to be taken up and that no output needs any more.
    """

    def __init__(
        self,
        ledger: Ledger,
        log: Log,
        route: Callable[[str], Sequence[OutputRunner]],
        mark_done: Callable[[Chunk, str], None],
        discard: Callable[[Chunk], None],
    ) -> None:
        self._ledger = ledger
        self._log = log
        self._route = route
        self._mark_done = mark_done
        self._discard = discard

    def charge(self, chunk: Chunk) -> None:
        """A sealed chunk is on disk, with this size."""
        if chunk.path is None:
            return
        for output in self._route(chunk.tag):
            if output.quota and output.name not in chunk.done:
                output.quota.note(chunk)
                for oldest in output.quota.victims():
                    self._drop_for(output, oldest)

    def _drop_for(self, output: OutputRunner, chunk: Chunk) -> None:
        """Drop a chunk's records for one output, unless it is sending them."""
        told = f"{chunk.count} records of chunk {chunk.id} dropped for {output.name}: {REASON} reached"
        if chunk.taken:
            if output.evict(chunk, REASON):
                self._log.error(told, about=f"{REASON} {output.name}")
            return
        self._log.error(told, about=f"{REASON} {output.name}")
        if output.quota:
            output.quota.forget(chunk)
        sent = self._ledger.of_output(chunk.source, chunk.tag, output.name)
        sent.routed += chunk.count
        sent.dropped[REASON] += chunk.count
        self._mark_done(chunk, output.name)
        if all(other.name in chunk.done for other in self._route(chunk.tag)):
            self._discard(chunk)
