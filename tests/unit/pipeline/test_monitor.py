"""The monitoring endpoint."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from outrider.model.errors import PeerError
from outrider.pipeline import monitor
from outrider.pipeline.service import Service

TEXT = "[INPUT]\n  Name steered\n[OUTPUT]\n  Name steered\n  Retry_Limit no_retries\n"


async def get(port: int, path: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        body = await (answer.json() if answer.content_type == "application/json" else answer.text())
        return answer.status, body


def service(port: int, **options: Any) -> Service:
    return Service(http_server=True, http_listen="127.0.0.1", http_port=port, **options)


async def test_what_the_endpoint_tells(pipeline: Any, unused_tcp_port: int) -> None:
    async with (
        pipeline(TEXT) as running,
        monitor.serving(running.engine, service(unused_tcp_port, health_check=True, hc_retry_failure_count=0)),
    ):
        running.input().push("app", {"n": 1})
        await running.settled()
        status, root = await get(unused_tcp_port, "/")
        assert (status, root["fluent-bit"]["version"]) == (200, "5.1.1")
        assert (await get(unused_tcp_port, "/api/v1/uptime"))[1]["uptime_sec"] >= 0
        sheet = (await get(unused_tcp_port, "/api/v1/ledger"))[1]
        assert sheet["balance"]
        assert sheet["outputs"]["steered.0"]["delivered"] == 1
        assert await get(unused_tcp_port, "/api/v1/health") == (200, "ok\n")
        running.output().always = PeerError("dead")
        running.input().push("app", {"n": 2})
        await running.settled()
        assert await get(unused_tcp_port, "/api/v1/health") == (500, "error\n")


async def test_health_is_there_only_when_it_is_asked_for(pipeline: Any, unused_tcp_port: int) -> None:
    async with pipeline(TEXT) as running, monitor.serving(running.engine, service(unused_tcp_port)):
        assert (await get(unused_tcp_port, "/api/v1/health"))[0] == 404


async def test_an_address_that_is_taken(pipeline: Any, unused_tcp_port: int) -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", unused_tcp_port)
    async with server, pipeline(TEXT) as running:
        with pytest.raises(OSError, match="address already in use"):
            async with monitor.serving(running.engine, service(unused_tcp_port)):
                pass


@pytest.mark.parametrize(
    ("errors", "given_up", "healthy"),
    [
        ([], [], True),
        ([100, 100], [], True),
        ([100, 100, 100], [], False),
        ([], [100, 100], False),
        ([1, 2, 3, 4, 100], [1, 2, 3, 100], True),
    ],
)
def test_only_failures_of_the_last_period_count(errors: list[float], given_up: list[float], healthy: bool) -> None:
    engine: Any = SimpleNamespace(outputs=[SimpleNamespace(errors=errors, given_up=given_up)])
    limits = Service(hc_errors_count=2, hc_retry_failure_count=1, hc_period=60)
    assert monitor.is_healthy(engine, limits, now=110) is healthy


def test_failures_of_all_outputs_are_added() -> None:
    engine: Any = SimpleNamespace(outputs=[SimpleNamespace(errors=[1, 1], given_up=[])] * 2)
    assert not monitor.is_healthy(engine, Service(hc_errors_count=3), now=1)
    assert monitor.is_healthy(engine, Service(hc_errors_count=4), now=1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 day, 0 hour, 0 minute and 0 second"),
        (61, "0 day, 0 hour, 1 minute and 1 second"),
        (2 * 86_400 + 3 * 3600 + 62, "2 days, 3 hours, 1 minute and 2 seconds"),
    ],
)
def test_uptime_in_words(seconds: int, text: str) -> None:
    assert monitor.uptime_text(seconds) == f"Fluent Bit has been running:  {text}"
