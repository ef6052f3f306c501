"""Pipelines whose configuration the tests exchange."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration, from_file
from outrider.pipeline.log import LEVELS, Log, Sink
from outrider.pipeline.operate.reload import Exchangeable, Loader

SERVICE = "[SERVICE]\n  Flush 0.01\n  Grace 2\n"


class Running:
    """An exchangeable pipeline at work, and the file that it reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream = io.StringIO()
        self.log = Log(Sink(self.stream, LEVELS["debug"]), "test")
        configuration = self.load()
        self.pipeline = Exchangeable(configuration, self.plan(configuration), Loader(self.load, self.plan), self.log)

    def load(self) -> Configuration:
        return from_file(str(self.path), ConfigurationFiles(), self.log.warn)

    def plan(self, configuration: Configuration) -> build.Plan:
        service = build.read_service(configuration, {}, self.log)
        return build.plan(configuration, service, {}, self.log)

    @property
    def engine(self) -> Any:
        return self.pipeline.engine

    @property
    def input(self) -> Any:
        return self.engine.inputs[0].plugin

    def output(self, name: str = "out") -> Any:
        return next(item.plugin for item in self.engine.outputs if item.name == name)

    @property
    def delivered(self) -> int:
        return sum(row.delivered for row in self.engine.ledger.sent.values())

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                assert self.engine.ledger.faults() == []
                await asyncio.sleep(0.002)

    async def exchange(self, text: str) -> None:
        """Write the file, reload, and wait until the new engine is up."""
        before = self.engine
        self.path.write_text(SERVICE + text)
        assert self.pipeline.reload() == ""
        await self.until(lambda: self.engine is not before and self.engine.up)


@pytest.fixture
def running(tmp_path: Path, built: Any) -> Any:
    @asynccontextmanager
    async def start(text: str) -> AsyncIterator[Running]:
        path = tmp_path / "router.conf"
        path.write_text(SERVICE + text)
        made = Running(path)
        async with asyncio.TaskGroup() as group:
            group.create_task(made.pipeline.run())
            await made.until(lambda: made.engine.up)
            try:
                yield made
            finally:
                made.pipeline.stop()
        assert made.engine.ledger.faults() == []

    return start
