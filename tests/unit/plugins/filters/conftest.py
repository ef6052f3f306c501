"""A real pipeline around filters: records go in at one end, and what comes out is compared; the books must balance."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from outrider.model.batch import Batch, Record
from outrider.model.errors import Place
from outrider.pipeline import registry
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration, PluginSection
from outrider.pipeline.log import LEVELS, Log, Sink
from outrider.pipeline.options import Property, option
from outrider.pipeline.plugin import Delivery, Input, Intake, Output

PLACE = Place("test.conf", 1)


@dataclass(frozen=True, kw_only=True)
class NoOptions:
    """Nothing of its own."""

    note: str = option("", "anything")


class Given(Input[NoOptions]):
    """Hands in what the test gives."""

    Options = NoOptions

    def check(self) -> None:
        self.started = asyncio.Event()

    async def start(self, intake: Intake) -> None:
        self.intake = intake
        self.started.set()

    async def stop(self) -> None:
        """Nothing is open."""


class Kept(Output[NoOptions]):
    """Keeps everything."""

    Options = NoOptions

    def check(self) -> None:
        self.kept: list[tuple[str, int, Record]] = []

    async def send(self, batch: Batch) -> Delivery:
        self.kept += [(batch.tag, *pair) for pair in zip(batch.times, batch.records, strict=True)]
        return Delivery(len(batch))


@dataclass
class Went:
    """What came out, and what was said and counted."""

    kept: list[tuple[str, int, Record]]
    log: str
    sheet: dict[str, Any] = field(default_factory=dict)

    @property
    def records(self) -> list[Record]:
        return [record for _, _, record in self.kept]

    @property
    def tagged(self) -> list[tuple[str, Record]]:
        return [(tag, record) for tag, _, record in self.kept]


Route = Callable[..., Awaitable[Went]]


def section(kind: str, name: str, rules: list[tuple[str, str]]) -> PluginSection:
    pairs = [("name", name), *([] if any(key == "match" for key, _ in rules) or kind == "input" else [("match", "*")])]
    return PluginSection(kind, [Property(key, value, PLACE) for key, value in [*pairs, *rules]], PLACE)


@pytest.fixture
def route(monkeypatch: pytest.MonkeyPatch) -> Route:
    """``await route([("modify", [("set", "a b")])], ("app", [{...}]))``: filters, then records by tag."""
    real = registry.plugin_class

    def plugin_class(kind: str, name: str, place: Any = None) -> Any:
        return {"given": Given, "kept": Kept}.get(name) or real(kind, name, place)

    monkeypatch.setattr(registry, "plugin_class", plugin_class)

    async def run(filters: list[tuple[str, list[tuple[str, str]]]], *tagged: tuple[str, list[Record]]) -> Went:
        stream = io.StringIO()
        log = Log(Sink(stream, LEVELS["debug"]), "test")
        sections = [section("filter", name, rules) for name, rules in filters]
        configuration = Configuration(
            [section("input", "given", []), *sections, section("output", "kept", [])],
            service=[Property("flush", "0.01", PLACE)],
        )
        service = build.read_service(configuration, {}, log)
        engine = build.engine(build.plan(configuration, service, {}, log))
        given: Any = engine.inputs[0].plugin
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(engine.run())
            await given.started.wait()
            for tag, records in tagged:
                given.intake.append_records(tag, list(range(len(records))), records)
            engine.stop()
        assert engine.ledger.faults() == []
        output: Any = engine.outputs[0].plugin
        return Went(output.kept, stream.getvalue(), engine.ledger.snapshot())

    return run


@pytest.fixture(scope="session")
def filter_of() -> Callable[[str, list[tuple[str, str]]], Any]:
    """A checked filter from its rules in this order."""

    def made(name: str, rules: list[tuple[str, str]]) -> Any:
        stream = io.StringIO()
        log = Log(Sink(stream, LEVELS["debug"]), "test")
        configuration = Configuration([section("filter", name, rules)])
        plugin = build.plan(configuration, build.read_service(configuration, {}, log), {}, log).instances[0].plugin
        plugin.logged = stream.getvalue
        return plugin

    return made
