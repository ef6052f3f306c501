"""Pipelines made of a configuration text, with an input, a filter and an output that the tests steer."""

from __future__ import annotations

import asyncio
import io
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from outrider.model.batch import Batch, Record
from outrider.net.files import ConfigurationFiles
from outrider.pipeline import delivery, registry
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import from_file
from outrider.pipeline.engine import Engine
from outrider.pipeline.log import LEVELS, Log, Sink
from outrider.pipeline.options import option
from outrider.pipeline.plugin import Delivery, Filter, Input, Intake, Output


@dataclass(frozen=True, kw_only=True)
class NoOptions:
    """Nothing of its own."""

    note: str = option("", "anything")


class SteeredInput(Input[NoOptions]):
    """Hands in what the test pushes; notes when it was told to pause and to resume."""

    Options = NoOptions
    made: ClassVar[list[SteeredInput]] = []

    async def start(self, intake: Intake) -> None:
        self.intake = intake
        self.calls: list[str] = []
        self.stopped = False
        intake.on_room(lambda: self.calls.append("pause"), lambda: self.calls.append("resume"))

    async def stop(self) -> None:
        self.stopped = True

    def push(self, tag: str, *records: Record) -> None:
        self.intake.append_records(tag, list(range(len(records))), list(records))


class SteeredFilter(Filter[NoOptions]):
    """Does what the test says."""

    Options = NoOptions
    action: Callable[[Batch], None] = staticmethod(lambda batch: None)

    def apply(self, batch: Batch) -> None:
        self.action(batch)


class SteeredOutput(Output[NoOptions]):
    """Delivers into ``sent``, unless the test has put another answer into ``answers``; waits while ``gate`` is shut."""

    Options = NoOptions

    def check(self) -> None:
        self.sent: list[tuple[str, list[Record]]] = []
        self.asked = 0
        self.under_way = 0
        self.answers: list[Exception | Callable[[Batch], Delivery]] = []
        self.always: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.stopped = False

    async def send(self, batch: Batch) -> Delivery:
        self.asked += 1
        self.under_way += 1
        try:
            await self.gate.wait()
        finally:
            self.under_way -= 1
        answer = self.answers.pop(0) if self.answers else self.always
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer(batch)
        self.sent.append((batch.tag, list(batch.records)))
        return Delivery(len(batch))

    async def stop(self) -> None:
        self.stopped = True

    @property
    def records(self) -> list[Record]:
        return [record for _, records in self.sent for record in records]


_STEERED = {"input": SteeredInput, "filter": SteeredFilter, "output": SteeredOutput}


@dataclass
class Running:
    """A pipeline at work."""

    engine: Engine
    log: io.StringIO
    waits: list[tuple[int, int, int]] = field(default_factory=list)

    def input(self, number: int = 0) -> Any:
        return self.engine.inputs[number].plugin

    def intake(self, number: int = 0) -> Any:
        return self.engine.inputs[number].intake

    def filter(self, number: int = 0) -> Any:
        return self.engine.filters[number].plugin

    def output(self, number: int = 0) -> Any:
        return self.engine.outputs[number].plugin

    def numbers(self, output: int = 0) -> list[int]:
        """``n`` of each record that has been delivered."""
        return sorted(record["n"] for record in self.output(output).records)

    @property
    def sheet(self) -> dict[str, Any]:
        return self.engine.ledger.snapshot()

    def taken(self, name: str = "steered.0") -> dict[str, Any]:
        row: dict[str, Any] = self.sheet["inputs"][name]
        return row

    def sent(self, name: str = "steered.0") -> dict[str, Any]:
        nothing = {"routed": 0, "buffered": 0, "delivered": 0, "retried": 0, "dropped": {}}
        row: dict[str, Any] = self.sheet["outputs"].get(name, nothing)
        return row

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                assert self.engine.ledger.faults() == []
                await asyncio.sleep(0.002)

    async def settled(self) -> None:
        """Everything that was pushed has left the pipeline."""
        await self.until(
            lambda: (
                all(row["waiting"] == 0 for row in self.sheet["inputs"].values())
                and all(row["buffered"] == 0 for row in self.sheet["outputs"].values())
            )
        )


def read(path: Path, sink: Sink) -> build.Plan:
    log = Log(sink, "test")
    configuration = from_file(str(path), ConfigurationFiles(), log.warn)
    service = build.read_service(configuration, {}, log)
    return build.plan(configuration, service, {}, log)


def silent() -> Sink:
    """A log that nobody reads."""
    return Sink(io.StringIO())


Pipeline = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Running]:
    """A pipeline of this text that does not run yet."""
    real = registry.plugin_class

    def plugin_class(kind: str, name: str, place: Any = None) -> Any:
        return _STEERED[kind] if name == "steered" else real(kind, name, place)

    monkeypatch.setattr(registry, "plugin_class", plugin_class)
    waits: list[tuple[int, int, int]] = []

    def wait_seconds(attempt: int, base: int, cap: int, pick: object) -> float:
        waits.append((attempt, base, cap))
        return 0.001

    monkeypatch.setattr(delivery, "wait_seconds", wait_seconds)
    monkeypatch.setattr(delivery, "_PROBE_SECONDS", 0.0)

    def make(text: str, *, flush: str = "0.01", grace: int = 5) -> Running:
        path = tmp_path / "main.conf"
        path.write_text(f"[SERVICE]\n  Flush {flush}\n  Grace {grace}\n{textwrap.dedent(text)}")
        stream = io.StringIO()
        engine = build.engine(read(path, Sink(stream, LEVELS["debug"])))
        return Running(engine, stream, waits)

    return make


@pytest.fixture
def pipeline(built: Callable[..., Running]) -> Pipeline:
    """``async with pipeline(text) as running``; at the end it is stopped and its books must balance."""

    @asynccontextmanager
    async def start(
        text: str, prepare: Callable[[Running], None] = lambda running: None, **settings: Any
    ) -> AsyncIterator[Running]:
        running = built(text, **settings)
        prepare(running)
        async with asyncio.TaskGroup() as group:
            group.create_task(running.engine.run())
            await running.until(lambda: all(hasattr(item.plugin, "intake") for item in running.engine.inputs))
            try:
                yield running
            finally:
                running.engine.stop()
        assert running.engine.ledger.faults() == []

    return start
