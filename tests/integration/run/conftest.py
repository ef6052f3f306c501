"""Tasks that write a known number of lines, and what a test needs to run them."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import LocalError
from outrider.taskdef.run import Reports, TaskRun, Wishes, prepare
from outrider.taskdef.run.docker.engine import Engine, socket_path
from outrider.taskdef.source import task_source


async def _docker_answers() -> str:
    path = socket_path()
    if path is None:
        return "DOCKER_HOST is another machine"
    async with Engine(path) as engine:
        try:
            await engine.connect()
        except LocalError as error:
            return str(error)
    return ""


@pytest.fixture(scope="session")
def docker() -> None:
    """Skips, or fails where OUTRIDER_REQUIRE names docker, unless Docker answers."""
    missing = asyncio.run(_docker_answers())
    if not missing:
        return
    if "docker" in os.environ.get("OUTRIDER_REQUIRE", "").split(","):
        pytest.fail(f"Docker is required: {missing}")
    pytest.skip(f"{missing}; to run this: apt-get install docker.io, then start dockerd")


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def backend(request: pytest.FixtureRequest) -> str:
    """Each of the two backends."""
    if request.param == "docker":
        request.getfixturevalue("docker")
    return str(request.param)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, for unix sockets below it."""
    with tempfile.TemporaryDirectory(prefix="or-", dir="/tmp", ignore_cleanup_errors=True) as name:
        yield Path(name)


def application(script: str, **members: Any) -> dict[str, Any]:
    """A container that runs a shell script and logs to the router."""
    return {
        "name": "app",
        "image": "busybox",
        "entryPoint": ["/bin/sh", "-c"],
        "command": [script],
        "logConfiguration": {"logDriver": "awsfirelens"},
        **members,
    }


def router(output: Path, **members: Any) -> dict[str, Any]:
    """A log router, run by the launcher, that writes the ``log`` of each record to ``output``."""
    return {
        "name": "log_router",
        "image": "outrider:latest",
        "firelensConfiguration": {"type": "fluentbit"},
        "entryPoint": ["/var/outrider/lib/fluent-bit/fluent-launch"],
        "command": [
            *("-i", "Mem_Buf_Limit", "50M", "--", "-f", "0.2"),
            *("-o", "file", "-m", "app-firelens-*", "-p", f"Path={output.parent}", "-p", f"File={output.name}"),
            *("-p", "Format=plain"),
        ],
        **members,
    }


def task(*containers: dict[str, Any]) -> dict[str, Any]:
    """A Fargate task definition."""
    return {"family": "t", "networkMode": "awsvpc", "containerDefinitions": list(containers)}


@dataclass
class Story:
    """What a run has reported."""

    changes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def reports(self) -> Reports:
        """For ``prepare``."""
        return Reports(
            lambda name, text: self.changes.append(f"{name}: {text}"),
            lambda name, text: self.notes.append(f"{name}: {text}"),
            lambda name, text: self.lines.append(f"{name}: {text}"),
        )


async def run(definition: dict[str, Any], wishes: Wishes, story: Story | None = None) -> TaskRun:
    """Run a task to its end."""
    story = story or Story()
    async with prepare(task_source(json.dumps(definition), "task.json"), wishes, story.reports) as prepared:
        await prepared.runner.run()
    return prepared


def records(output: Path) -> list[dict[str, Any]]:
    """What the router has written."""
    return [json.loads(line) for line in output.read_text().splitlines()]
