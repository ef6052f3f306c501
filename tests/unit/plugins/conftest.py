"""One plugin made from its section, and an intake that keeps what it gets."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pytest

from outrider.formats import msgpack
from outrider.model.batch import Batch, Record
from outrider.model.errors import Place
from outrider.pipeline.config import build, decoders
from outrider.pipeline.config.configuration import Configuration, PluginSection
from outrider.pipeline.log import LEVELS, Log, Sink
from outrider.pipeline.options import Property

PLACE = Place("test.conf", 1)


class KeepingIntake:
    """See ``outrider.pipeline.plugin.Intake``; ``records`` are decoded as the pipeline would."""

    def __init__(self, plugin: Any) -> None:
        self._decoders = {"records": decoders.decode_records, **plugin.codecs}
        self.batches: list[Batch] = []
        self.refused: list[tuple[str, int, str]] = []
        self.full = False
        self.safe = True
        self.waiting = 0
        self.waiting_max = 1_000_000_000
        self.ended = False
        self.pause: Callable[[], None] = lambda: None
        self.resume: Callable[[], None] = lambda: None

    def append(self, tag: str, codec: str, raw: bytes, count: int) -> bool:
        self.batches.append(self._decoders[codec](tag, [raw], count))
        return self.safe

    def append_records(
        self, tag: str, times: list[int], records: list[Record], metadata: list[Record] | None = None
    ) -> None:
        self.append(tag, "records", msgpack.encode([times, records, metadata]), len(records))

    def lost(self, tag: str, count: int, reason: str) -> None:
        self.refused.append((tag, count, reason))

    def unfinished(self, change: int) -> bool:
        self.waiting += change
        return self.waiting <= self.waiting_max

    def end(self) -> None:
        self.ended = True

    def on_room(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self.pause, self.resume = pause, resume

    @property
    def records(self) -> list[Record]:
        return [record for batch in self.batches for record in batch.records]

    @property
    def tags(self) -> list[str]:
        return [batch.tag for batch in self.batches]

    async def until(self, condition: Callable[[KeepingIntake], object]) -> None:
        async with asyncio.timeout(10):
            while not condition(self):  # noqa: ASYNC110 - what plugins hand in has no event to wait for
                await asyncio.sleep(0.002)


Make = Callable[..., Any]


@pytest.fixture
def make() -> Make:
    """``make("input", "dummy", rate="2")``: a checked plugin; ``tls_verify`` stands for ``tls.verify``.

    A list gives a key several times; ``log`` of the plugin's log is what it has logged.
    """

    def made(kind: str, name: str, **options: Any) -> Any:
        properties = [Property("name", name, PLACE)]
        for key, given in options.items():
            key = key.replace("__", ".")
            values = given if isinstance(given, list) else [given]
            properties += [Property(key, str(value), PLACE) for value in values]
        if kind != "input":
            properties.append(Property("match", "*", PLACE))
        stream = io.StringIO()
        log = Log(Sink(stream, LEVELS["debug"]), "test")
        configuration = Configuration([PluginSection(kind, properties, PLACE)])
        service = build.read_service(configuration, {}, log)
        plugin = build.plan(configuration, service, {}, log).instances[0].plugin
        plugin.logged = stream.getvalue
        return plugin

    return made


@pytest.fixture
def intake_of() -> Callable[[Any], KeepingIntake]:
    """The intake for a plugin."""
    return KeepingIntake


def batch_of(*records: Record, tag: str = "app", time: int = 1_700_000_000_123_456_789) -> Batch:
    return Batch(tag, [time + n for n in range(len(records))], list(records), id="ab" * 16)


@pytest.fixture
def batch() -> Callable[..., Batch]:
    """A batch of these records; times count up from a fixed one."""
    return batch_of
