"""One output at work: a queue of parcels, workers that send them, retries.

A parcel is a chunk on its way to this output. Each output has its own queue, so a slow or dead one delays no other.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

from msgspec import Struct

from outrider.model.batch import Batch
from outrider.pipeline.answer import Answer, advice, ask
from outrider.pipeline.chunk import Chunk
from outrider.pipeline.filtering import RunningFilter, processed
from outrider.pipeline.ledger import count_reason
from outrider.pipeline.parcel import NOT_NOW, READ_AGAIN, Parcel, described, not_now, unreadable
from outrider.pipeline.plugin import Decoder, Delivery, Encoded, EncodingOutput, Output
from outrider.pipeline.quota import Quota
from outrider.pipeline.schedule import wait_seconds

_FAILURES_MAX: Final = 10_000
_COLLECT_BYTES: Final = 32_000_000
"""Failed chunks after which garbage is collected: a library may keep a body in a cycle, and collections are rare."""
_PROBE_SECONDS: Final = 1.0
"""While an output that may retry for ever fails, one waiting chunk in so many seconds is tried: decoding costs."""
_HOLD_MAX: Final = 600.0
"""Seconds that a peer may ask us to stay away; Scheduler.Cap, where that is less."""


class Retries(Struct, frozen=True):
    """``limit`` None: for ever. ``base`` and ``cap`` bound the waits, in seconds."""

    limit: int | None
    base: int
    cap: int


class OutputRunner:
    """Runs one output. ``finished`` is called when a parcel has left it for good, ``idle`` when it wants more."""

    def __init__(
        self,
        plugin: Output[Any],
        matches: Callable[[str], bool],
        retries: Retries,
        concurrency: int,
        decoders: Mapping[str, Decoder],
        finished: Callable[[Parcel, OutputRunner], None],
        idle: Callable[[], None],
        parked: Callable[[Parcel, Batch, str], None],
    ) -> None:
        self.plugin = plugin
        self.name = plugin.context.name
        self.matches = matches
        self.errors: deque[float] = deque(maxlen=_FAILURES_MAX)
        self.given_up: deque[float] = deque(maxlen=_FAILURES_MAX)
        """When batches had records dropped, and when chunks were given up, by the loop's clock; the newest ones."""
        self._log = plugin.context.log
        self._retries = retries
        self._concurrency = concurrency
        self._decoders = decoders
        self._finished = finished
        self._idle = idle
        self._parked = parked
        self._queue: deque[Parcel] = deque()
        self._active = 0
        self._waiting: dict[int, tuple[asyncio.TimerHandle, Parcel]] = {}
        self._patient: dict[int, Parcel] = {}
        """Those of the waiting that may be tried before their time, in the order in which they failed."""
        self._parcels: dict[str, Parcel] = {}
        """All that are pending, by the chunk's id."""
        self._failed_bytes = 0
        self._fails = False
        self._probed = 0.0
        """Whether the last batch failed, and when the last one was tried again, by the loop's clock."""
        self._hold: asyncio.TimerHandle | None = None
        """Until when the peer has asked us to stay away."""
        self.remake: Callable[[Chunk], Batch] = lambda chunk: chunk.batch(decoders)
        """The filtered records of a chunk whose raw ones were encoded in slices."""
        self.rejected: Callable[[Chunk, str, Batch], None] | None = None
        """Called with records that are dropped because they were refused or given up; None: they are not kept."""
        self.quota: Quota | None = None
        """The bound of what waits on disk (storage.total_limit_size)."""
        self._more = asyncio.Event()
        self._hurry = False
        self._frozen = False
        self.processors: list[RunningFilter] = []
        """Filters of this output alone."""

    @property
    def wants(self) -> bool:
        """Whether a decoded batch would be taken up at once or next."""
        return len(self._queue) + self._active <= self._concurrency

    @property
    def pending(self) -> int:
        """Parcels that are queued, under way or waiting for a retry."""
        return len(self._queue) + self._active + len(self._waiting)

    def put(self, parcel: Parcel) -> None:
        """Queue a parcel."""
        self._parcels[parcel.chunk.id] = parcel
        self._queue.append(parcel)
        self._more.set()

    def take_over(self, parcel: Parcel, *, same: bool) -> None:
        """Queue a parcel of the runner before this one; its retry keeps its time, where the output is the ``same``."""
        loop = asyncio.get_running_loop()
        if parcel.encoded is not None and not same:  # its chunk cannot be read, and it was encoded for another
            self._drop(parcel, parcel.count, "unreadable chunk")
            return
        if not same or parcel.due <= loop.time():
            self.put(parcel)
            return
        self._parcels[parcel.chunk.id] = parcel
        self._waiting[id(parcel)] = (loop.call_at(parcel.due, self._retry, parcel), parcel)
        self._patient[id(parcel)] = parcel

    @property
    def settings(self) -> tuple[type, object, object]:
        """What the output is: of two that are the same here, one may go on with what the other knew."""
        return type(self.plugin), _values(self.plugin.options), _values(self.plugin.core)

    @property
    def held_until(self) -> float:
        """Until when the peer has asked us to stay away, by the loop's clock; 0: it has not."""
        return self._hold.when() if self._hold is not None else 0.0

    def hold_until(self, until: float) -> None:
        """Send nothing before that time, except at the stop; what has been said before holds too."""
        loop = asyncio.get_running_loop()
        if self._hold is not None:
            until = max(until, self._hold.when())
            self._hold.cancel()
        self._hold = loop.call_at(until, self._come_back) if until > loop.time() else None

    async def run(self) -> None:
        """Send parcels until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(self._work())

    def hurry(self) -> None:
        """The pipeline is stopping: what waits for a retry is tried again now, and then after a second at most."""
        self._hurry = True
        for handle, parcel in list(self._waiting.values()):
            handle.cancel()
            self._requeue(parcel)
        self._more.set()

    def evict(self, chunk: Chunk, reason: str) -> bool:
        """Drop a chunk's records for this output, unless they are under way."""
        parcel = self._parcels.get(chunk.id)
        if parcel is None:
            return False
        if id(parcel) in self._waiting:
            self._waiting.pop(id(parcel))[0].cancel()
            self._patient.pop(id(parcel), None)
        elif parcel in self._queue:
            self._queue.remove(parcel)
        else:
            return False
        self._drop(parcel, parcel.count, reason)
        return True

    def freeze(self) -> None:
        """Begin nothing more: what is under way may end, what waits is for ``abandon``."""
        self._frozen = True

    @property
    def active(self) -> int:
        """Batches that are under way."""
        return self._active

    def _may_begin(self) -> bool:
        return bool(self._queue) and not self._frozen and (self._hold is None or self._hurry)

    async def _work(self) -> None:
        while True:
            while not self._may_begin():
                self._more.clear()
                self._idle()
                if self._may_begin():
                    break
                await self._more.wait()
            parcel = self._queue.popleft()
            self._active += 1
            self._idle()
            try:
                await self._deliver(parcel)
            except asyncio.CancelledError:
                self._queue.appendleft(parcel)  # Grace is over: the parcel counts as not delivered
                raise
            finally:
                self._active -= 1

    @property
    def encodes(self) -> bool:
        """Whether chunks may come encoded."""
        return isinstance(self.plugin, EncodingOutput) and self.plugin.encodes and not self.processors

    def encode(self, batch: Batch) -> Any:
        """See ``EncodingOutput``."""
        assert isinstance(self.plugin, EncodingOutput), "asked before"
        return self.plugin.encode(batch)

    async def _deliver_encoded(self, parcel: Parcel, encoded: Encoded) -> None:
        """Deliver what was encoded in slices; its records are made again only where that fails."""
        assert isinstance(self.plugin, EncodingOutput), "nothing else gets such parcels"
        answer = parcel.answer
        if answer is None:
            answer = await ask(self.plugin.send_encoded(encoded), encoded.count, self._log)
            self._account(parcel, answer)
        delivery, batch, parcel.answer = answer.delivery, None, None
        keeps = bool(delivery.refused) and self.rejected is not None
        if keeps and delivery.delivered and not delivery.rest:
            batch = self._remade_to_keep(parcel.chunk, len(delivery.refused))
        elif answer.again or delivery.rest or keeps:
            try:
                batch = self.remake(parcel.chunk)
                if len(batch) != encoded.count:
                    raise ValueError(f"{encoded.count} records were sent, and {len(batch)} are made the second time")
            except NOT_NOW as error:
                parcel.answer = answer
                self._read_later(parcel, error)
                return
            except Exception as error:  # noqa: BLE001 - whatever one chunk holds must not stop the others
                unreadable(parcel.chunk, error, self._log)
                self._drop(parcel, parcel.count, "unreadable chunk")
                return
        parcel.encoded = None
        self._settle(parcel, batch, answer, answer.rest_of(batch) if batch is not None else None)

    def _remade_to_keep(self, chunk: Chunk, refused: int) -> Batch | None:
        """The records of a chunk that was delivered but for ``refused``: where it gives none, they are not kept."""
        try:
            return self.remake(chunk)
        except Exception as error:  # noqa: BLE001 - the chunk must not be sent again for their sake
            self._log.error(f"{refused} rejected records of chunk {chunk.id} are not kept: {described(error)}")
            return None

    async def _deliver(self, parcel: Parcel) -> None:
        if parcel.encoded is not None:
            await self._deliver_encoded(parcel, parcel.encoded)
            return
        try:
            batch = parcel.batch or parcel.chunk.batch(self._decoders, self.name)
        except NOT_NOW as error:
            self._read_later(parcel, error)
            return
        except Exception as error:  # noqa: BLE001 - whatever one chunk holds must not stop the others
            unreadable(parcel.chunk, error, self._log)
            self._drop(parcel, parcel.count, "unreadable chunk")
            return
        whole, gone = batch, Counter[str]()
        if self.processors and not parcel.is_part:
            batch = processed(whole, self.processors, gone, self._log)
        answer = await ask(self.plugin.send(batch), len(batch), self._log) if batch.records else Answer(Delivery(0))
        self._account(parcel, answer)
        rest = answer.rest_of(batch)
        if rest is batch:
            self._settle(parcel, whole, answer, whole)  # the processors will see it all again
            return
        for reason, count in gone.items():
            self._account_dropped(parcel, count, reason)
        self._settle(parcel, batch, answer, rest)

    def _account(self, parcel: Parcel, answer: Answer) -> None:
        """Note what an output has said."""
        row, delivery = parcel.row, answer.delivery
        row.delivered += delivery.delivered
        row.bytes += parcel.chunk.size * delivery.delivered // max(parcel.chunk.count, 1)
        row.buffered -= delivery.delivered
        parcel.count -= delivery.delivered
        self._fails = not delivery.delivered and (answer.again or bool(delivery.rest))
        if answer.after > 0:
            self._stay_away(answer.after)
        if delivery.dropped:
            row.errors += 1
            self.errors.append(asyncio.get_running_loop().time())
            self._log.error(f"{delivery.dropped} records of chunk {parcel.chunk.id} dropped: {delivery.reason}")
            self._account_dropped(parcel, delivery.dropped, delivery.reason)

    def _settle(self, parcel: Parcel, batch: Batch | None, answer: Answer, rest: Batch | None) -> None:
        """Do what an answer asks for, which is accounted for already; ``rest`` is to be tried again.

        ``batch`` is what was tried; None: it was encoded, and nothing of it is to be kept or tried again.
        """
        row, delivery = parcel.row, answer.delivery
        if batch is not None and (refused := answer.refused_of(batch)):
            self._keep(parcel.chunk, refused)
        if batch is None or rest is None:
            self._finish(parcel)
            if delivery.delivered:
                self._log.debug(f"chunk {parcel.chunk.id} delivered: {delivery.delivered} records")
                self._try_another()
            return
        limit = self._retries.limit
        # A try that the stop has brought forward is no retry: what is left at its end goes to disk, where there is one.
        if limit is not None and parcel.attempts >= limit and not self._hurry and not parcel.early:
            row.given_up += 1
            self.given_up.append(asyncio.get_running_loop().time())
            self._log.error(
                f"chunk {parcel.chunk.id} cannot be retried: {parcel.count} records dropped after"
                f" {parcel.attempts} retries: {delivery.reason}{advice(delivery.reason)}"
            )
            self._keep(parcel.chunk, rest)
            self._drop(parcel, parcel.count, f"gave up after {parcel.attempts} retries")
            return
        is_new = len(rest) < len(batch) or self.name in parcel.chunk.rests
        parcel.is_part = parcel.is_part or is_new
        parcel.batch = None
        if is_new or not parcel.is_part:  # else the chunk holds the rest already
            self._parked(parcel, rest, self.name if is_new else "")
        self._retry_later(parcel, delivery.reason, answer.after)

    def _keep(self, chunk: Chunk, batch: Batch) -> None:
        if self.rejected is not None:
            self.rejected(chunk, self.name, batch)

    def _retry_later(self, parcel: Parcel, reason: str, after: float) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if parcel.early:
            parcel.early = False
            seconds = max(parcel.due - now, 0.0)
        else:
            parcel.attempts += 1
            parcel.row.retried += parcel.count
            parcel.row.retries += 1
            seconds = wait_seconds(parcel.attempts, self._retries.base, self._retries.cap, random.randint)
            self._patient[id(parcel)] = parcel
        seconds = 1 if self._hurry else max(seconds, self._bounded(after))
        parcel.due = now + seconds
        self._log.warn(f"failed to flush chunk {parcel.chunk.id}, retry in {seconds:g} seconds: {reason}", about=reason)
        handle = loop.call_later(seconds, self._retry, parcel)
        self._failed_bytes += parcel.chunk.size
        if self._failed_bytes >= _COLLECT_BYTES:
            self._failed_bytes = 0
            loop.call_soon(gc.collect)
        self._waiting[id(parcel)] = (handle, parcel)

    def _read_later(self, parcel: Parcel, error: BaseException) -> None:
        """The disk does not give the chunk now; that is no attempt, and what the output has said already is kept."""
        loop = asyncio.get_running_loop()
        told = not_now(parcel.chunk, error)
        self._log.warn(told, about=f"cannot read {type(error).__name__}")
        self._waiting[id(parcel)] = (loop.call_later(READ_AGAIN, self._requeue, parcel), parcel)

    def _retry(self, parcel: Parcel) -> None:
        """The time has come; but where everything fails, there is no use in trying all that waits again and again."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._fails and self._retries.limit is None and now - self._probed < _PROBE_SECONDS:
            seconds = wait_seconds(parcel.attempts, self._retries.base, self._retries.cap, random.randint)
            parcel.due = now + seconds
            self._waiting[id(parcel)] = (loop.call_later(seconds, self._retry, parcel), parcel)
            self._patient[id(parcel)] = parcel
            return
        self._probed = now
        self._requeue(parcel)

    def _bounded(self, after: float) -> float:
        return min(after, self._retries.cap, _HOLD_MAX)

    def _stay_away(self, after: float) -> None:
        """The peer has said when to come back: nothing is sent before, except at the stop."""
        self.hold_until(asyncio.get_running_loop().time() + self._bounded(after))

    def _come_back(self) -> None:
        self._hold = None
        self._more.set()

    def _try_another(self) -> None:
        """The output delivers: what has waited longest is tried now, one parcel for each that was delivered.

        So a peer that is back gets what waits as fast as it takes it; one that still fails has not cost a retry.
        """
        if not self._patient or len(self._queue) >= self._concurrency:
            return
        parcel = next(iter(self._patient.values()))
        self._waiting[id(parcel)][0].cancel()
        self._requeue(parcel)
        parcel.early = True

    def _requeue(self, parcel: Parcel) -> None:
        self._waiting.pop(id(parcel), None)
        self._patient.pop(id(parcel), None)
        parcel.early = False
        self.put(parcel)

    def _account_dropped(self, parcel: Parcel, count: int, reason: str) -> None:
        count_reason(parcel.row.dropped, reason, count)
        parcel.row.buffered -= count
        parcel.count -= count

    def _drop(self, parcel: Parcel, count: int, reason: str) -> None:
        self._account_dropped(parcel, count, reason)
        self._finish(parcel)

    def _finish(self, parcel: Parcel) -> None:
        parcel.batch = parcel.encoded = None
        parcel.chunk.rests.pop(self.name, None)
        self._parcels.pop(parcel.chunk.id, None)
        self._finished(parcel, self)

    def abandon(self) -> list[Parcel]:
        """The parcels that were not delivered when the pipeline stopped or another took its place."""
        left = [*self._queue, *(parcel for _, parcel in self._waiting.values())]
        for parcel in left:
            parcel.early = False
        for handle, _ in self._waiting.values():
            handle.cancel()
        self._queue.clear()
        self._waiting.clear()
        self._patient.clear()
        self._parcels.clear()
        return left


def _values(options: Any) -> list[object]:
    return [getattr(options, item.name) for item in fields(options)]
