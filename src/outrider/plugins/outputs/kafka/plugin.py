"""The kafka output."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import logging
import zlib
from collections.abc import Awaitable, Sequence
from typing import Any, Final

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.net.connect import Target
from outrider.net.upstream import target
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.kafka.config import Options
from outrider.plugins.outputs.kafka.format import Messages
from outrider.plugins.outputs.kafka.settings import producer_settings

_FINAL: Final = frozenset(
    {"InvalidTopicError", "MessageSizeTooLargeError", "RecordListTooLargeError", "RecordTooLargeError"}
)
"""Errors of aiokafka that the same messages will always meet."""
_PACKED: Final = ("snappy", "lz4", "zstd")
_CLOSE_SECONDS: Final = 5
_PORT: Final = 9092
Message = tuple[bytes | None, bytes]


class Kafka(Output[Options]):
    """Sends messages; a record counts as delivered when the brokers have acknowledged it (``rdkafka.acks``)."""

    Options = Options
    concurrency = 2

    def check(self) -> None:
        """See Output."""
        if importlib.util.find_spec("aiokafka") is None:
            fix = "install outrider with its extra: pip install '.[kafka]' in its source"
            raise UserError("the kafka output needs aiokafka", fix=fix)
        self._settings = producer_settings(self.options, self.core)
        if self.options.compression in _PACKED and importlib.util.find_spec("cramjam") is None:
            raise UserError(
                f"compression {self.options.compression} needs cramjam", fix="use gzip, or: pip install cramjam"
            )
        try:
            self._messages = Messages(self.options)
        except ValueError as error:
            raise UserError(str(error)) from error
        self._producer: Any = None
        self._turn = asyncio.Lock()
        self._next = itertools.count()

    def peers(self) -> list[Target]:
        """See Output."""
        tls = self._settings.get("ssl_context")
        brokers = [broker.rpartition(":") for broker in self._settings["bootstrap_servers"]]
        return [
            target(self.core, (host if colon else port).strip("[]"), int(port) if colon else _PORT, tls)
            for host, colon, port in brokers
        ]

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        values = self._messages.values(batch, escape_unicode=self.context.escape_unicode)
        good = [number for number, value in enumerate(values) if value is not None]
        bare = [number for number, value in enumerate(values) if value is None]
        refused = bare if self.options.format == "gelf" else []  # else there is nothing to send of them
        reasons = [self._messages.missing] if bare else []
        if not good:
            return Delivery(0, len(bare), reasons[0], refused=refused)
        keys, topics = self._messages.keys(batch), self._messages.topics(batch)
        by_key: dict[tuple[str, bytes | None], list[int]] = {}
        for number in good:
            by_key.setdefault((topics[number], keys[number]), []).append(number)
        sending = Sending(await self._ready(), next(self._next))
        by_partition = await sending.partitioned(by_key)
        for (topic, partition), places in by_partition.items():
            await sending.put(topic, partition, places, [(keys[n], values[n] or b"") for n in places])
        await sending.acknowledged()
        reason = "; ".join(dict.fromkeys([*reasons, *sending.reasons]))
        if len(sending.retry) == len(batch):
            raise PeerError(reason)
        dropped = len(bare) + len(sending.refused)
        delivered = len(batch) - dropped - len(sending.retry)
        refused = sorted([*refused, *sending.refused])
        return Delivery(delivered, dropped, reason, sorted(sending.retry), refused=refused)

    async def _ready(self) -> Any:
        """The producer, connected. Raises PeerError."""
        from aiokafka import AIOKafkaProducer
        from aiokafka.errors import KafkaError

        logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)  # what fails is raised
        async with self._turn:
            if self._producer is None:
                producer = AIOKafkaProducer(**self._settings)
                try:
                    async with asyncio.timeout(self.core.net_connect_timeout or None):
                        await producer.start()
                except (KafkaError, OSError, TimeoutError) as error:
                    await producer.stop()
                    brokers = ", ".join(self._settings["bootstrap_servers"])
                    raise PeerError(f"{brokers}: {_described(error)}") from error
                self._producer = producer
                self.log.info(f"connected to {', '.join(self._settings['bootstrap_servers'])}")
            return self._producer

    async def stop(self) -> None:
        """See Output."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            try:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await producer.stop()
            except TimeoutError:
                self.log.warn("the brokers did not take leave in time")


class Sending:
    """One batch on its way. ``retry`` are the places of records that failed for now, ``refused`` of those for good."""

    def __init__(self, producer: Any, turn: int) -> None:
        self.retry: list[int] = []
        self.refused: list[int] = []
        self.reasons: list[str] = []
        self._producer = producer
        self._turn = turn
        self._waiting: list[tuple[Awaitable[Any], Sequence[int]]] = []

    async def partitioned(self, by_key: dict[tuple[str, bytes | None], list[int]]) -> dict[tuple[str, int], list[int]]:
        """Places by topic and partition: by CRC-32 of the key, as librdkafka, and without a key in turns."""
        from aiokafka.errors import KafkaError

        found: dict[tuple[str, int], list[int]] = {}
        for (topic, key), places in by_key.items():
            try:
                partitions = sorted(await self._producer.partitions_for(topic))
            except KafkaError as error:
                self._failed(error, places)
                continue
            chosen = partitions[(self._turn if not key else zlib.crc32(key)) % len(partitions)]
            found.setdefault((topic, chosen), []).extend(places)
        return found

    async def put(self, topic: str, partition: int, places: Sequence[int], messages: Sequence[Message]) -> None:
        """Hand messages to the producer, in as many of its batches as it takes."""
        from aiokafka.errors import KafkaError

        start = 0
        while start < len(messages):
            builder, stop = self._producer.create_batch(), start
            while stop < len(messages):
                key, value = messages[stop]
                if builder.append(timestamp=None, key=key, value=value) is None:
                    break
                stop += 1
            try:
                future = await self._producer.send_batch(builder, topic, partition=partition)
            except KafkaError as error:
                self._failed(error, places[start:stop])
            else:
                self._waiting.append((future, places[start:stop]))
            start = stop

    async def acknowledged(self) -> None:
        """Wait for what the brokers say."""
        from aiokafka.errors import KafkaError

        for future, places in self._waiting:
            try:
                await future
            except KafkaError as error:
                self._failed(error, places)

    def _failed(self, error: Exception, places: Sequence[int]) -> None:
        self.reasons.append(_described(error))
        chosen = self.refused if type(error).__name__ in _FINAL else self.retry
        chosen += places


def _described(error: BaseException) -> str:
    text = "".join([c if c.isprintable() else " " for c in str(error)])[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
