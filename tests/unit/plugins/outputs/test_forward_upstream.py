"""The forward output with an upstream: nodes take turns, and those that fail are passed over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest

from outrider.model.errors import PeerError
from outrider.plugins.inputs.forward.plugin import Forward as ForwardInput


@pytest.fixture
def upstream(tmp_path: Path) -> Callable[..., Path]:
    """Writes an upstream file with a node for each port; ``options`` are more lines, by port."""

    def written(*ports: int, options: dict[int, str] | None = None) -> Path:
        text = "[UPSTREAM]\n    name test\n"
        for port in ports:
            text += f"[NODE]\n    name n{port}\n    host 127.0.0.1\n    port {port}\n" + (options or {}).get(port, "")
        path = tmp_path / "up.conf"
        path.write_text(text)
        return path

    return written


@pytest.fixture
async def receivers(make: Any, intake_of: Any, unused_tcp_port_factory: Any) -> Any:
    """``receivers(2, shared_key=...)``: forward inputs that run, each with its intake."""
    running: list[ForwardInput] = []

    async def started(count: int, **options: Any) -> list[tuple[int, Any]]:
        found = []
        for _ in range(count):
            port = unused_tcp_port_factory()
            source = make("input", "forward", listen="127.0.0.1", port=port, **options)
            intake = intake_of(source)
            await source.start(intake)
            running.append(source)
            found.append((port, intake))
        return found

    yield started
    for source in running:
        await source.stop()


ASKED = {"self_hostname": "out", "require_ack_response": "on"}


async def test_nodes_take_turns(make: Any, batch: Any, upstream: Any, receivers: Any) -> None:
    (a, one), (b, two) = await receivers(2)
    plugin = make("output", "forward", upstream=upstream(a, b), require_ack_response="on")
    for n in range(5):
        assert (await plugin.send(batch({"n": n}))).delivered == 1
    await plugin.stop()
    assert [record["n"] for record in one.records] == [0, 2, 4]
    assert [record["n"] for record in two.records] == [1, 3]


async def test_a_node_that_is_not_there_is_passed_over(
    make: Any, batch: Any, upstream: Any, receivers: Any, unused_tcp_port: int
) -> None:
    ((port, intake),) = await receivers(1)
    plugin = make("output", "forward", upstream=upstream(unused_tcp_port, port), require_ack_response="on")
    for n in range(4):
        assert (await plugin.send(batch({"n": n}))).delivered == 1
    await plugin.stop()
    assert [record["n"] for record in intake.records] == [0, 1, 2, 3]
    assert plugin.logged().count("passed over for 10 seconds") == 1
    assert f"node 'n{unused_tcp_port}'" in plugin.logged()


async def test_a_node_that_is_back_takes_its_turn(
    make: Any, batch: Any, upstream: Any, intake_of: Any, unused_tcp_port_factory: Any
) -> None:
    a, b = unused_tcp_port_factory(), unused_tcp_port_factory()
    plugin = make("output", "forward", upstream=upstream(a, b), require_ack_response="on")
    with pytest.raises(PeerError, match=f"127.0.0.1:{a}: "):
        await plugin.send(batch({"n": 0}))
    source = make("input", "forward", listen="127.0.0.1", port=b)
    await source.start(intake := intake_of(source))
    assert (await plugin.send(batch({"n": 0}))).delivered == 1  # it is passed over only where another works
    await plugin.stop()
    await source.stop()
    assert intake.records == [{"n": 0}]
    assert f"node 'n{b}' takes records again" in plugin.logged()


async def test_all_nodes_are_tried_before_the_batch_waits(
    make: Any, batch: Any, upstream: Any, unused_tcp_port_factory: Any
) -> None:
    a, b = unused_tcp_port_factory(), unused_tcp_port_factory()
    plugin = make("output", "forward", upstream=upstream(a, b))
    with pytest.raises(PeerError, match=f"127.0.0.1:{a}: .*; 127.0.0.1:{b}: ") as caught:
        await plugin.send(batch({"n": 0}))
    assert caught.value.retry
    await plugin.stop()


async def test_each_node_has_its_own_options(make: Any, batch: Any, upstream: Any, receivers: Any) -> None:
    ((a, one),) = await receivers(1, shared_key="first")
    ((b, two),) = await receivers(1)
    own = {
        a: "    shared_key first\n    self_hostname out\n    tag renamed\n    time_as_integer on\n    compress gzip\n",
        b: "    require_ack_response on\n",
    }
    plugin = make("output", "forward", upstream=upstream(a, b, options=own))
    for _ in range(2):
        assert (await plugin.send(batch({"n": 1}))).delivered == 1
    await plugin.stop()
    await one.until(lambda intake: intake.records)
    assert (one.tags, two.tags) == (["renamed"], ["app"])
    assert (one.batches[0].times, two.batches[0].times) == ([1_700_000_000 * 10**9], [1_700_000_000_123_456_789])


async def test_a_node_with_another_key_is_passed_over(make: Any, batch: Any, upstream: Any, receivers: Any) -> None:
    ((a, one),) = await receivers(1, shared_key="secret")
    ((b, two),) = await receivers(1, shared_key="other")
    plugin = make("output", "forward", upstream=upstream(a, b), shared_key="other", **ASKED)
    assert (await plugin.send(batch({"n": 1}))).delivered == 1
    await plugin.stop()
    assert (one.records, two.records) == ([], [{"n": 1}])
    assert "other" not in plugin.logged()


async def test_the_ledger_balances_when_nodes_come_and_go(
    run_pipeline: Any, upstream: Any, unused_tcp_port: int
) -> None:
    arrived = asyncio.Event()
    unpacker, count = msgpack.Unpacker(), 0

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        while data := await reader.read(1 << 16):
            unpacker.feed(data)
            for *_, option in unpacker:
                count += option["size"]
                writer.write(msgpack.packb({"ack": option["chunk"]}))
            if count >= 200:
                arrived.set()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = {"upstream": upstream(unused_tcp_port, port), "require_ack_response": "on"}
        row = await run_pipeline("forward", options, arrived.wait(), samples=200)
    assert row["delivered"] == count == 200
    assert row["retried"] == 0
