"""The monitoring endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from outrider.model.errors import PeerError
from outrider.pipeline.operate import monitor
from outrider.pipeline.operate.peers import Numbers, Teller
from outrider.pipeline.operate.reload import BUSY
from outrider.pipeline.service import Service

TEXT = "[INPUT]\n  Name steered\n[OUTPUT]\n  Name steered\n  Retry_Limit no_retries\n"


async def get(port: int, path: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        body = await (answer.json() if answer.content_type == "application/json" else answer.text())
        return answer.status, body


def service(port: int, **options: Any) -> Service:
    return Service(http_server=True, http_listen="127.0.0.1", http_port=port, **options)


@asynccontextmanager
async def serving(running: Any, port: int, **options: Any) -> AsyncIterator[None]:
    async def outcome() -> str:
        found: str = await running.outcome
        return found

    pipeline: Any = SimpleNamespace(
        engine=running.engine,
        service=service(port, **options),
        count=3,
        reload=lambda: running.problem,
        outcome=outcome,
    )

    teller = Teller(pipeline)

    async def numbers() -> Numbers:
        return teller.own()

    async with monitor.serving(pipeline, numbers, running.engine.log):
        yield


async def test_what_the_endpoint_tells(pipeline: Any, unused_tcp_port: int) -> None:
    async with (
        pipeline(TEXT) as running,
        serving(running, unused_tcp_port, health_check=True, hc_retry_failure_count=0),
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
        assert (await get(unused_tcp_port, "/api/v2/health"))[1]["status"] == "ok"
        running.output().always = PeerError("dead")
        running.input().push("app", {"n": 2})
        await running.settled()
        assert await get(unused_tcp_port, "/api/v1/health") == (500, "error\n")
        status, body = await get(unused_tcp_port, "/api/v2/health")
        assert (status, body["status"], body["retries_failed"]) == (500, "error", 1)


async def test_the_counters(pipeline: Any, unused_tcp_port: int) -> None:
    text = "[INPUT]\n  Name steered\n[FILTER]\n  Name grep\n  Match *\n  Exclude n 2\n[OUTPUT]\n  Name steered\n"
    async with pipeline(text) as running, serving(running, unused_tcp_port):
        running.output().answers = [PeerError("dead")]
        running.input().push("app", {"n": "1"}, {"n": "2"})
        await running.settled()
        _, body = await get(unused_tcp_port, "/api/v1/metrics")
        taken = body["input"]["steered.0"]
        assert taken["records"] == 2
        assert taken["bytes"] > 10
        filtered = body["filter"]["grep.0"]
        assert (filtered["records"], filtered["drop_records"], filtered["add_records"]) == (2, 1, 0)
        sent = body["output"]["steered.0"]
        assert (sent["proc_records"], sent["retries"], sent["retried_records"], sent["retries_failed"]) == (1, 1, 1, 0)
        assert sent["proc_bytes"] > 5
        status, text = await get(unused_tcp_port, "/api/v1/metrics/prometheus")
        assert status == 200
        assert 'fluentbit_input_records_total{name="steered.0"} 2 ' in text
        status, text = await get(unused_tcp_port, "/api/v2/metrics/prometheus")
        assert 'fluentbit_output_retries_total{name="steered.0"} 1\n' in text
        assert "fluentbit_hot_reloaded_times 3\n" in text
        assert (
            'fluentbit_input_records_total{name="steered.0"} = 2\n'
            in (await get(unused_tcp_port, "/api/v2/metrics"))[1]
        )
        assert (await get(unused_tcp_port, "/api/v1/plugins"))[1]["plugins"]["filters"] == ["grep"]
        storage = (await get(unused_tcp_port, "/api/v1/storage"))[1]
        assert storage["input_chunks"]["steered.0"]["chunks"]["total"] == 0


async def test_what_is_buffered(pipeline: Any, unused_tcp_port: int) -> None:
    async with pipeline(TEXT) as running, serving(running, unused_tcp_port):
        running.output().gate.clear()
        running.input().push("app", {"n": "1"})
        await running.until(lambda: running.output().under_way)
        layer = (await get(unused_tcp_port, "/api/v1/storage"))[1]
        assert layer["storage_layer"]["chunks"]["total_chunks"] == 1
        assert layer["input_chunks"]["steered.0"]["chunks"]["busy"] == 1
        running.output().gate.set()


async def test_reloading_is_there_only_when_it_is_asked_for(pipeline: Any, unused_tcp_port: int) -> None:
    async with pipeline(TEXT) as running, serving(running, unused_tcp_port):
        assert await post(unused_tcp_port) == (200, {"reload": "not enabled", "status": -1})
        assert await get(unused_tcp_port, "/api/v2/reload") == (200, {"hot_reload_count": 3})


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        ("", (200, {"reload": "done", "status": 0})),
        (BUSY, (400, {"reload": "in progress", "status": -2})),
        ("unknown key", (400, {"reload": "failed", "status": -3, "problem": "unknown key"})),
    ],
)
async def test_reloading(pipeline: Any, unused_tcp_port: int, problem: str, answer: object) -> None:
    async with pipeline(TEXT) as running, serving(running, unused_tcp_port, hot_reload=True):
        running.problem, running.outcome = problem, asyncio.Future()
        running.outcome.set_result("")
        assert await post(unused_tcp_port) == answer


class Asked:
    """What a reload comes to; ``begun`` when somebody waits for it."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended: asyncio.Future[str] = asyncio.Future()

    def __await__(self) -> Any:
        self.begun.set()
        return self.ended.__await__()


async def test_a_reload_is_answered_when_the_new_pipeline_has_started(
    pipeline: Any, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pipeline(TEXT) as running, serving(running, unused_tcp_port, hot_reload=True, grace=0):
        running.problem, running.outcome = "", asyncio.Future()
        asked = running.outcome = Asked()
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(post(unused_tcp_port))
            await asked.begun.wait()
            assert not answer.done()
            asked.ended.set_result("port in use")
        assert answer.result() == (400, {"reload": "failed", "status": -3, "problem": "port in use"})
        monkeypatch.setattr(monitor, "_START_SECONDS", 0.01)
        running.outcome = asyncio.Future()
        assert await post(unused_tcp_port) == (400, {"reload": "in progress", "status": -2})


@pytest.mark.parametrize("header", [("Origin", "http://example.org"), ("Sec-Fetch-Site", "cross-site")])
async def test_a_web_page_may_not_reload(pipeline: Any, unused_tcp_port: int, header: tuple[str, str]) -> None:
    async with pipeline(TEXT) as running, serving(running, unused_tcp_port, hot_reload=True):
        running.problem = "it was asked"
        status, body = await post(unused_tcp_port, dict([header]))
        assert (status, body["reload"]) == (403, "refused")
        assert (await post(unused_tcp_port, {"Sec-Fetch-Site": "none"}))[1]["problem"] == "it was asked"


async def test_bad_requests_are_one_line_of_the_log(pipeline: Any, unused_tcp_port: int) -> None:
    async with pipeline(TEXT) as running, serving(running, unused_tcp_port):
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
            writer.write(b"GET / HTTP/9.9\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.0 400")
            writer.close()
        assert (await get(unused_tcp_port, "/"))[0] == 200
    assert running.log.getvalue().count("bad request from 127.0.0.1: ") == 1


async def post(port: int, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    url = f"http://127.0.0.1:{port}/api/v2/reload"
    async with aiohttp.ClientSession() as session, session.post(url, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_health_and_storage_are_there_only_when_asked_for(pipeline: Any, unused_tcp_port: int) -> None:
    async with (
        pipeline(TEXT) as running,
        serving(running, unused_tcp_port, storage_metrics=False),
    ):
        for path in ("/api/v1/health", "/api/v2/health", "/api/v1/storage"):
            assert (await get(unused_tcp_port, path))[0] == 404


async def test_an_address_that_is_taken(pipeline: Any, unused_tcp_port: int) -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", unused_tcp_port)
    async with server, pipeline(TEXT) as running:
        with pytest.raises(OSError, match="address already in use"):
            async with serving(running, unused_tcp_port):
                pass


def test_how_many_failures_are_healthy() -> None:
    assert not monitor.is_healthy(4, 0, Service(hc_errors_count=3))
    assert monitor.is_healthy(4, 0, Service(hc_errors_count=4))
    assert not monitor.is_healthy(0, 6, Service())
