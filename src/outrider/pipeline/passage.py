"""The way of a chunk: sealed, taken up, filtered, handed to every output whose Match fits, finished.

A chunk is taken up only when one of its outputs wants more, so decoded records never pile up; outputs that are busy
get the filtered records packed. Everything runs on one event loop, and a chunk is taken up without a pause: as a whole,
or in slices where all on its way allow that.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Final

from outrider.model.batch import Batch
from outrider.model.errors import LocalError
from outrider.pipeline.chunk import FILTERED, Chunk
from outrider.pipeline.delivery import OutputRunner
from outrider.pipeline.filtering import RunningFilter
from outrider.pipeline.intake import ChunkIntake
from outrider.pipeline.ledger import Ledger, Taken
from outrider.pipeline.limits import Limits
from outrider.pipeline.log import Log
from outrider.pipeline.parcel import NOT_NOW, READ_AGAIN, Parcel, not_now, unreadable
from outrider.pipeline.plugin import Decoder, Encoded

_ROUTES_MAX: Final = 10_000
SLICE: Final = 1_000
"""Records that go through all steps together: about 1.5 MB of Python objects, which is what the caches hold."""


class Passage:
    """Leads chunks from their intakes to the outputs. ``Engine`` gives it life."""

    def __init__(self, ledger: Ledger, log: Log) -> None:
        self.ledger = ledger
        self.log = log
        self.filters: list[RunningFilter] = []
        self.outputs: list[OutputRunner] = []
        self.decoders: dict[str, Decoder] = {}
        self.up = False
        """Whether everything has started, and nothing was left to another engine."""
        self._routes: dict[str, tuple[OutputRunner, ...]] = {}
        self._ready: dict[tuple[str, ...], deque[Chunk]] = {}
        self._unread: list[Chunk] = []
        """Chunks that the disk did not give: read again after a while."""
        self._pumping = False
        self._frozen = False
        self._stopping = asyncio.Event()
        self._finished = asyncio.Event()
        self._intakes: dict[str, ChunkIntake] = {}
        self._limits = Limits(ledger, log, self.route, self._mark_done, self._discard)

    def sealed(self, chunk: Chunk) -> None:
        """A chunk is complete."""
        self._enqueue(chunk)
        self._limits.charge(chunk)
        self.pump()

    def route(self, tag: str) -> tuple[OutputRunner, ...]:
        """The outputs whose Match fits the tag."""
        found = self._routes.get(tag)
        if found is None:
            if len(self._routes) >= _ROUTES_MAX:
                self._routes.clear()
            found = self._routes[tag] = tuple(
                output for output in self.outputs if output.plugin.takes_records and output.matches(tag)
            )
        return found

    def pump(self) -> None:
        """Take up chunks as outputs want them, one in each turn of the event loop."""
        if self._frozen:
            self._finished.set()
        elif not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        if self._frozen or not self.up:
            return
        for queue in self._ready.values():
            if not queue:
                continue
            outputs = self.route(queue[0].tag)
            if (not outputs or any(output.wants for output in outputs)) and not self._must_wait(queue[0]):
                self._take_up(queue.popleft())
                self.pump()

    def _must_wait(self, chunk: Chunk) -> bool:
        """Whether the chunk would meet a filter whose emitter has no room; an emitter's own chunks may always go on."""
        return (
            not self._stopping.is_set()
            and any(item.emitter and item.emitter.full and item.takes(chunk.tag, chunk.source) for item in self.filters)
            and not any(item.emitter and item.emitter.name == chunk.source for item in self.filters)
        )

    def _take_up(self, chunk: Chunk) -> None:
        row = self.ledger.of_input(chunk.source, chunk.tag)
        if self._take_up_in_slices(chunk, row):
            return
        try:
            batch = chunk.batch(self.decoders)
        except NOT_NOW as error:
            self._read_later(chunk, error)
            return
        except Exception as error:  # noqa: BLE001 - whatever one chunk holds must not stop the others
            unreadable(chunk, error, self.log)
            row.waiting -= chunk.count
            row.dropped["unreadable chunk"] += chunk.count
            self._close(chunk)
            return
        row.waiting -= chunk.count
        chunk.taken = True
        if len(batch) < chunk.count:
            row.dropped["malformed record"] += chunk.count - len(batch)
            self.log.error(f"{chunk.count - len(batch)} malformed records of {chunk.source}, tag {chunk.tag}, dropped")
        if chunk.codec != FILTERED:
            filters = [item for item in self.filters if item.takes(chunk.tag, chunk.source)]
            chunk.raw_is_final = not filters
            self._filter(filters, batch, row)
        outputs = [output for output in self.route(chunk.tag) if output.name not in chunk.done]
        if batch.records and not outputs and not chunk.done:
            row.dropped["no output matches the tag"] += len(batch)
            self.log.warn(f"records with the tag {chunk.tag} match no output and are dropped")
        else:
            row.passed += len(batch)
        if not outputs or not batch.records:
            self._close(chunk)
            return
        self._hand_over(chunk, batch, outputs)

    def _take_up_in_slices(self, chunk: Chunk, row: Taken) -> bool:
        """Decode, filter and encode a chunk part by part, where every filter and output on its way allows it.

        The records of a part stay in the processor's caches from the first step to the last. The chunk keeps its raw
        records: where an output fails, they are decoded and filtered again (``remake``).
        """
        outputs = [output for output in self.route(chunk.tag) if output.name not in chunk.done]
        filters = [item for item in self.filters if item.takes(chunk.tag, chunk.source)]
        if (
            chunk.codec == FILTERED
            or not chunk.is_as_it_came
            or not outputs
            or not all(output.wants and output.encodes for output in outputs)
            or not all(item.plugin.repeatable for item in filters)
        ):
            return False
        made = [Encoded(chunk.tag, 0, [], chunk.id) for _ in outputs]
        dropped: Counter[str] = Counter()
        seen = [0] * len(filters)
        try:
            decode = self.decoders[chunk.codec]
            for pieces, count in chunk.slices(SLICE):
                batch = decode(chunk.tag, pieces, count)
                dropped["malformed record"] += count - len(batch)
                for number, item in enumerate(filters):
                    seen[number] += len(batch)
                    dropped[item.reason] += item.apply(batch, self.log, counts=False) if batch.records else 0
                for output, encoded in zip(outputs, made, strict=True) if batch.records else ():
                    encoded.parts.append(output.encode(batch))
                    encoded.count += len(batch)
        except Exception:  # noqa: BLE001 - the way of whole chunks meets it too, and says what it is
            return False
        for number, item in enumerate(filters):
            item.seen += seen[number]
            item.gone += dropped[item.reason]
        row.waiting -= chunk.count
        chunk.taken = True
        chunk.raw_is_final = not filters
        if bad := dropped["malformed record"]:
            self.log.error(f"{bad} malformed records of {chunk.source}, tag {chunk.tag}, dropped")
        row.dropped.update({reason: count for reason, count in dropped.items() if count})
        row.passed += made[0].count
        if not made[0].count:
            self._close(chunk)
            return True
        chunk.pending = len(outputs)
        if self._intakes[chunk.source].spills:
            self._intakes[chunk.source].unload(chunk)
        for output, encoded in zip(outputs, made, strict=True):
            sent = self.ledger.of_output(chunk.source, chunk.tag, output.name)
            sent.routed += encoded.count
            sent.buffered += encoded.count
            output.put(Parcel(chunk, sent, encoded.count, encoded=encoded))
        return True

    def remake(self, chunk: Chunk) -> Batch:
        """The filtered records of a chunk that was encoded in slices. Raises what ``Chunk.batch`` raises."""
        batch = chunk.batch(self.decoders)
        if chunk.codec != FILTERED:
            for item in self.filters:
                if batch.records and item.takes(chunk.tag, chunk.source):
                    item.apply(batch, self.log, counts=False)
        return batch

    def _read_later(self, chunk: Chunk, error: BaseException) -> None:
        """The disk does not give the chunk now: it waits as before, and others pass it meanwhile."""
        self.log.warn(not_now(chunk, error), about=f"cannot read {type(error).__name__}")
        if not self._unread:
            asyncio.get_running_loop().call_later(READ_AGAIN, self._put_back)
        self._unread.append(chunk)

    def _put_back(self) -> None:
        if self._frozen:
            return  # they are among the leftovers
        unread, self._unread = self._unread, []
        for chunk in unread:
            self._enqueue(chunk)
        self.pump()

    def _enqueue(self, chunk: Chunk) -> None:
        self._ready.setdefault(tuple(output.name for output in self.route(chunk.tag)), deque()).append(chunk)

    def _waiting(self) -> Iterator[Chunk]:
        """Every chunk that is to be taken up."""
        for queue in self._ready.values():
            yield from queue
        yield from self._unread

    def _filter(self, filters: Sequence[RunningFilter], batch: Batch, row: Taken) -> None:
        for item in filters:
            if not batch.records:
                return
            gone = item.apply(batch, self.log)
            if gone and item.emitter and not item.has_failed:
                row.moved[item.emitter.name] += gone
            elif gone:
                row.dropped[item.reason] += gone

    def _hand_over(self, chunk: Chunk, batch: Batch, outputs: Sequence[OutputRunner]) -> None:
        chunk.pending = len(outputs)
        count = len(batch)
        busy = [output for output in outputs if not output.wants]
        if busy:
            self._pack(chunk, batch)
        elif not chunk.raw_is_final:
            chunk.pieces = []
        if not busy and self._intakes[chunk.source].spills:
            self._intakes[chunk.source].unload(chunk)  # what is under way is bounded by the workers, not by the limit
        for output in outputs:
            sent = self.ledger.of_output(chunk.source, chunk.tag, output.name)
            sent.routed += count
            sent.buffered += count
            output.put(Parcel(chunk, sent, count, None if output in busy else batch))

    def parked(self, parcel: Parcel, batch: Batch, rest_of: str) -> None:
        """A parcel must wait: its chunk keeps the filtered records packed, on disk alone where there is a spool.

        ``rest_of`` names the output where it has delivered a part, and ``batch`` is what is left.
        """
        self._pack(parcel.chunk, batch, rest_of)
        self._intakes[parcel.chunk.source].unload(parcel.chunk)
        self._limits.charge(parcel.chunk)

    def _pack(self, chunk: Chunk, batch: Batch, rest_of: str = "") -> None:
        try:
            if rest_of:
                alone = chunk.pending == 1 and not any(output.processors for output in self.route(chunk.tag))
                chunk.keep_rest(rest_of, batch, alone=alone)
            else:
                chunk.pack(batch)
        except LocalError as error:
            self.log.error(f"{error}; the chunk is kept in memory")
        self._intakes[chunk.source].loaded(chunk)

    def finished(self, parcel: Parcel, output: OutputRunner) -> None:
        """A parcel has left an output for good."""
        if output.quota:
            output.quota.forget(parcel.chunk)
        self._left(parcel.chunk, output.name)

    def _left(self, chunk: Chunk, output: str) -> None:
        chunk.pending -= 1
        if chunk.pending:
            self._mark_done(chunk, output)
        else:
            self._close(chunk)

    def _discard(self, chunk: Chunk) -> None:
        """Every output has lost a chunk that waits to be taken up."""
        if chunk in self._unread:
            self._unread.remove(chunk)
        else:
            self._ready[tuple(output.name for output in self.route(chunk.tag))].remove(chunk)
        row = self.ledger.of_input(chunk.source, chunk.tag)
        row.waiting -= chunk.count
        row.passed += chunk.count
        self._close(chunk)

    def _mark_done(self, chunk: Chunk, output: str) -> None:
        try:
            chunk.mark_done(output)
        except LocalError as error:
            self.log.warn(f"{error}; after a restart {output} may get the chunk a second time")

    def _close(self, chunk: Chunk) -> None:
        for output in self.route(chunk.tag):
            if output.quota:
                output.quota.forget(chunk)
        self._intakes[chunk.source].finish(chunk)
        self._finished.set()
