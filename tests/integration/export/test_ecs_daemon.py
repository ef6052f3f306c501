"""The exported daemon service: its router on a folder as Docker writes it, its script on moto's AWS."""

from __future__ import annotations

import json
import os
import re
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.helpers import free_port, wait_for
from tests.stand_ins.ecs_agent import TASK, EcsAgent, ecs_agent

from outrider.export.description import Description
from outrider.export.kinds import ecs_daemon

OUTRIDER = str(Path(sys.executable).parent / "outrider")
AWS = Path(__file__).parents[2] / "stand_ins" / "aws_command.py"
WEB, OTHER = "ab" * 32, "cd" * 32


class Messages(socketserver.StreamRequestHandler):
    """Takes the place of the agent: keeps every line."""

    seen: list[str]

    def handle(self) -> None:
        """Until the router hangs up."""
        for line in self.rfile:
            self.seen.append(line.decode())


@pytest.fixture
def instance() -> Iterator[EcsAgent]:
    with ecs_agent() as found:
        found.names[WEB] = "web"
        yield found


@pytest.fixture
def messages() -> Iterator[tuple[int, list[str]]]:
    handler = type("Handler", (Messages,), {"seen": []})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], handler.seen
        server.shutdown()


def moved(words: list[str], folder: Path, ports: dict[str, int], ecs_port: int) -> list[str]:
    """The router's words with the folders and ports of the test."""
    logs = folder / "containers"
    found = []
    for word in words:
        text = word.replace(ecs_daemon.LOGS, str(logs)).replace(ecs_daemon.STATE, str(folder / "state"))
        text = text.replace(ecs_daemon.LOGS.replace("/", "."), str(logs).replace("/", "."))
        found.append(f"Port={ports['syslog']}" if text == "Port=1514" else text)
        if text.startswith("ECS_Tag_Prefix="):
            found += ["-p", f"ECS_Meta_Port={ecs_port}"]
    return [str(ports["monitor"]) if word == "2020" else word for word in found]


def write(folder: Path, container: str, stream: str, *texts: str) -> None:
    """Lines as Docker's driver json-file writes them."""
    path = folder / "containers" / container / f"{container}-json.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        for text in texts:
            file.write(json.dumps({"log": text, "stream": stream, "time": "2026-11-21T10:00:00.123456789Z"}) + "\n")


def test_the_router_names_the_containers_of_the_instance(
    tmp_path: Path, instance: EcsAgent, messages: tuple[int, list[str]]
) -> None:
    port, seen = messages
    task = json.loads(ecs_daemon.KIND.make(Description())["task-definition.json"])
    (router,) = (one for one in task["containerDefinitions"] if one["name"] == "log_router")
    ports = {"syslog": port, "monitor": free_port()}
    (tmp_path / "state").mkdir()
    (tmp_path / "containers").mkdir()

    @contextmanager
    def running() -> Iterator[None]:
        log = tmp_path / "router.log"
        words = [OUTRIDER, "route", *moved(router["command"], tmp_path, ports, instance.port)]
        with log.open("wb") as stream:
            process = subprocess.Popen(words, stderr=stream)
        try:
            wait_for(lambda: "following" in log.read_text() or process.poll() is not None, log.read_text)
            yield
        finally:
            process.terminate()
            assert process.wait(20) == 0, log.read_text()

    with running():
        probe(tmp_path, seen)
        write(tmp_path, WEB, "stderr", "half of ", "a long line\n")
        write(tmp_path, OTHER, "stdout", "nobody knows me\n")
        wait_for(lambda: len(texts(seen)) == 2, lambda: seen)
    write(tmp_path, WEB, "stdout", "after the restart\n")
    with running():
        wait_for(lambda: len(texts(seen)) == 3, lambda: seen)
    assert sorted(texts(seen)) == ["after the restart", "half of a long line", "nobody knows me"]
    (line,) = (line for line in seen if "half of" in line)
    assert re.match(rf"<14>1 2026-11-21T10:00:00\.123456Z {WEB} web - - \[ecs ", line)
    for pair in (f'task="{TASK}"', 'cluster="prod"', 'stream="stderr"', 'task_definition="shop:7"'):
        assert pair in line


def probe(folder: Path, seen: list[str]) -> None:
    """Write until the router knows the names of containers: it asks for them beside its work."""
    wait_for(lambda: write(folder, WEB, "stdout", "probe\n") or any(" web " in line for line in seen))


def texts(seen: list[str]) -> list[str]:
    """The messages, which begin with a byte order mark in RFC 5424, but the probes."""
    return [text for line in seen if (text := line.rstrip("\n").partition("] \ufeff")[2]) and text != "probe"]


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """AWS as moto has it, and a command ``aws`` that talks to it; makes clients by service."""
    import boto3
    from moto.server import ThreadedMotoServer

    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "aws"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {AWS} "$@"\n')
    command.chmod(0o755)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    yield lambda service: boto3.client(service, region_name="us-east-1")
    server.stop()


def test_the_script_makes_the_service_and_brings_new_revisions(tmp_path: Path, clients: Any) -> None:
    folder = tmp_path / "deploy"
    folder.mkdir()
    for name, text in ecs_daemon.KIND.make(Description(cluster="prod")).items():
        (folder / name).write_text(text)
    ecs = clients("ecs")
    ecs.create_cluster(clusterName="prod")
    for revision in ("1", "2"):
        done = subprocess.run(["sh", str(folder / "deploy.sh")], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().endswith(f"task-definition/outrider:{revision}")
    (service,) = ecs.describe_services(cluster="prod", services=["outrider"])["services"]
    assert (service["schedulingStrategy"], service["launchType"]) == ("DAEMON", "EC2")
    assert service["taskDefinition"].endswith("outrider:2")
    allowed = clients("iam").get_role_policy(RoleName="outrider-execution", PolicyName="outrider")["PolicyDocument"]
    assert allowed == json.loads((folder / "execution-policy.json").read_text())
    (group,) = clients("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == ("/ecs/outrider", 30)
