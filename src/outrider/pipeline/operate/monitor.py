"""The monitoring endpoint: Fluent Bit's paths and bodies (``report``), the ledger, and reloading."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeAlias

import msgspec
from aiohttp import web

from outrider import __version__
from outrider.net.serve import Voice, fault_logger
from outrider.pipeline.operate import report
from outrider.pipeline.operate.peers import Numbers
from outrider.pipeline.operate.reload import BUSY
from outrider.pipeline.operate.status import Status
from outrider.pipeline.service import Service

_NOT_ENABLED: Final = {"reload": "not enabled", "status": -1}
_IN_PROGRESS: Final = {"reload": "in progress", "status": -2}
_FOREIGN: Final = {"reload": "refused", "status": -4, "problem": "a web page may not reload"}
_START_SECONDS: Final = 10.0
"""How long a reload is waited for, beside Grace."""
_DONE: Final = {"reload": "done", "status": 0}


Source: TypeAlias = Callable[[], Awaitable[Numbers]]
"""The numbers of this moment, of all processes."""


class Monitored(Protocol):
    """See ``outrider.pipeline.operate.reload.Exchangeable``."""

    @property
    def service(self) -> Service: ...
    @property
    def count(self) -> int: ...
    def reload(self) -> str: ...
    async def outcome(self) -> str: ...


@asynccontextmanager
async def serving(pipeline: Monitored, numbers: Source, voice: Voice) -> AsyncIterator[None]:
    """Serve while the block runs; ``voice`` is told of requests that are none.

    Raises OSError when the address cannot be bound.
    """
    app = web.Application()
    app.add_routes(_Endpoint(pipeline, numbers).routes())
    runner = web.AppRunner(app, access_log=None, logger=fault_logger(voice))
    await runner.setup()
    service = pipeline.service
    try:
        await web.TCPSite(runner, service.http_listen, service.http_port).start()
        yield
    finally:
        await runner.cleanup()


class _Endpoint:
    def __init__(self, pipeline: Monitored, numbers: Source) -> None:
        self._pipeline = pipeline
        self._numbers = numbers

    def routes(self) -> list[web.RouteDef]:
        bodies: dict[str, Callable[[Numbers], Any]] = {
            "/": lambda now: report.root(__version__),
            "/api/v1/uptime": lambda now: report.uptime(now.status.uptime),
            "/api/v1/metrics": lambda now: report.metrics(now.status),
            "/api/v1/plugins": lambda now: report.plugins(now.status),
            "/api/v1/ledger": lambda now: now.ledger,
        }
        found = [web.get(path, self._json(body)) for path, body in bodies.items()]
        texts: dict[str, tuple[Callable[[Status], str], str]] = {
            "/api/v1/metrics/prometheus": (_prometheus_v1, report.PROMETHEUS),
            "/api/v2/metrics/prometheus": (report.prometheus_v2, report.PROMETHEUS),
            "/api/v2/metrics": (report.text_v2, "text/plain"),
        }
        found += [web.get(path, self._text(body, kind)) for path, (body, kind) in texts.items()]
        found += [
            web.get("/api/v1/storage", self._storage),
            web.get("/api/v1/health", self._health_v1),
            web.get("/api/v2/health", self._health_v2),
            web.get("/api/v2/reload", self._reload_count),
            web.post("/api/v2/reload", self._reload),
            web.put("/api/v2/reload", self._reload),
        ]
        return found

    def _json(self, body: Callable[[Numbers], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            return _json_answer(body(await self._numbers()))

        return answer

    def _text(self, body: Callable[[Status], str], kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            text = body((await self._numbers()).status)
            return web.Response(body=text.encode("utf-8", "replace"), headers={"Content-Type": kind})

        return answer

    async def _storage(self, request: web.Request) -> web.Response:
        if not self._pipeline.service.storage_metrics:
            raise web.HTTPNotFound
        return _json_answer(report.storage((await self._numbers()).status))

    async def _health_v1(self, request: web.Request) -> web.Response:
        healthy, _, _ = await self._health()
        return web.Response(text="ok\n" if healthy else "error\n", status=200 if healthy else 500)

    async def _health_v2(self, request: web.Request) -> web.Response:
        healthy, errors, given_up = await self._health()
        service = self._pipeline.service
        limits = (service.hc_errors_count, service.hc_retry_failure_count, service.hc_period)
        body = report.health(errors, given_up, limits, healthy=healthy)
        return _json_answer(body, 200 if healthy else 500)

    async def _health(self) -> tuple[bool, int, int]:
        if not self._pipeline.service.health_check:
            raise web.HTTPNotFound
        errors, given_up = (await self._numbers()).failures
        return is_healthy(errors, given_up, self._pipeline.service), errors, given_up

    async def _reload_count(self, request: web.Request) -> web.Response:
        return _json_answer({"hot_reload_count": self._pipeline.count})

    async def _reload(self, request: web.Request) -> web.Response:
        if "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return _json_answer(_FOREIGN, 403)
        if not self._pipeline.service.hot_reload:
            return _json_answer(_NOT_ENABLED)
        problem = self._pipeline.reload()
        if problem == BUSY:
            return _json_answer(_IN_PROGRESS, 400)
        if not problem:
            try:
                async with asyncio.timeout(_START_SECONDS + max(self._pipeline.service.grace, 0)):
                    problem = await self._pipeline.outcome()
            except TimeoutError:
                return _json_answer(_IN_PROGRESS, 400)
        if problem:
            return _json_answer({"reload": "failed", "status": -3, "problem": problem}, 400)
        return _json_answer(_DONE)


def _json_answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def _prometheus_v1(now: Status) -> str:
    return report.prometheus_v1(now, time.time_ns() // 1_000_000)


def is_healthy(errors: int, given_up: int, service: Service) -> bool:
    """Whether there were no more failures than are allowed."""
    return errors <= service.hc_errors_count and given_up <= service.hc_retry_failure_count
