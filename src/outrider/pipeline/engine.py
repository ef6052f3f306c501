"""The engine: sealed chunks are decoded once, filtered, and handed to every output whose Match fits.

A chunk is taken up only when one of its outputs wants more, so decoded records never pile up; outputs that are busy
get the filtered records packed. Everything runs on one event loop; filters run to completion on a whole chunk.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from outrider.model.batch import Batch
from outrider.model.errors import LocalError
from outrider.pipeline.chunk import FILTERED, Chunk
from outrider.pipeline.delivery import OutputRunner, Parcel, unreadable
from outrider.pipeline.filtering import RunningFilter
from outrider.pipeline.intake import ChunkIntake
from outrider.pipeline.ledger import Ledger, Taken
from outrider.pipeline.limits import Limits
from outrider.pipeline.log import Log
from outrider.pipeline.plugin import Decoder, Input

_ROUTES_MAX: Final = 10_000
_REMOVED: Final = "output removed by a reload"
_UNDELIVERED: Final = "not delivered before the stop"


@dataclass(slots=True)
class RunningInput:
    """An input and its intake."""

    plugin: Input[Any]
    intake: ChunkIntake


@dataclass(slots=True)
class Leftovers:
    """What an engine had not delivered when another took its place: chunks before the filters, parcels behind them."""

    chunks: list[Chunk] = field(default_factory=list)
    parcels: list[tuple[str, Parcel]] = field(default_factory=list)
    """Each with the name of its output."""
    kept: dict[str, RunningInput] = field(default_factory=dict)
    """Inputs that run on."""
    intakes: dict[str, ChunkIntake] = field(default_factory=dict)
    decoders: dict[str, Decoder] = field(default_factory=dict)

    def every_chunk(self) -> Iterator[Chunk]:
        """Each chunk once."""
        seen = {chunk.id: chunk for chunk in self.chunks}
        seen.update((parcel.chunk.id, parcel.chunk) for _, parcel in self.parcels)
        yield from seen.values()


class Engine:
    """A pipeline that runs. Built by ``build.build``; ``run`` returns when it was stopped and drained."""

    def __init__(self, ledger: Ledger, log: Log, flush: float, grace: float) -> None:
        self.ledger = ledger
        self.log = log
        self.started = 0.0
        self.inputs: list[RunningInput] = []
        self.filters: list[RunningFilter] = []
        self.outputs: list[OutputRunner] = []
        self.decoders: dict[str, Decoder] = {}
        self._flush = flush
        self._grace = grace
        self._routes: dict[str, tuple[OutputRunner, ...]] = {}
        self._ready: dict[tuple[str, ...], deque[Chunk]] = {}
        self._pumping = False
        self._frozen = False
        self._inherited = Leftovers()
        self.up = False
        """Whether everything has started, and nothing was left to another engine."""
        self._leaving = False
        self._kept: frozenset[str] = frozenset()
        """Inputs that run on in the engine after this one; in that one, which were running already."""
        self._stopping = asyncio.Event()
        self._finished = asyncio.Event()
        self._intakes: dict[str, ChunkIntake] = {}
        self._limits = Limits(ledger, log, self.route, self._mark_done, self._discard)

    # -- life

    async def run(self) -> None:
        """Start everything, run until ``stop`` is called, drain within Grace.

        Raises UserError or LocalError when an input or output cannot start; what had started is stopped.
        """
        self.started = time.monotonic()
        self._intakes = {intake.name: intake for intake in self.every_intake()}
        for intake in self._intakes.values():
            intake.on_disk = self._limits.charge
        async with AsyncExitStack() as outputs, AsyncExitStack() as inputs:
            for output in self.outputs:
                await output.plugin.start()
                outputs.push_async_callback(output.plugin.stop)
            for item in self._every_filter():
                item.plugin.end = self.stop
                await item.plugin.start()
                outputs.push_async_callback(item.plugin.stop)
            for item in self.filters:
                if item.emitter:
                    item.emitter.on_room(lambda: None, self.pump)
            self._take_over(self._inherited)
            for intake in self.every_intake():
                intake.ended = self.stop
                if intake.name not in self._inherited.kept:
                    for chunk in intake.recover():
                        self.sealed(chunk)
            for started in self.inputs:
                if started.intake.name not in self._inherited.kept:
                    await started.plugin.start(started.intake)
                inputs.push_async_callback(self._stop_input, started)
            self.up, self._kept = True, frozenset()
            self.pump()
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(output.run()) for output in self.outputs]
                workers += [group.create_task(item.run(self.log)) for item in self._every_filter()]
                workers.append(group.create_task(self._tick()))
                await self._stopping.wait()
                await inputs.aclose()
                if self._leaving:
                    await self._freeze()
                else:
                    await self._drain()
                for worker in workers:
                    worker.cancel()
            if not self._leaving:
                self._account_for_the_rest()

    def stop(self) -> None:
        """Ask for the end; safe to call from a signal handler of the loop."""
        self._stopping.set()

    async def _stop_input(self, item: RunningInput) -> None:
        if item.intake.name not in self._kept:
            await item.plugin.stop()

    def leave(self, kept: frozenset[str] = frozenset()) -> None:
        """Ask for an end after which another engine takes over what is left, and these inputs as they run."""
        self._leaving, self._kept = True, kept
        self._stopping.set()

    def inherit(self, left: Leftovers) -> None:
        """Take over what another engine has left when ``run`` starts, and from now on what its kept inputs hand in."""
        self._inherited = left
        self._kept = frozenset(left.kept)
        for item in left.kept.values():
            item.intake.hand_to(self.sealed)

    def leftovers(self) -> Leftovers:
        """Everything that this engine, which no longer runs or has failed to start, has not delivered."""
        self.up = False
        left = Leftovers(intakes=self._intakes, decoders=self.decoders)
        left.kept = {item.intake.name: item for item in self.inputs if item.intake.name in self._kept}
        left.chunks = [chunk for queue in self._ready.values() for chunk in queue]
        for output in self.outputs:
            for parcel in output.abandon():
                if parcel.batch is not None:
                    self._pack(parcel.chunk, parcel.batch)
                    parcel.batch = None
                left.parcels.append((output.name, parcel))
        self._ready.clear()
        return left

    @property
    def stopping(self) -> bool:
        """Whether the end has been asked for."""
        return self._stopping.is_set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._flush)
            self._flush_open()

    def every_intake(self) -> list[ChunkIntake]:
        """The intakes of inputs and of filters that emit."""
        return [item.intake for item in self.inputs] + [item.emitter for item in self.filters if item.emitter]

    def _every_filter(self) -> list[RunningFilter]:
        return self.filters + [item for output in self.outputs for item in output.processors]

    def _flush_open(self, *, last: bool = False) -> None:
        now = time.time_ns()
        for item in self._every_filter():
            item.flush(now, self.log, last=last)
        for intake in self._intakes.values():
            intake.seal_all()

    def _take_over(self, left: Leftovers) -> None:
        self.decoders = {**left.decoders, **self.decoders}
        outputs = {output.name: output for output in self.outputs}
        for chunk in left.every_chunk():
            if chunk.source in self._intakes and chunk.source not in left.kept:
                self._intakes[chunk.source].adopt(chunk)
        for name in left.intakes.keys() - self._intakes.keys():
            self._intakes[name] = left.intakes[name]
            self._intakes[name].retire()
            self._intakes[name].on_disk = self._limits.charge
        for chunk in left.chunks:
            self.sealed(chunk)
        for name, parcel in left.parcels:
            if name in outputs:
                outputs[name].put(parcel)
                self._limits.charge(parcel.chunk)
                continue
            self.log.error(f"{parcel.count} records of chunk {parcel.chunk.id} dropped: {_REMOVED} ({name})")
            parcel.row.buffered -= parcel.count
            parcel.row.dropped[_REMOVED] += parcel.count
            self._left(parcel.chunk, name)

    async def _freeze(self) -> None:
        """Begin nothing new; what is under way has Grace to end."""
        self._frozen = True
        self._flush_open(last=True)
        for output in self.outputs:
            output.freeze()
        try:
            async with asyncio.timeout(self._grace if self._grace >= 0 else None):
                while any(output.active for output in self.outputs):
                    self._finished.clear()
                    await self._finished.wait()
        except TimeoutError:
            self.log.warn("a batch was still under way after Grace: it is sent again and may arrive twice")

    async def _drain(self) -> None:
        self._flush_open()
        for output in self.outputs:
            output.hurry()
        if self._grace >= 0:
            self.log.info(f"stopping: {self._pending()} chunks to deliver, {self._grace:g} seconds at most")
        try:
            async with asyncio.timeout(self._grace if self._grace >= 0 else None):
                while self._pending() or self._emit_the_rest():
                    self._finished.clear()
                    await self._finished.wait()
        except TimeoutError:
            self.log.error(f"stopped with {self._pending()} chunks not delivered; fix: raise Grace or set storage.path")

    def _emit_the_rest(self) -> bool:
        """What filters hold and what they emitted goes on its way, now that all else is done. False: there is none."""
        self._flush_open(last=True)
        return self._pending() > 0

    def _pending(self) -> int:
        return sum(map(len, self._ready.values())) + sum(output.pending for output in self.outputs)

    def _account_for_the_rest(self) -> None:
        """What is in the spool stays buffered there; what was in memory only is lost, and said to be."""
        self._flush_open(last=True)
        kept = lost = 0
        for chunk in (chunk for queue in self._ready.values() for chunk in queue):
            if self._intakes[chunk.source].keep(chunk):
                kept += chunk.count
                continue
            lost += chunk.count
            row = self.ledger.of_input(chunk.source, chunk.tag)
            row.waiting -= chunk.count
            row.dropped[_UNDELIVERED] += chunk.count
        for parcel in (parcel for output in self.outputs for parcel in output.abandon()):
            if parcel.batch is not None and parcel.chunk.path is None:
                self._pack(parcel.chunk, parcel.batch)
            if self._intakes[parcel.chunk.source].keep(parcel.chunk):
                kept += parcel.count
                continue
            lost += parcel.count
            parcel.row.buffered -= parcel.count
            parcel.row.dropped[_UNDELIVERED] += parcel.count
        if lost:
            advice = "fix: set storage.path, where they are kept while its disk has room"
            self.log.error(f"{lost} records were not delivered and are lost; {advice}")
        if kept:
            self.log.info(f"{kept} records stay in the spool for the next start")

    # -- the way of a chunk

    def sealed(self, chunk: Chunk) -> None:
        """A chunk is complete."""
        route = tuple(output.name for output in self.route(chunk.tag))
        self._ready.setdefault(route, deque()).append(chunk)
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
        row.waiting -= chunk.count
        chunk.taken = True
        try:
            batch = chunk.batch(self.decoders)
        except Exception as error:  # noqa: BLE001 - whatever one chunk holds must not stop the others
            unreadable(chunk, error, self.log)
            row.dropped["unreadable chunk"] += chunk.count
            self._close(chunk)
            return
        if len(batch) < chunk.count:
            row.dropped["malformed record"] += chunk.count - len(batch)
            self.log.error(f"{chunk.count - len(batch)} malformed records of {chunk.source}, tag {chunk.tag}, dropped")
        if chunk.codec != FILTERED:
            filters = [item for item in self.filters if item.takes(chunk.tag, chunk.source)]
            chunk.raw_is_final = not filters
            self._filter(filters, batch, row)
        outputs = [output for output in self.route(chunk.tag) if output.name not in chunk.done]
        if not outputs and not chunk.done:
            row.dropped["no output matches the tag"] += len(batch)
            self.log.warn(f"records with the tag {chunk.tag} match no output and are dropped")
        else:
            row.passed += len(batch)
        if not outputs or not batch.records:
            self._close(chunk)
            return
        self._hand_over(chunk, batch, outputs)

    def _filter(self, filters: Sequence[RunningFilter], batch: Batch, row: Taken) -> None:
        for item in filters:
            if not batch.records:
                return
            gone = item.apply(batch, self.log)
            if gone and item.emitter:
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
