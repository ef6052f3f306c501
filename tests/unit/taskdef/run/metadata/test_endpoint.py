"""The server over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from outrider.doctor.checks.metadata import Metadata
from outrider.doctor.subject import Subject
from outrider.doctor.verdict import Level
from outrider.taskdef.run.metadata import metadata_of, metadata_variables
from outrider.taskdef.run.metadata.document import ContainerNow, Network, TaskNow

TASK = "ab" * 16
ARN = f"arn:aws:ecs:local:000000000000:task/default/{TASK}"


class Task:
    """A task of two containers; ``web`` is looked up, the other one uses nothing."""

    task_id = TASK
    arn = ARN
    names = ("web", "worker")

    def __init__(self) -> None:
        self.web = ContainerNow({"name": "web"}, "1" * 64, "web-x", started_at=1.0)

    async def now(self) -> TaskNow:
        worker = ContainerNow({"name": "worker"}, "2" * 64, "worker-x", started_at=1.0)
        definition = {"family": "shop", "tags": [{"key": "a", "value": "b"}]}
        return TaskNow(definition, ARN, "default", 1, Network("127.0.0.1"), (self.web, worker), 0.0)

    async def usage(self, name: str) -> dict[str, Any] | None:
        return {"name": name} if name == "web" else None


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def peers() -> set[str]:
    """Who belongs to the task."""
    return {"127.0.0.1"}


@pytest.fixture
def task() -> Task:
    return Task()


@pytest.fixture
async def base(task: Task, peers: set[str], notes: list[str]) -> AsyncIterator[str]:
    def note(name: str, text: str) -> None:
        notes.append(text)

    async with metadata_of(task, "127.0.0.1", peers.__contains__, note) as url:
        yield url


async def get(url: str, method: str = "GET", **more: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.request(method, url, **more) as response:
        assert response.content_type == "application/json"
        return response.status, json.loads(await response.text())


def uri(base: str, name: str = "web", key: str = "ECS_CONTAINER_METADATA_URI_V4") -> str:
    return metadata_variables(base, TASK, name)[key]


@pytest.mark.parametrize("key", ["ECS_CONTAINER_METADATA_URI_V4", "ECS_CONTAINER_METADATA_URI"])
async def test_each_path_has_its_document(base: str, key: str) -> None:
    status, found = await get(uri(base, "worker", key))
    assert (status, found["Name"]) == (200, "worker")
    status, found = await get(uri(base, key=key) + "/task")
    assert (status, found["TaskARN"], [one["Name"] for one in found["Containers"]]) == (200, ARN, ["web", "worker"])
    assert (await get(uri(base, key=key) + "/taskWithTags"))[1]["TaskTags"] == {"a": "b"}
    assert await get(uri(base, key=key) + "/stats") == (200, {"name": "web"})
    assert await get(uri(base, "worker", key) + "/stats") == (200, None)
    assert await get(uri(base, key=key) + "/task/stats") == (200, {"1" * 64: {"name": "web"}, "2" * 64: None})


async def test_an_answer_is_of_this_moment(base: str, task: Task) -> None:
    assert (await get(uri(base)))[1]["KnownStatus"] == "RUNNING"
    task.web = ContainerNow({"name": "web"}, "1" * 64, "web-x", started_at=1.0, ended_at=2.0, status=3)
    found = (await get(uri(base)))[1]
    assert (found["KnownStatus"], found["ExitCode"]) == ("STOPPED", 3)


@pytest.mark.parametrize(
    "path", ["", "/", "/v4", "/v4/", "/v4/other", "/v2/metadata", "/v4//task", "/%00", "/v4/\u00e9", "/../etc/passwd"]
)
async def test_other_paths_are_not_there(base: str, path: str) -> None:
    status, text = await get(base + path)
    assert status == 404
    assert isinstance(text, str)
    assert (await get(f"{uri(base)}{path}/nothing"))[0] == 404


async def test_only_get_is_answered_and_large_bodies_are_not_read(base: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert (await get(uri(base), method, data=b"x" * 100_000))[0] == 405
    async with aiohttp.ClientSession() as session, session.get(uri(base), data=b"x" * 1025) as response:
        assert response.status == 413
    assert (await get(f"{uri(base)}/{'x' * 300}"))[0] == 414


async def test_a_task_protects_itself(base: str) -> None:
    state = uri(base, key="ECS_AGENT_URI") + "/task-protection/v1/state"
    assert await get(state) == (200, {"protection": {"ProtectionEnabled": False, "TaskArn": ARN}})
    assert (await get(state, "PUT", json={"ProtectionEnabled": True}))[0] == 200
    other = uri(base, "worker", "ECS_AGENT_URI") + "/task-protection/v1/state"
    assert (await get(other))[1]["protection"]["ProtectionEnabled"] is True
    assert (await get(state, "PUT", json={}))[0] == 400
    assert (await get(state, "POST", json={}))[0] == 405
    assert (await get(f"{base}/api/other/task-protection/v1/state"))[0] == 404


async def test_only_the_task_gets_answers(base: str, peers: set[str]) -> None:
    peers.clear()
    assert await get(uri(base) + "/task") == (403, "this endpoint is the task's own")


async def test_what_is_no_request_is_told_once(base: str, notes: list[str]) -> None:
    host, _, port = base.removeprefix("http://").partition(":")
    for _ in range(3):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"\x16\x03\x01 no http\r\n\r\n")
        await reader.read()
        writer.close()
    assert len(notes) == 1
    assert notes[0].startswith("task metadata endpoint: ")


async def test_the_doctor_is_satisfied(base: str, tmp_path: Any) -> None:
    subject = Subject(environment=metadata_variables(base, TASK, "web"))
    check = Metadata(subject)
    assert check.idle() == ""
    verdict = check.judge(await check.look())
    assert (verdict.level, verdict.what) == (Level.OK, f"task {TASK} of shop:1 EC2")
