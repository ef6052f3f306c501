"""A real HTTP server that outputs send to, and a pipeline around one output."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from outrider.formats import compress
from outrider.model.errors import Place
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration, PluginSection
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.options import Property

PLACE = Place("test.conf", 1)


@dataclass
class Heard:
    """A request as it came; ``body`` is decompressed."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class HttpPeer:
    """Answers 200, or what ``answers`` holds: a status, (status, body), or (status, body, headers), one a request."""

    port: int = 0
    answers: deque[Any] = field(default_factory=deque)
    heard: list[Heard] = field(default_factory=list)
    default: Any = 200
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        request._client_max_size = 1 << 30
        body = await request.read()
        encoding = request.headers.get("Content-Encoding")
        if encoding and compress.sniff(body):
            assert compress.sniff(body) == encoding
            body = compress.inflate(body, encoding, 1 << 30)
        self.heard.append(Heard(request.method, request.raw_path, request.headers.copy(), body))
        self.changed.set()
        answer = self.answers.popleft() if self.answers else self.default
        status, text, headers = (*answer, {})[:3] if isinstance(answer, tuple) else (answer, "", {})
        return web.Response(status=status, body=text.encode() if isinstance(text, str) else text, headers=headers)

    async def until(self, count: int) -> None:
        """Wait for so many requests."""
        async with asyncio.timeout(30):
            while len(self.heard) < count:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def peer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HttpPeer]:
    """A server on loopback."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = HttpPeer()
    server = web.Server(made.handle, auto_decompress=False)  # type: ignore[arg-type]
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


RunPipeline = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def run_pipeline() -> RunPipeline:
    """``run_pipeline("http", {"port": ..}, until)``: dummy records through one output; its row of the ledger."""

    async def run(
        name: str, options: Mapping[str, Any], until: Awaitable[Any], dummy: str = '{"a": 1}', samples: int = 3
    ) -> dict[str, Any]:
        def section(kind: str, **values: Any) -> PluginSection:
            pairs = [(key.replace("__", "."), str(value)) for key, value in values.items()]
            return PluginSection(kind, [Property(key, value, PLACE) for key, value in pairs], PLACE)

        log = Log(Sink(level=0), "test")
        configuration = Configuration(
            sections=[
                section("input", name="dummy", rate=1000, samples=samples, flush_on_startup="on", dummy=dummy, tag="t"),
                section("output", name=name, match="*", host="127.0.0.1", **options),
            ],
            service=[Property("flush", "0.01", PLACE), Property("grace", "20", PLACE)],
        )
        service = build.read_service(configuration, {}, log)
        engine = build.engine(build.plan(configuration, service, {}, log))
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(engine.run())
            await until
            engine.stop()
        assert engine.ledger.faults() == []
        row: dict[str, Any] = engine.ledger.snapshot()["outputs"][f"{name}.0"]
        return row

    return run
