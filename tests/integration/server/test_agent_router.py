"""Docker's fluentd driver sends to an agent that runs what ECS generates; the server finds each line once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.helpers import free_port, wait_for
from tests.integration.run.conftest import docker  # noqa: F401 - a fixture

from outrider.taskdef.firelens import driver_options, render
from outrider.taskdef.run.docker.engine import Engine, socket_path
from outrider.taskdef.run.docker.images import local_image

LINES = 500
SCRIPT = (
    'n=0; while [ $n -lt %d ]; do n=$((n+1)); echo "out $n"; echo "err $n" >&2; done;'
    r" printf 'b\303\244r \377 \t end \n'; sleep 1"
)
TASK = {
    "family": "shop",
    "networkMode": "awsvpc",
    "containerDefinitions": [
        {"name": "web", "logConfiguration": {"logDriver": "awsfirelens"}},
        {"name": "outrider", "firelensConfiguration": {"type": "fluentbit"}, "memoryReservation": 100},
    ],
}
ARN = "arn:aws:ecs:eu-west-1:123456789012:task/default/0123456789abcdef0123456789abcdef"
MAIN = "import sys; from outrider.cli import main; sys.exit(main())"


class AgentRouter:
    """``outrider agent -c``, with the configuration that ECS generates for the task."""

    def __init__(self, folder: Path, server: Any) -> None:
        self.socket, self.state, self._log = folder / "fluent.sock", folder / "state", folder / "agent.log"
        text = render(TASK).replace("/var/run/fluent.sock", str(self.socket))
        for port in ("24224", "8877"):
            text = text.replace(port, str(free_port()))
        (folder / "fluent-bit.conf").write_text(text)
        self.environment = os.environ | {
            "OUTRIDER_SERVER": server.ingest,
            "OUTRIDER_TOKEN": server.ready["token"],
            "OUTRIDER_NAME": "shop",
            "OUTRIDER_STATE": str(self.state),
            "OUTRIDER_SYSLOG_PORT": str(free_port()),
        }
        self.file = str(folder / "fluent-bit.conf")
        command = [sys.executable, "-c", MAIN, "agent", "-c", self.file]
        with self._log.open("ab") as stream:
            self.process = subprocess.Popen(command, env=self.environment, stdout=stream, stderr=stream)
        wait_for(lambda: "is up" in self.log(), self.log)

    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def status(self) -> dict[str, Any]:
        with contextlib.suppress(FileNotFoundError):
            return dict(json.loads((self.state / "status.json").read_text()))
        return {}

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, for the socket."""
    with tempfile.TemporaryDirectory(prefix="or-", dir="/tmp", ignore_cleanup_errors=True) as name:
        yield Path(name)


async def write_lines(socket: Path) -> str:
    """Run a container whose output goes to the socket, to its end; returns its id."""
    path = socket_path()
    assert path is not None
    async with Engine(path) as engine:
        await engine.connect()
        image = await local_image(engine, "busybox", lambda line: None, 30)
        options = driver_options("web", ARN, {}, docker_version=engine.version)
        options["fluentd-address"] = f"unix://{socket}"
        body = {
            "Image": image,
            "Entrypoint": ["/bin/sh", "-c"],
            "Cmd": [SCRIPT % LINES],
            "HostConfig": {"NetworkMode": "none", "LogConfig": {"Type": "fluentd", "Config": options}},
        }
        identifier = await engine.create(f"ecs-shop-1-web-{os.getpid()}", body)
        try:
            await engine.start(identifier)
            assert await engine.wait(identifier) == 0
        finally:
            await engine.remove(identifier)
        return identifier


def every_record(server: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = {}
    while True:
        page = server.call("/api/v1/logs", limit="1000", container="web", **cursor)
        found += page["records"]
        if not page["next"]:
            return found
        cursor = {"cursor": page["next"]}


@pytest.mark.docker
@pytest.mark.usefixtures("docker")
@pytest.mark.parametrize("trouble", ["none", "no server at first", "agent killed"])
def test_each_line_of_a_container_is_found_once_with_its_stream(
    make_server: Callable[..., Any], folder: Path, trouble: str
) -> None:
    server = make_server()
    if trouble != "none":
        server.kill()
    agent = AgentRouter(folder, server)
    try:
        identifier = asyncio.run(write_lines(agent.socket))
        wait_for(lambda: agent.status().get("accepted") == 2 * LINES + 1, agent.log)
        if trouble == "agent killed":
            assert agent.status()["enrolled"] is False
            agent.kill()
            agent = AgentRouter(folder, server)
        if trouble != "none":
            server = make_server(ports=server.ports)
        wait_for(lambda: agent.status().get("delivered") == 2 * LINES + 1, agent.log)
        assert agent.end() == 0
    finally:
        agent.kill()
    found = agent.status()
    assert (found["accepted"], found["buffered"], found["dropped"]) == (2 * LINES + 1, 0, {})
    assert found["pipeline"]["balance"] is True
    server.wait_stored()
    records = every_record(server)
    assert sorted((each["stream"], each["message"]) for each in records if " end" not in each["message"]) == sorted(
        (stream, f"{stream[3:]} {n}") for stream in ("stdout", "stderr") for n in range(1, LINES + 1)
    )
    (last,) = [each for each in records if " end" in each["message"]]
    assert last["message"] == "bär \\xff \t end "  # a byte that is no UTF-8 is shown as the server shows all of them
    assert {each["container"] for each in records} == {f"ecs-shop-1-web-{os.getpid()}"}
    assert {each["container_id"] for each in records} == {identifier}
    assert {each["tag"] for each in records} == {f"web-firelens-{ARN.rpartition('/')[2]}"}
    assert {each["attrs"]["ecs_task_definition"] for each in records} == {"shop:1"}


def test_the_doctor_beside_it_finds_nothing_wrong(make_server: Callable[..., Any], folder: Path) -> None:
    agent = AgentRouter(folder, make_server())
    try:
        wait_for(lambda: agent.status().get("enrolled"), agent.log)
        words = [sys.executable, "-c", MAIN, "doctor", "-c", agent.file, "--json"]
        done = subprocess.run(words, env=agent.environment, capture_output=True, text=True, check=False, timeout=60)
        lines = {line["check"]: line["level"] for line in json.loads(done.stdout)}
    finally:
        agent.kill()
    asked = ("agent-port", "router-socket", "router-ports", "configuration", "identity", "state-directory", "settings")
    assert {name: lines[name] for name in asked} == dict.fromkeys(asked, "ok"), done.stdout
    assert "fail" not in lines.values(), done.stdout
