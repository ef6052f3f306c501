import asyncio
import io
import struct
import tarfile
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from outrider.model.errors import LocalError
from outrider.taskdef.run.container import StartError
from outrider.taskdef.run.docker import container as docker_container
from outrider.taskdef.run.docker import engine as docker_engine
from outrider.taskdef.run.docker.container import DockerContainer
from outrider.taskdef.run.docker.engine import Engine, EngineError, socket_path
from outrider.taskdef.run.process.child import Guard


class FakeDocker:
    """An engine on a unix socket: ``answers`` by method and path; ``asked`` is what came."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self.silent: set[str] = set()
        self.over = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        line = f"{request.method} {request.path}"
        self.asked.append(f"{request.method} {request.path_qs}")
        await request.read()
        if line in self.silent:
            await self.over.wait()
        status, body = self.answers.get(line, (404, b'{"message": "no such thing"}'))
        return web.Response(status=status, body=body)


@pytest.fixture
async def docker() -> AsyncIterator[FakeDocker]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        fake = FakeDocker(Path(folder) / "s")
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", fake.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.UnixSite(runner, str(fake.path)).start()
        yield fake
        fake.over.set()
        await runner.cleanup()


@pytest.fixture
async def engine(docker: FakeDocker) -> AsyncIterator[Engine]:
    async with Engine(str(docker.path)) as found:
        yield found


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("", "/var/run/docker.sock"),
        ("unix:///run/user/1/docker.sock", "/run/user/1/docker.sock"),
        ("tcp://h:2375", None),
    ],
)
def test_the_socket_is_that_of_the_docker_command(host: str, path: str | None) -> None:
    assert socket_path({"DOCKER_HOST": host}) == path


async def test_connect_learns_the_version(docker: FakeDocker, engine: Engine) -> None:
    docker.answers["GET /version"] = (200, b'{"Version": "20.10.24+dfsg1"}')
    await engine.connect()
    assert engine.version == "20.10.24+dfsg1"


async def test_nobody_there(tmp_path: Path) -> None:
    async with Engine(str(tmp_path / "none")) as engine:
        with pytest.raises(LocalError, match="Docker does not answer"):
            await engine.connect()


async def test_images(docker: FakeDocker, engine: Engine) -> None:
    docker.answers["GET /images/a/b:1/json"] = (200, b"{}")
    assert await engine.has_image("a/b:1")
    assert not await engine.has_image("c")
    docker.answers["GET /images/d/json"] = (500, b'{"message": "broken"}')
    with pytest.raises(EngineError, match="broken"):
        await engine.has_image("d")


@pytest.mark.parametrize(
    ("name", "query"),
    [("busybox", "tag=latest"), ("h:5000/busybox", "tag=latest"), ("busybox:1", "tag="), ("b@sha256:00", "tag=")],
)
async def test_a_pull_asks_for_one_tag(docker: FakeDocker, engine: Engine, name: str, query: str) -> None:
    docker.answers["POST /images/create"] = (200, b'{"status": "Pulling"}\n{"status": "Done"}\n')
    await engine.pull(name)
    assert docker.asked[0].endswith(f"&{query}")


async def test_a_pull_that_fails_midway_says_why(docker: FakeDocker, engine: Engine) -> None:
    docker.answers["POST /images/create"] = (200, b'{"status": "Pulling"}\n{"error": "disk full"}\n')
    with pytest.raises(EngineError, match="disk full"):
        await engine.pull("busybox")


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ('exec: \\"x\\": executable file not found in $PATH', 127),
        ('exec: \\"/x\\": permission denied', 126),
        ("no space left on device", 125),
    ],
)
async def test_a_start_that_fails_has_the_status_of_a_shell(
    docker: FakeDocker, engine: Engine, message: str, status: int
) -> None:
    docker.answers["POST /containers/create"] = (201, b'{"Id": "1"}')
    docker.answers["POST /containers/c/start"] = (400, f'{{"message": "{message}"}}'.encode())
    guard = await Guard.start("/nonexistent")
    container = DockerContainer(engine, "c", {}, guard)
    with pytest.raises(StartError) as caught:
        await container.start()
    assert caught.value.status == status
    await container.remove()
    assert docker.asked[-1] == "DELETE /containers/c?force=1&v=1"
    await guard.close()


@pytest.mark.parametrize("readable", [True, False])
async def test_the_end_of_a_container_with_and_without_a_copy_of_its_log(
    docker: FakeDocker, engine: Engine, readable: bool
) -> None:
    log = b"".join(struct.pack(">BxxxI", 1, len(text)) + text for text in (b"one\n", b"two\n"))
    docker.answers["GET /containers/c/logs"] = (200, log) if readable else (500, b'{"message": "not supported"}')
    docker.answers["POST /containers/c/wait"] = (200, b'{"StatusCode": 3}')
    guard = await Guard.start("/nonexistent")
    container = DockerContainer(engine, "c", {}, guard)
    assert await container.wait() == 3
    assert container.lines == (2 if readable else 0)
    await guard.close()


@pytest.mark.parametrize(
    ("events", "states"),
    [
        (["start", "health_status: healthy", "exec_die", "health_status: unhealthy"], ["healthy", "unhealthy"]),
        (["start", "die", "health_status: healthy"], []),
    ],
)
async def test_health_is_what_the_events_say(
    docker: FakeDocker, engine: Engine, events: list[str], states: list[str]
) -> None:
    docker.answers["GET /events"] = (200, "".join(f'{{"status": "{event}"}}\n' for event in events).encode())
    async with asyncio.timeout(30):
        assert [state async for state in engine.health("c")] == states


@pytest.mark.parametrize("status", [204, 404, 409])
async def test_kill_is_content_with_a_container_that_does_not_run(
    docker: FakeDocker, engine: Engine, status: int
) -> None:
    docker.answers["POST /containers/c/kill"] = (status, b'{"message": "not running"}' if status > 204 else b"")
    guard = await Guard.start("/nonexistent")
    await DockerContainer(engine, "c", {}, guard).kill()
    assert docker.asked == ["POST /containers/c/kill"]
    await guard.close()


@pytest.mark.parametrize("killed", [False, True])
async def test_a_log_that_cannot_be_counted_in_time_keeps_nobody_waiting(
    docker: FakeDocker, engine: Engine, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    monkeypatch.setattr(docker_container, "_RECOUNT_SECONDS", 3600 if killed else 0.05)
    docker.answers["POST /containers/c/wait"] = (200, b'{"StatusCode": 3}')
    docker.answers["POST /containers/c/kill"] = (204, b"")
    docker.silent.add("GET /containers/c/logs")
    guard = await Guard.start("/nonexistent")
    container = DockerContainer(engine, "c", {}, guard)
    async with asyncio.timeout(60):
        if killed:
            await container.kill()
        assert await container.wait() == 3
    await guard.close()


async def test_an_engine_that_never_answers_a_stop_is_not_waited_for(
    docker: FakeDocker, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_engine, "_STOP_SECONDS", 0.05)
    docker.silent.add("POST /containers/c/stop")
    async with asyncio.timeout(60):
        with pytest.raises(LocalError, match="no answer in time"):
            await engine.stop("c", 0)


async def test_what_the_engine_has(docker: FakeDocker, engine: Engine) -> None:
    docker.answers["GET /info"] = (200, b'{"Plugins": {"Log": ["json-file", "fluentd"]}}')
    docker.answers["GET /volumes/here"] = (200, b"{}")
    assert await engine.log_drivers() == ["json-file", "fluentd", "none"]
    assert [await engine.has_volume(name) for name in ("here", "gone")] == [True, False]


@pytest.mark.parametrize("status", [204, 404])
async def test_a_volume_that_is_gone_is_removed_too(docker: FakeDocker, engine: Engine, status: int) -> None:
    docker.answers["DELETE /volumes/v"] = (status, b'{"message": "no such volume"}' if status > 204 else b"")
    await engine.remove_volume("v")
    docker.answers["DELETE /volumes/v"] = (409, b'{"message": "volume is in use"}')
    with pytest.raises(EngineError, match="in use"):
        await engine.remove_volume("v")


async def test_what_a_command_prints_inside_of_a_container(docker: FakeDocker, engine: Engine) -> None:
    docker.answers["POST /containers/c/exec"] = (201, b'{"Id": "e"}')
    docker.answers["POST /exec/e/start"] = (200, b"\x01\0\0\0\0\0\0\x01x")
    assert await engine.run_inside("c", ("cat", "/f")) == b"\x01\0\0\0\0\0\0\x01x"
    with pytest.raises(EngineError):
        await engine.run_inside("gone", ("cat", "/f"))


async def test_a_file_of_a_container_is_kept_when_it_has_ended(
    docker: FakeDocker, engine: Engine, tmp_path: Path
) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("status.json")
        entry.size = 2
        tar.addfile(entry, io.BytesIO(b"{}"))
    docker.answers["POST /containers/c/wait"] = (200, b'{"StatusCode": 0}')
    docker.answers["GET /containers/c/archive"] = (200, archive.getvalue())
    guard = await Guard.start("/nonexistent")
    gone: list[str] = []
    container = DockerContainer(engine, "c", {}, guard, print, lambda: gone.append("c"), {"/s/status.json": tmp_path})
    assert await container.wait() == 0
    assert (tmp_path / "status.json").read_bytes() == b"{}"
    docker.answers["GET /containers/c/archive"] = (200, b"no archive")
    assert await container.wait() == 0
    await container.remove()
    assert gone == ["c"]
    await guard.close()
