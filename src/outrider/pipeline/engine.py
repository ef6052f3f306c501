"""The engine: starts and stops everything, flushes, drains, and leaves what is left to a spool or another engine."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any, Final

from msgspec import Struct, field

from outrider.model.errors import LocalError, UserError
from outrider.pipeline import elsewhere
from outrider.pipeline.chunk import FILTERED, Chunk, pack
from outrider.pipeline.filtering import RunningFilter
from outrider.pipeline.intake import ChunkIntake
from outrider.pipeline.ledger import Ledger
from outrider.pipeline.log import Log
from outrider.pipeline.parcel import Parcel, described
from outrider.pipeline.passage import Passage
from outrider.pipeline.plugin import Context, Decoder, Input

_REMOVED: Final = "output removed by a reload"
_UNDELIVERED: Final = "not delivered before the stop"


class RunningInput(Struct):
    """An input and its intake."""

    plugin: Input[Any]
    intake: ChunkIntake


class Past(Struct):
    """An output that was at work: what it was, and until when its peer has asked it to stay away (0: has not)."""

    settings: tuple[type, object, object]
    held_until: float


class Leftovers(Struct):
    """What an engine had not delivered when another took its place: chunks before the filters, parcels behind them."""

    chunks: list[Chunk] = field(default_factory=list)
    parcels: list[tuple[str, Parcel]] = field(default_factory=list)
    """Each with the name of its output."""
    kept: dict[str, RunningInput] = field(default_factory=dict)
    """Inputs that run on."""
    intakes: dict[str, ChunkIntake] = field(default_factory=dict)
    decoders: dict[str, Decoder] = field(default_factory=dict)
    outputs: dict[str, Past] = field(default_factory=dict)

    def every_chunk(self) -> Iterator[Chunk]:
        """Each chunk once."""
        seen = {chunk.id: chunk for chunk in self.chunks}
        seen.update((parcel.chunk.id, parcel.chunk) for _, parcel in self.parcels)
        yield from seen.values()


class Engine(Passage):
    """A pipeline that runs. Built by ``build.build``; ``run`` returns when it was stopped and drained."""

    def __init__(self, ledger: Ledger, log: Log, flush: float, grace: float) -> None:
        super().__init__(ledger, log)
        self.started = 0.0
        self.inputs: list[RunningInput] = []
        self._flush = flush
        self._grace = grace
        self._inherited = Leftovers()
        self._leaving = False
        self.on_up: Callable[[], None] = lambda: None
        """Called when everything has started."""
        self.storage_path = ""
        self._kept: frozenset[str] = frozenset()
        """Inputs that run on in the engine after this one; in that one, which were running already."""

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
                await _placed(output.plugin.context, output.plugin.start())
                outputs.push_async_callback(output.plugin.stop)
            for item in self._every_filter():
                item.plugin.end = self.stop
                await _placed(item.plugin.context, item.plugin.start())
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
                    await _placed(started.plugin.context, started.plugin.start(started.intake))
                inputs.push_async_callback(self._stop_input, started)
            self.up, self._kept = True, frozenset()
            self.on_up()
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
        left.chunks = list(self._waiting())
        for output in self.outputs:
            left.outputs[output.name] = Past(output.settings, output.held_until)
            for parcel in output.abandon():
                if parcel.encoded is not None:
                    self._decode_again(parcel, output.name)
                if parcel.batch is not None:
                    self._pack(parcel.chunk, parcel.batch)
                    parcel.batch = None
                left.parcels.append((output.name, parcel))
        self._ready.clear()
        self._unread.clear()
        return left

    def _decode_again(self, parcel: Parcel, output: str) -> None:
        """Another engine may encode otherwise: the chunk holds the records, or what is left of them, filtered."""
        try:
            batch = self.remake(parcel.chunk)
            rest = parcel.answer.rest_of(batch) if parcel.answer is not None else batch
        except Exception as error:  # noqa: BLE001 - then it is sent as it was encoded
            self.log.warn(f"chunk {parcel.chunk.id} cannot be read again: {described(error)}")
            return
        parcel.encoded = parcel.answer = None
        if rest is None or rest is batch:
            parcel.batch = batch
        else:
            parcel.is_part = True
            self.parked(parcel, rest, output)

    @property
    def stopping(self) -> bool:
        """Whether the end has been asked for."""
        return self._stopping.is_set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._flush)
            try:
                self._flush_open()
            except Exception as error:  # noqa: BLE001 - one chunk's trouble must not end the pipeline
                self.log.error(f"bug while flushing: {''.join(traceback.format_exception(error))}")

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
        for codec in left.decoders.keys() - self.decoders.keys():
            self.decoders[codec] = left.decoders[codec]  # in place: the outputs have it too
        outputs = {output.name: output for output in self.outputs}
        for chunk in left.every_chunk():
            if chunk.source in self._intakes and chunk.source not in left.kept:
                self._intakes[chunk.source].adopt(chunk)
        for name in left.intakes.keys() - self._intakes.keys():
            self._intakes[name] = left.intakes[name]
            self._intakes[name].retire()
            self._intakes[name].on_disk = self._limits.charge
            elsewhere.tell(self._intakes[name].live.values(), self.storage_path, self.log)
        for chunk in left.chunks:
            self.sealed(chunk)
        same = {name for name, output in outputs.items() if name in left.outputs}
        same = {name for name in same if outputs[name].settings == left.outputs[name].settings}
        for name in same:
            outputs[name].hold_until(left.outputs[name].held_until)
        for name, parcel in left.parcels:
            if name in outputs:
                outputs[name].take_over(parcel, same=name in same)
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
            self.log.info(f"Grace is over with {self._pending()} chunks not delivered")

    def _emit_the_rest(self) -> bool:
        """What filters hold and what they emitted goes on its way, now that all else is done. False: there is none."""
        self._flush_open(last=True)
        return self._pending() > 0

    def _pending(self) -> int:
        return sum(map(len, self._ready.values())) + len(self._unread) + sum(output.pending for output in self.outputs)

    def _account_for_the_rest(self) -> None:
        """What is in the spool stays buffered there; what was in memory only is lost, and said to be."""
        self._flush_open(last=True)
        kept = lost = 0
        for chunk in self._waiting():
            if self._intakes[chunk.source].keep(chunk):
                kept += chunk.count
                continue
            lost += chunk.count
            row = self.ledger.of_input(chunk.source, chunk.tag)
            row.waiting -= chunk.count
            row.dropped[_UNDELIVERED] += chunk.count
        parcels = [(output.name, parcel) for output in self.outputs for parcel in output.abandon()]
        parcels.sort(key=lambda item: item[1].batch is None)  # a chunk goes to disk once: whole, where one has it whole
        for name, parcel in parcels:
            if name in parcel.chunk.rests and self._keep_rest(parcel, name):
                kept += parcel.count
                continue
            if parcel.chunk.path is None and parcel.batch is not None:
                self._pack(parcel.chunk, parcel.batch)
            if self._intakes[parcel.chunk.source].keep(parcel.chunk):
                kept += parcel.count
                continue
            lost += parcel.count
            parcel.row.buffered -= parcel.count
            parcel.row.dropped[_UNDELIVERED] += parcel.count
        if lost:
            advice = "fix: raise Grace, or set storage.path, where they are kept while its disk has room"
            self.log.error(f"{lost} records were not delivered and are lost; {advice}")
        if kept:
            self.log.info(f"{kept} records stay in the spool for the next start")

    def _keep_rest(self, parcel: Parcel, output: str) -> bool:
        """Put what is left for an output that has delivered a part on disk, as a chunk of its own for it alone."""
        left = parcel.chunk.batch(self.decoders, output)
        own = Chunk(parcel.chunk.source, parcel.chunk.tag, FILTERED, parcel.chunk.created)
        own.append(pack(left), len(left))
        own.done = {other.name for other in self.outputs} - {output}
        if not self._intakes[own.source].keep(own):
            return False
        parcel.chunk.rests.pop(output)
        self._left(parcel.chunk, output)
        return True


async def _placed(context: Context, starting: Awaitable[None]) -> None:
    """Wait for a start; its errors name the place of the section."""
    try:
        await starting
    except UserError as error:
        if error.place is not None or context.place is None:
            raise
        raise UserError(
            error.message, context.place, found=error.found, allowed=error.allowed, fix=error.fix
        ) from error
    except LocalError as error:
        if context.place is None:
            raise
        raise LocalError(f"{context.place}: {error}") from error
