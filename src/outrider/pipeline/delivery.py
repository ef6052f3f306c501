"""One output at work: a queue of parcels, workers that send them, retries.

A parcel is a chunk on its way to this output. Each output has its own queue, so a slow or dead one delays no other.
This is the place where what outputs raise is caught.
"""

from __future__ import annotations

import asyncio
import random
import traceback
from collections import Counter, deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from outrider.formats.msgpack import MalformedError
from outrider.model.batch import Batch
from outrider.model.errors import LocalError, OutriderError, PeerError
from outrider.pipeline.chunk import Chunk
from outrider.pipeline.filtering import RunningFilter
from outrider.pipeline.ledger import Sent, count_reason
from outrider.pipeline.log import Log
from outrider.pipeline.plugin import Decoder, Delivery, Output
from outrider.pipeline.schedule import wait_seconds

_FAILURES_MAX: Final = 10_000


def described(error: Exception) -> str:
    """An error of a declared kind in its own words; of any other, which is a bug, the traceback."""
    if isinstance(error, OutriderError | MalformedError):
        return str(error)
    return "".join(traceback.format_exception(error))


def unreadable(chunk: Chunk, error: Exception, log: Log) -> None:
    """Say why a chunk gives no records, and keep its file under another name."""
    log.error(f"chunk {chunk.id} of {chunk.source} cannot be read: {described(error)}")
    try:
        chunk.set_aside()
    except LocalError as refused:
        log.error(str(refused))


@dataclass(slots=True)
class Parcel:
    """A chunk on its way to one output. ``batch`` is the decoded form, or None: the chunk has it packed."""

    chunk: Chunk
    row: Sent
    count: int
    batch: Batch | None = None
    rest: Batch | None = None
    """What is left after a partial delivery."""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Retries:
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
        parked: Callable[[Parcel, Batch], None],
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
        self._queue.append(parcel)
        self._more.set()

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

    def freeze(self) -> None:
        """Begin nothing more: what is under way may end, what waits is for ``abandon``."""
        self._frozen = True

    @property
    def active(self) -> int:
        """Batches that are under way."""
        return self._active

    async def _work(self) -> None:
        while True:
            while not self._queue or self._frozen:
                self._more.clear()
                self._idle()
                if self._queue and not self._frozen:
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

    async def _deliver(self, parcel: Parcel) -> None:
        try:
            batch = parcel.rest or parcel.batch or parcel.chunk.batch(self._decoders)
        except Exception as error:  # noqa: BLE001 - whatever one chunk holds must not stop the others
            unreadable(parcel.chunk, error, self._log)
            self._drop(parcel, parcel.count, "unreadable chunk")
            return
        whole, gone = batch, Counter[str]()
        if self.processors and parcel.rest is None:
            batch = self._processed(whole, gone)
        try:
            delivery = _checked(await self.plugin.send(batch), batch) if batch.records else Delivery(0)
        except PeerError as error:
            if error.retry:
                delivery = Delivery(0, reason=str(error), retry=batch)
            else:
                delivery = Delivery(0, dropped=len(batch), reason=str(error))
        except LocalError as error:
            delivery = Delivery(0, reason=str(error), retry=batch)
        except Exception as error:  # noqa: BLE001 - a bug in one output must not stop the others
            self._log.error(f"bug in output: {''.join(traceback.format_exception(error))}")
            delivery = Delivery(0, reason=f"bug: {type(error).__name__}", retry=batch)
        if delivery.retry is not None and len(delivery.retry) == len(batch):
            self._settle(parcel, whole, replace(delivery, retry=whole))  # the processors will see all of it again
            return
        for reason, count in gone.items():
            self._account_dropped(parcel, count, reason)
        self._settle(parcel, batch, delivery)

    def _processed(self, whole: Batch, gone: Counter[str]) -> Batch:
        """A copy that has been through this output's processors; other outputs have the same batch."""
        batch = Batch(whole.tag, list(whole.times), deepcopy(whole.records), deepcopy(whole.metadata))
        batch.id, batch.source = whole.id, whole.source
        for item in self.processors:
            if batch.records and (less := item.apply(batch, self._log)):
                gone[item.reason] += less
        return batch

    def _settle(self, parcel: Parcel, batch: Batch, delivery: Delivery) -> None:
        row = parcel.row
        row.delivered += delivery.delivered
        row.buffered -= delivery.delivered
        parcel.count -= delivery.delivered
        if delivery.dropped:
            self.errors.append(asyncio.get_running_loop().time())
            self._log.error(f"{delivery.dropped} records of chunk {parcel.chunk.id} dropped: {delivery.reason}")
            self._account_dropped(parcel, delivery.dropped, delivery.reason)
        if delivery.retry is None:
            self._finish(parcel)
            return
        limit = self._retries.limit
        stays_in_spool = self._hurry and parcel.chunk.path is not None
        if limit is not None and parcel.attempts >= limit and not stays_in_spool:
            self.given_up.append(asyncio.get_running_loop().time())
            self._log.error(
                f"chunk {parcel.chunk.id} cannot be retried: {parcel.count} records dropped after"
                f" {parcel.attempts} retries: {delivery.reason}; fix: raise Retry_Limit or set it to False"
            )
            self._drop(parcel, parcel.count, f"gave up after {parcel.attempts} retries")
            return
        if parcel.rest is not None or len(delivery.retry) < len(batch):
            parcel.rest = delivery.retry
        else:
            self._parked(parcel, batch)
        self._retry_later(parcel, delivery.reason)

    def _retry_later(self, parcel: Parcel, reason: str) -> None:
        parcel.attempts += 1
        parcel.row.retried += parcel.count
        parcel.batch = None
        seconds = wait_seconds(parcel.attempts, self._retries.base, self._retries.cap, random.randint)
        if self._hurry:
            seconds = 1
        self._log.warn(f"failed to flush chunk {parcel.chunk.id}, retry in {seconds} seconds: {reason}", about=reason)
        handle = asyncio.get_running_loop().call_later(seconds, self._requeue, parcel)
        self._waiting[id(parcel)] = (handle, parcel)

    def _requeue(self, parcel: Parcel) -> None:
        self._waiting.pop(id(parcel), None)
        self.put(parcel)

    def _account_dropped(self, parcel: Parcel, count: int, reason: str) -> None:
        count_reason(parcel.row.dropped, reason, count)
        parcel.row.buffered -= count
        parcel.count -= count

    def _drop(self, parcel: Parcel, count: int, reason: str) -> None:
        self._account_dropped(parcel, count, reason)
        self._finish(parcel)

    def _finish(self, parcel: Parcel) -> None:
        parcel.batch = parcel.rest = None
        self._finished(parcel, self)

    def abandon(self) -> list[Parcel]:
        """The parcels that were not delivered when the pipeline stopped or another took its place."""
        left = [*self._queue, *(parcel for _, parcel in self._waiting.values())]
        for handle, _ in self._waiting.values():
            handle.cancel()
        self._queue.clear()
        self._waiting.clear()
        return left


def _checked(delivery: Delivery, batch: Batch) -> Delivery:
    """The delivery, if it says what became of every record."""
    told = delivery.delivered + delivery.dropped + (len(delivery.retry) if delivery.retry is not None else 0)
    if told != len(batch):
        raise ValueError(f"the output told of {told} records, the batch has {len(batch)}")
    return delivery
