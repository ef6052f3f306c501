"""Tasks in real Docker: one network, its order, volumes, secrets, and router and agent in containers of their own."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.run.conftest import Story, application, records, router, run, task

from outrider.model.errors import UserError
from outrider.taskdef.run import Wishes, prepare
from outrider.taskdef.run.docker.engine import DEFAULT_SOCKET, Engine, EngineError
from outrider.taskdef.run.docker.images import local_image
from outrider.taskdef.run.given import Secrets
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.source import task_source

pytestmark = pytest.mark.docker
ROOT = Path(__file__).resolve().parents[3]
IN_DOCKER = Wishes(backend="docker", sidecars="process")


@pytest.fixture(autouse=True)
def _docker(docker: None) -> None:
    """Every test here needs it."""


def container(name: str, script: str, **members: Any) -> dict[str, Any]:
    """One that runs a shell script, with Docker's own log files."""
    return {"name": name, "image": "busybox", "command": ["/bin/sh", "-c", script], **members}


def waits(**conditions: str) -> dict[str, Any]:
    return {"dependsOn": [{"containerName": name, "condition": value} for name, value in conditions.items()]}


async def left_of(identity: Identity) -> list[str]:
    """Names of containers and volumes that carry the task's marks."""
    names = {identity.container_name("t", 1, name) for name in ("init", "db", "app", "log_router", "internalecspause")}
    found = []
    async with Engine(DEFAULT_SOCKET) as engine:
        for name in names:
            with contextlib.suppress(EngineError):
                await engine.inspect(name)
                found.append(name)
        if await engine.has_volume(f"outrider-{identity.task_id}-shared"):
            found.append("shared")
    return found


async def test_one_network_order_health_volumes_and_secrets(folder: Path) -> None:
    story, identity = Story(), Identity.new()
    serve = "mkdir /tmp/w; cd /tmp/w; echo hello > index.html; trap 'exit 0' TERM; httpd -f -p 127.0.0.1:9000 & wait"
    look = (
        "cat /data/made; echo x 2> /dev/null > /data/made || echo read-only; wget -qO- http://127.0.0.1:9000/;"
        'echo "$PASSWORD $MODE" | md5sum; id -u; ulimit -n; grep -c host.docker.internal /etc/hosts; exit 3'
    )
    check = {"command": ["CMD-SHELL", "wget -qO- http://127.0.0.1:9000/"], "interval": 1, "retries": 30}
    mount = {"sourceVolume": "shared", "containerPath": "/data"}
    definition = task(
        container("init", "echo made by init > /data/made", essential=False, mountPoints=[mount]),
        container("db", serve, essential=False, healthCheck=check),
        container(
            "app",
            look,
            user="1000",
            volumesFrom=[{"sourceContainer": "init", "readOnly": True}],
            ulimits=[{"name": "nofile", "softLimit": 50, "hardLimit": 60}],
            environmentFiles=[{"value": "arn:aws:s3:::b/app.env", "type": "s3"}],
            secrets=[{"name": "PASSWORD", "valueFrom": "arn:x"}],
            **waits(init="SUCCESS", db="HEALTHY"),
        ),
    )
    definition["volumes"] = [{"name": "shared"}]
    wishes = Wishes(
        backend="docker",
        identity=identity,
        secrets=Secrets({"app:PASSWORD": "hush"}),
        files={"arn:aws:s3:::b/app.env": "MODE=test\n"},
        state=folder,
    )
    done = await run(definition, wishes, story)
    digest = f"{hashlib.md5(b'hush test' + bytes([10])).hexdigest()}  -"
    said = [line.removeprefix("app: ") for line in story.lines if line.startswith("app: ")]
    assert said == ["made by init", "read-only", "hello", digest, "1000", "50", "1"]
    assert (done.runner.status, done.network.inside) == (3, "127.0.0.1")
    assert "db: HEALTHY" in story.changes
    assert "hush" not in json.dumps(done.outcome())
    assert (done.workspace.log_file("app")).read_text().splitlines() == said
    assert await left_of(identity) == []


@pytest.mark.parametrize("taken", [False, True])
async def test_ports_are_published_on_loopback(taken: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        if not taken:
            stranger.close()
        serve = f"mkdir /tmp/w; cd /tmp/w; echo hello > index.html; exec httpd -f -p {port}"
        definition = task(container("app", serve, stopTimeout=1, portMappings=[{"containerPort": port}]))
        identity, answers = Identity.new(), list[str]()

        async def visit() -> None:
            address = identity.address if taken else "127.0.0.1"
            while True:
                try:
                    reader, writer = await asyncio.open_connection(address, port)
                    writer.write(b"GET / HTTP/1.0\r\n\r\n")
                    answers.append((await reader.read()).decode())
                    writer.close()
                    if answers[-1]:
                        return
                except OSError:
                    await asyncio.sleep(0.05)

        story = Story()
        source = task_source(json.dumps(definition), "task.json")
        wishes = Wishes(backend="docker", identity=identity)
        async with (
            prepare(source, wishes, story.reports) as prepared,
            asyncio.TaskGroup() as group,
            asyncio.timeout(60),
        ):
            running = group.create_task(prepared.runner.run())
            await visit()
            prepared.runner.stop("seen", 0)
            await running
    assert "hello" in answers[-1]
    assert any(f"at {identity.address if taken else '127.0.0.1'}:{port}" in change for change in story.changes)


async def test_who_waits_in_vain_ends_the_task() -> None:
    definition = task(
        container("init", "exit 7", essential=False), container("app", "sleep 600", **waits(init="SUCCESS"))
    )
    done = await run(definition, IN_DOCKER)
    assert (done.runner.status, done.runner.cells["app"].started.is_set()) == (1, False)
    assert done.runner.reason == "container 'init' ended with status 7, 'app' waits for SUCCESS"


async def test_an_essential_container_that_becomes_unhealthy_ends_nothing() -> None:
    story = Story()
    check = {"command": ["CMD-SHELL", "test ! -e /tmp/sick"], "interval": 1, "retries": 1}
    script = "sleep 2; touch /tmp/sick; sleep 3; exit 4"
    done = await run(task(container("app", script, healthCheck=check)), IN_DOCKER, story)
    assert done.runner.status == 4
    states = [change for change in story.changes if "HEALTHY" in change]
    assert states == ["app: HEALTHY", "app: UNHEALTHY; in a service, ECS would replace the task"]


def of_this_machine(output: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A router whose image is busybox and whose programs are this machine's, mounted; and the task's volumes."""
    folders = {Path(path) for path in ("/usr", "/lib", "/lib64", sys.base_prefix, sys.prefix, str(ROOT), str(output))}
    folders = {path for path in folders if path.exists()}
    volumes = [{"name": f"v{n}", "host": {"sourcePath": str(path)}} for n, path in enumerate(sorted(folders))]
    mounts = [{"sourceVolume": f"v{n}", "containerPath": str(path)} for n, path in enumerate(sorted(folders))]
    definition = {
        "name": "log_router",
        "image": "busybox",
        "firelensConfiguration": {"type": "fluentbit"},
        "mountPoints": mounts,
        "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 1},
        "entryPoint": [sys.executable, "-c", "import sys; from outrider.cli import main; sys.exit(main())", "route"],
        "command": [
            *("-c", "/fluent-bit/etc/fluent-bit.conf", "-f", "0.2", "-o", "file", "-m", "app-firelens-*"),
            *("-p", f"Path={output}", "-p", "File=out", "-p", "Format=plain"),
        ],
    }
    return definition, volumes


async def test_a_router_in_docker_gets_what_ecs_gives_it(folder: Path) -> None:
    output = folder / "output"
    output.mkdir()
    own_router, volumes = of_this_machine(output)
    script = 'for n in 1 2 3; do echo "line $n"; done; echo $FLUENT_HOST; sleep 2'
    sends = {"logConfiguration": {"logDriver": "awsfirelens"}}
    definition = task(container("app", script, **sends, **waits(log_router="HEALTHY")), own_router)
    definition["volumes"] = volumes
    async with Engine(DEFAULT_SOCKET) as engine:
        image = await local_image(engine, "busybox", print, 10)
    story = Story()
    done = await run(definition, Wishes(backend="docker", images={"log_router": image}), story)
    assert {c["name"]: c["backend"] for c in done.outcome()["containers"]} == {"log_router": "docker", "app": "docker"}
    found = records(output / "out")
    assert [record["log"] for record in found] == ["line 1", "line 2", "line 3", "127.0.0.1"]
    assert {record["ecs_task_arn"] for record in found} == {done.identity.arn}
    assert "log_router: ready" in story.changes
    assert done.runner.status == 0


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("nsenter"), reason="entering a network needs root")
async def test_nothing_stays_of_a_command_that_is_killed(folder: Path) -> None:
    definition = task(container("app", "sleep 600", mountPoints=[{"sourceVolume": "shared", "containerPath": "/d"}]))
    definition["volumes"] = [{"name": "shared"}]
    file = folder / "task.json"
    file.write_text(json.dumps(definition))
    process = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("outrider"), "task", "run", "--backend", "docker", file),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    identity = None
    async for line in process.stdout:
        if line.startswith(b"task: arn:"):
            identity = Identity(line.split()[1].decode().rpartition("/")[2])
        if line.startswith(b"app: running"):
            break
    assert identity is not None
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with asyncio.timeout(60):
        while await left_of(identity):  # noqa: ASYNC110 - the guard is nobody's child any more
            await asyncio.sleep(0.1)


async def test_wishes_that_docker_cannot_fulfil_are_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="--sidecars docker needs a network"):
        await run(task(container("app", "true")), Wishes(backend="docker", sidecars="docker", network="host"))
    definition = task(container("app", "true", mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}]))
    definition["volumes"] = [{"name": "v", "host": {"sourcePath": str(folder / "nobody")}}]
    with pytest.raises(UserError, match="not on this machine"):
        await run(definition, IN_DOCKER)


async def test_who_cannot_enter_the_network_uses_the_machines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outrider.taskdef.run.network.can_enter", lambda: False)
    story = Story()
    definition = task(application("echo $FLUENT_HOST; sleep 2"), router(folder / "out"))
    done = await run(definition, IN_DOCKER, story)
    assert (done.network.holder, done.network.inside) == ("", done.identity.address)
    assert [record["log"] for record in records(folder / "out")] == [done.identity.address]
    assert any("uses this machine's network" in note and "root" in note for note in story.notes)
    with pytest.raises(UserError, match="cannot have a network of its own"):
        await run(definition, replace(IN_DOCKER, network="task", identity=Identity.new()))


async def test_network_mode_host_is_the_machines_and_has_only_the_socket(folder: Path) -> None:
    definition = task(application('echo "[$FLUENT_HOST]"; sleep 2'), router(folder / "out"))
    definition["networkMode"] = "host"
    done = await run(definition, replace(IN_DOCKER, state=folder / "state"))
    assert done.network.holder == ""
    assert [record["log"] for record in records(folder / "out")] == ["[]"]
    assert "24224" not in (done.workspace.directory / "config" / "fluent.conf").read_text()


async def test_network_mode_none_leads_nowhere() -> None:
    story = Story()
    definition = task(container("app", "grep -c . /proc/net/route; ping -c 1 127.0.0.1 > /dev/null && echo itself"))
    definition["networkMode"] = "none"
    await run(definition, IN_DOCKER, story)
    assert story.lines == ["app: 1", "app: itself"]  # the heading of the table alone


@pytest.mark.parametrize("driver", ["json-file", "local", "none", "awslogs", "unheard-of"])
async def test_log_drivers_that_are_here_are_used_and_others_replaced(driver: str) -> None:
    story = Story()
    options = {"max-size": "1m"} if driver in ("json-file", "local") else {}
    log = {"logDriver": driver, "options": options}
    done = await run(task(container("app", "echo said; sleep 1", logConfiguration=log)), IN_DOCKER, story)
    assert done.runner.status == 0
    assert story.lines == ([] if driver == "none" else ["app: said"])
    told = [note for note in story.notes if "is shown here" in note or "prints is shown" in note]
    assert len(told) == (driver in ("awslogs", "unheard-of"))


async def test_a_log_driver_without_its_secret_is_refused() -> None:
    secret = [{"name": "splunk-token", "valueFrom": "arn:x"}]
    log = {"logDriver": "splunk", "options": {"splunk-url": "https://127.0.0.1:9"}, "secretOptions": secret}
    done = await run(task(container("app", "true", logConfiguration=log)), IN_DOCKER)
    assert done.runner.status == 2
    assert "app:splunk-token=VALUE" in done.runner.reason
