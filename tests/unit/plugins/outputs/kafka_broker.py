"""A broker that knows the four requests of a producer, with the client library's own reader of record batches."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiokafka.record.memory_records import MemoryRecords

PARTITIONS = 2
_PRODUCE, _METADATA, _VERSIONS = 0, 3, 18


def text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()


class Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, form: str) -> Any:
        (value,) = struct.unpack_from(f">{form}", self._data, self._at)
        self._at += struct.calcsize(f">{form}")
        return value

    def bytes(self, size: int) -> bytes:
        value = self._data[self._at : self._at + max(size, 0)]
        self._at += max(size, 0)
        return value

    def text(self) -> str:
        return self.bytes(self.take("h")).decode()


@dataclass
class Broker:
    """Keeps (topic, partition, key, value); ``errors`` are codes for the next batches, ``failing`` for a topic's."""

    port: int = 0
    got: list[tuple[str, int, bytes | None, bytes]] = field(default_factory=list)
    errors: deque[int] = field(default_factory=deque)
    failing: dict[str, int] = field(default_factory=dict)
    acks: set[int] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = struct.unpack(">i", await reader.readexactly(4))[0]
                request = Reader(await reader.readexactly(size))
                kind, version, correlation = request.take("h"), request.take("h"), request.take("i")
                request.text()
                answer = self.answer(kind, version, request)
                writer.write(struct.pack(">ii", len(answer) + 4, correlation) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, kind: int, version: int, request: Reader) -> bytes:
        if kind == _VERSIONS:
            known = ((_PRODUCE, 3, 3), (_METADATA, 0, 1), (_VERSIONS, 0, 0))
            return struct.pack(">hi", 0, len(known)) + b"".join([struct.pack(">hhh", *one) for one in known])
        if kind == _METADATA:
            count = request.take("i")
            return self.metadata(version, [request.text() for _ in range(count)])
        assert (kind, version) == (_PRODUCE, 3)
        return self.produce(request)

    def metadata(self, version: int, topics: list[str]) -> bytes:
        brokers = struct.pack(">ii", 1, 0) + text("127.0.0.1") + struct.pack(">i", self.port)
        head = brokers + (struct.pack(">h", -1) + struct.pack(">i", 0) if version else b"")
        parts = b"".join([struct.pack(">hiiiiii", 0, n, 0, 1, 0, 1, 0) for n in range(PARTITIONS)])
        entries = [
            struct.pack(">h", 0) + text(topic) + (b"\0" if version else b"") + struct.pack(">i", PARTITIONS) + parts
            for topic in topics
        ]
        return head + struct.pack(">i", len(topics)) + b"".join(entries)

    def produce(self, request: Reader) -> bytes:
        request.text()
        self.acks.add(request.take("h"))
        request.take("i")
        out = []
        topics = request.take("i")
        for _ in range(topics):
            topic, count = request.text(), request.take("i")
            answers = []
            for _ in range(count):
                partition = request.take("i")
                data = request.bytes(request.take("i"))
                code = self.errors.popleft() if self.errors else self.failing.get(topic, 0)
                if not code:
                    self.keep(topic, partition, data)
                answers.append(struct.pack(">ihqq", partition, code, 0, -1))
            out.append(text(topic) + struct.pack(">i", count) + b"".join(answers))
        self.changed.set()
        return struct.pack(">i", topics) + b"".join(out) + struct.pack(">i", 0)

    def keep(self, topic: str, partition: int, data: bytes) -> None:
        records = MemoryRecords(data)
        while records.has_next():
            batch = records.next_batch()
            assert batch is not None
            assert batch.validate_crc()
            self.got += [(topic, partition, record.key, record.value) for record in batch]
