"""The monitoring endpoint: uptime, health and the ledger over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from outrider import __version__
from outrider.pipeline.engine import Engine
from outrider.pipeline.service import Service


@asynccontextmanager
async def serving(engine: Engine, service: Service) -> AsyncIterator[None]:
    """Serve while the block runs. Raises OSError when the address cannot be bound."""
    started = time.monotonic()

    async def root(request: web.Request) -> web.Response:
        return web.json_response(
            {
                "fluent-bit": {"version": "5.1.1", "edition": "Community", "flags": []},
                "outrider": {"version": __version__},
            }
        )

    async def uptime(request: web.Request) -> web.Response:
        seconds = int(time.monotonic() - started)
        return web.json_response({"uptime_sec": seconds, "uptime_hr": uptime_text(seconds)})

    async def ledger(request: web.Request) -> web.Response:
        return web.json_response(engine.ledger.snapshot())

    async def health(request: web.Request) -> web.Response:
        if not service.health_check:
            raise web.HTTPNotFound
        healthy = is_healthy(engine, service, asyncio.get_running_loop().time())
        return web.Response(text="ok\n" if healthy else "error\n", status=200 if healthy else 500)

    app = web.Application()
    app.add_routes(
        [
            web.get("/", root),
            web.get("/api/v1/uptime", uptime),
            web.get("/api/v1/ledger", ledger),
            web.get("/api/v1/health", health),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, service.http_listen, service.http_port).start()
        yield
    finally:
        await runner.cleanup()


def is_healthy(engine: Engine, service: Service, now: float) -> bool:
    """Whether the last HC_Period seconds, of all outputs together, saw no more failures than are allowed."""
    since = now - service.hc_period

    def recent(times: Iterable[float]) -> int:
        return sum(time >= since for time in times)

    errors = sum(recent(output.errors) for output in engine.outputs)
    given_up = sum(recent(output.given_up) for output in engine.outputs)
    return errors <= service.hc_errors_count and given_up <= service.hc_retry_failure_count


def uptime_text(seconds: int) -> str:
    """The uptime in Fluent Bit's words."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    text = ", ".join(f"{n} {word}{'s' if n > 1 else ''}" for n, word in parts)
    return f"Fluent Bit has been running:  {text} and {rest} second{'s' if rest > 1 else ''}"
