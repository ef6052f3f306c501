"""The agents' port without sockets: bounds on what is in memory, and refusals in the protocol's shape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from outrider.protocols import uplink
from outrider.protocols.uplink import Limits, Row, encode_batch
from outrider.server.api.agent import AgentApi, AgentLimits
from outrider.server.clock import wall
from outrider.server.control import Control
from outrider.server.domain.hosts import Host
from outrider.server.ingest.committer import Committer
from outrider.server.ingest.ledger import HostCount, Ledger
from outrider.server.ingest.log import IngestLog

HOST_ID = "ab" * 16
PEER = {"subject": ((("commonName", HOST_ID),),)}
BODY = encode_batch([Row(1, "", "", "", "", "", "", "hello", {})])


MAX_WAITING = 500
"""Bytes of the log: some of these batches."""


class Gate:
    """Where a call waits: ``reached`` when it has come there, ``opened`` lets it go on."""

    def __init__(self) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()


class Rig:
    """An application and calls to it."""

    def __init__(self, tmp_path: Path) -> None:
        self.control = Control(tmp_path, wall)
        self.control.hosts.add(Host(HOST_ID, "web", "host", 1), 1, "t")
        self.ledger = Ledger(tmp_path / "ledger")
        self.log = IngestLog(tmp_path / "log")
        self.committer = Committer(self.log, self.ledger, lambda position: None, MAX_WAITING)
        limits = AgentLimits(Limits(compressed=200, unpacked=1000, rows=10), in_flight=450)
        self.app = AgentApi(self.control, self.committer, 30, limits=limits).app()

    async def call(
        self,
        path: str,
        parts: list[bytes],
        headers: dict[str, str] | None = None,
        gate: Gate | None = None,
        method: str = "POST",
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Send the body in these parts, the last one only when the gate opens."""
        answer: dict[str, Any] = {"body": b""}
        waiting = list(parts)

        async def receive() -> dict[str, Any]:
            if gate and len(waiting) == 1:
                gate.reached.set()
                await gate.opened.wait()
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer["status"] = message["status"]
                answer["headers"] = {k.decode(): v.decode() for k, v in message["headers"]}
            else:
                answer["body"] += message.get("body", b"")

        given = [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": given,
            "client": ("10.0.0.1", 5),
            "extensions": {"outrider.peer": PEER},
        }
        await self.app(scope, receive, send)
        return answer["status"], msgspec.json.decode(answer["body"]), answer["headers"]

    async def batch(
        self, parts: list[bytes], number: int = 1, **more: Any
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        headers = {uplink.BATCH_HEADER: f"{number:032x}", uplink.RECORDS_HEADER: "1", **more.pop("headers", {})}
        return await self.call(uplink.BATCHES_PATH, parts, headers, **more)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path)
    async with asyncio.TaskGroup() as group:
        group.create_task(rig.committer.run())
        yield rig
        rig.committer.stop()
    rig.committer.close()
    rig.control.close()


def code(answer: tuple[int, dict[str, Any], dict[str, str]]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


async def test_a_batch_in_pieces(rig: Rig) -> None:
    assert (await rig.batch([BODY[:5], b"", BODY[5:]]))[:2] == (
        200,
        {"batch": f"{1:032x}", "durable": True, "duplicate": False},
    )


async def test_a_stated_length_over_the_cap_is_refused_unread(rig: Rig) -> None:
    never = Gate()
    answer = await rig.batch([b""], headers={"Content-Length": "201"}, gate=never)
    assert code(answer) == (413, "too_big")
    assert not never.reached.is_set()


async def test_a_body_that_grows_over_the_cap_is_cut_off(rig: Rig) -> None:
    assert code(await rig.batch([b"x" * 150, b"x" * 51, b"never read"])) == (413, "too_big")


async def test_more_at_once_than_memory_allows_is_told_to_come_back(rig: Rig) -> None:
    gates = {1: Gate(), 2: Gate()}
    async with asyncio.TaskGroup() as group:
        slow = [group.create_task(rig.batch([BODY, b""], n, gate=gate)) for n, gate in gates.items()]
        for gate in gates.values():
            await gate.reached.wait()
        refused = await rig.batch([BODY], 3)
        for gate in gates.values():
            gate.opened.set()
    assert code(refused) == (503, "overloaded")
    assert int(refused[2]["retry-after"]) > 0
    assert [task.result()[0] for task in slow] == [200, 200]
    assert (await rig.batch([BODY], 3))[0] == 200


async def test_while_the_store_is_too_far_behind_batches_are_refused_unread(rig: Rig) -> None:
    for n in range(MAX_WAITING):
        refused = await rig.batch([BODY], n)
        if refused[0] != 200:
            break
    assert rig.log.committed > MAX_WAITING
    assert code(refused) == (503, "overloaded")
    assert int(refused[2]["retry-after"]) > 0
    never = Gate()
    assert code(await rig.batch([b""], n, gate=never)) == (503, "overloaded")
    assert not never.reached.is_set()
    assert (await rig.call(uplink.HEARTBEAT_PATH, [b"{}"]))[1]["state"] == "Error"
    status, health, _ = await rig.call("/healthz", [b""], method="GET")
    assert (status, health["ok"]) == (503, False)
    assert "wait for the store" in health["problem"]
    assert "caught up" in health["fix"]

    await rig.committer.stored(rig.log.committed, [])
    assert (await rig.batch([BODY], n))[0] == 200
    assert (await rig.call("/healthz", [b""], method="GET"))[:2] == (200, {"ok": True, "problem": "", "fix": ""})
    assert (await rig.call(uplink.HEARTBEAT_PATH, [b"{}"]))[1]["state"] == "OK"


async def test_a_wrong_count_or_id_is_malformed(rig: Rig) -> None:
    assert code(await rig.batch([BODY], headers={uplink.RECORDS_HEADER: "2"})) == (400, "malformed")
    assert code(await rig.batch([BODY], headers={uplink.RECORDS_HEADER: ""})) == (400, "malformed")
    assert code(await rig.batch([BODY], headers={uplink.BATCH_HEADER: "xyz"})) == (400, "malformed")


async def test_a_heartbeat_that_is_none(rig: Rig) -> None:
    assert code(await rig.call(uplink.HEARTBEAT_PATH, [b"[]"])) == (400, "request_invalid")
    assert (await rig.call(uplink.HEARTBEAT_PATH, [b"{}"]))[1] == {"heartbeat_seconds": 30, "state": "Warning"}


async def test_a_heartbeat_reads_the_count_of_its_own_host_only(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def every_host() -> list[HostCount]:
        raise AssertionError("a heartbeat must not cost more the more hosts there are")

    monkeypatch.setattr(rig.ledger, "hosts", every_host)
    assert (await rig.batch([BODY]))[0] == 200
    assert (await rig.call(uplink.HEARTBEAT_PATH, [b"{}"]))[1] == {"heartbeat_seconds": 30, "state": "OK"}
