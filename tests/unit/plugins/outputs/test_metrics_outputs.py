"""The counter and prometheus_exporter outputs."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import socket
from typing import Any

import aiohttp
import pytest
from tests.helpers import HERE, free_port, section

from outrider.model.errors import LocalError, UserError
from outrider.pipeline.common.metrics import Metric
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.options import Property


async def test_counter_prints_one_line_a_batch(make: Any, batch: Any, capfd: Any) -> None:
    plugin = make("output", "counter")
    assert (await plugin.send(batch({}, {}, {}))).delivered == 3
    line = json.loads(capfd.readouterr().out)
    assert line.pop("ts") > 1_700_000_000
    assert line == {"serialized_events": 3, "log_records": 3, "total": 6}


async def get(url: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.text()


@pytest.mark.parametrize("match", [{"match": "metrics.*"}, {"match": "", "match_regex": "metrics"}])
async def test_metrics_are_served_by_tag_with_labels_and_times(make: Any, match: dict[str, str]) -> None:
    plugin = make(
        "output",
        "prometheus_exporter",
        host="127.0.0.1",
        port=free_port(),
        add_label=["app web", 'team "the one"'],
        add_timestamp="on",
    )
    plugin.core = dataclasses.replace(plugin.core, **match)
    plugin.check()
    for tag in ("metrics.a", "other"):
        plugin.context.metrics.add(Metric(tag, "gauge", tag.replace(".", "_"), "help")).set((), 2, 5_000_000)
    await plugin.start()
    try:
        url = f"http://127.0.0.1:{plugin.port}"
        assert await get(f"{url}/") == (200, "text/plain; charset=utf-8", "Fluent Bit Prometheus Exporter\n")
        assert (await get(f"{url}/other"))[0] == 404
        assert await get(f"{url}/metrics") == (
            200,
            "text/plain; version=0.0.4; charset=utf-8",
            '# HELP metrics_a help\n# TYPE metrics_a gauge\nmetrics_a{app="web",team="the one"} 2 5\n',
        )
    finally:
        await plugin.stop()


async def test_an_address_that_is_taken_is_an_error(make: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        plugin = make("output", "prometheus_exporter", host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(LocalError, match="cannot listen on"):
            await plugin.start()


def test_a_label_needs_a_value(make: Any) -> None:
    with pytest.raises(UserError, match="must be 'NAME VALUE'"):
        make("output", "prometheus_exporter", add_label="app")


async def test_records_become_metrics_and_go_to_other_outputs_alone() -> None:
    log = Log(Sink(level=0), "test")
    configuration = Configuration(
        [
            section("input", name="dummy", samples="2", rate="1000", flush_on_startup="on", dummy='{"level": "info"}'),
            section(
                "filter",
                name="log_to_metrics",
                match="*",
                tag="m",
                metric_name="lines",
                metric_description="lines by level",
                label_field="level",
            ),
            section("output", name="prometheus_exporter", match="*", host="127.0.0.1", port=str(free_port())),
            section("output", name="null", match="*"),
        ],
        service=[Property("flush", "0.01", HERE)],
    )
    service = build.read_service(configuration, {}, log)
    engine = build.engine(build.plan(configuration, service, {}, log))
    exporter: Any = engine.outputs[0].plugin
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(engine.run())
        text = ""
        while 'log_metric_counter_lines{level="info"} 2' not in text:
            await asyncio.sleep(0.01)
            if exporter.port:
                text = (await get(f"http://127.0.0.1:{exporter.port}/metrics"))[2]
        engine.stop()
    assert engine.ledger.faults() == []
    assert set(engine.ledger.snapshot()["outputs"]) == {"null.1"}
