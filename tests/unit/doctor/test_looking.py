"""What the checks see: real sockets, files and servers on loopback."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from aiohttp import web

from outrider.doctor.checks.agent_port import AgentPort
from outrider.doctor.checks.credentials import Credentials
from outrider.doctor.checks.identity import Identity
from outrider.doctor.checks.memory import Memory, MemoryLimit
from outrider.doctor.checks.metadata import Metadata
from outrider.doctor.checks.output_peer import OutputPeer
from outrider.doctor.checks.resolver import Resolver
from outrider.doctor.checks.router_socket import RouterSocket
from outrider.doctor.checks.server_name import ServerName
from outrider.doctor.checks.state_directory import StateDirectory
from outrider.doctor.checks.user import User
from outrider.doctor.router import read
from outrider.doctor.subject import Subject
from outrider.doctor.verdict import Level, Verdict
from outrider.model.errors import LocalError, PeerError
from outrider.net import reach
from outrider.net.connect import Target

Serve = Callable[[dict[str, str]], Awaitable[str]]
TASK = '{"Cluster": "c", "TaskARN": "arn:aws:ecs:eu-west-1:1:task/c/f00", "Family": "web", "Revision": "7"}'
KEYS = '{"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "s3cr3t", "Token": "t", "Expiration": "2099-01-01T00:00:00Z"}'


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """An HTTP server that answers these paths; its address."""
    runners = []

    async def start(pages: dict[str, str]) -> str:
        async def answer(request: web.BaseRequest) -> web.Response:
            found = pages.get(request.path)
            return web.Response(status=404 if found is None else 200, text=found or "", content_type="application/json")

        runner = web.ServerRunner(web.Server(answer))
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


async def verdict_of(check: RouterSocket) -> Verdict:
    return check.judge(await check.look())


async def test_the_router_socket(tmp_path: Path) -> None:
    subject = Subject(state=tmp_path, socket=str(tmp_path / "s"))
    check = RouterSocket(subject)
    assert "is not here" in check.idle()
    assert "No such file" in (await verdict_of(check)).what
    (tmp_path / "s").write_text("")
    assert not check.idle()
    assert "non-socket" in (await verdict_of(check)).what
    (tmp_path / "s").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert "Connection refused" in (await verdict_of(check)).what
        server.listen()
        assert (await verdict_of(check)).level is Level.OK


async def test_the_state_directory(tmp_path: Path) -> None:
    assert (await StateDirectory(Subject(state=tmp_path / "new" / "state")).look()).bytes > 0
    assert os.listdir(tmp_path) == []
    (tmp_path / "state" / "spool").mkdir(parents=True)
    check = StateDirectory(Subject(state=tmp_path / "state"))
    assert (await check.look()).bytes > 0
    assert os.listdir(tmp_path / "state" / "spool") == []
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError, match="make it a directory; OUTRIDER_STATE"):
        await StateDirectory(Subject(state=tmp_path / "file")).look()


async def test_the_user(tmp_path: Path) -> None:
    seen = await User(Subject(state=tmp_path)).look()
    assert (seen.own, seen.owner) == (os.geteuid(), os.geteuid())
    assert (await User(Subject(state=tmp_path / "none")).look()).owner is None


async def test_no_identity_and_a_damaged_one(tmp_path: Path) -> None:
    check = Identity(Subject(token="t", state=tmp_path))
    assert (await check.look()).ends is None
    (tmp_path / "identity").mkdir()
    for name in ("certificate.pem", "key.pem", "ca.pem", "server.url"):
        (tmp_path / "identity" / name).write_text("damaged")
    with pytest.raises(LocalError, match="cannot be used"):
        await check.look()


def system(root: Path, **files: str) -> Subject:
    for path, text in files.items():
        file = root / path.replace("__", "/").replace("_DOT_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Subject(root=root, state=root / "none")


async def test_memory_of_both_versions_of_cgroups(tmp_path: Path) -> None:
    meminfo = "MemTotal:    1048576 kB\n"
    second = system(
        tmp_path / "2",
        proc__meminfo=meminfo,
        sys__fs__cgroup__memory_DOT_max="268435456\n",
        sys__fs__cgroup__memory_DOT_current="1000\n",
        sys__fs__cgroup__memory_DOT_events="oom 1\noom_kill 1\n",
    )
    assert await MemoryLimit(second).look() == Memory(268435456, True, 1000, 1)
    first = system(
        tmp_path / "1",
        proc__meminfo=meminfo,
        sys__fs__cgroup__memory__memory_DOT_limit_in_bytes="134217728\n",
        sys__fs__cgroup__memory__memory_DOT_usage_in_bytes="2000\n",
    )
    assert await MemoryLimit(first).look() == Memory(134217728, True, 2000, 0)
    none = system(tmp_path / "0", proc__meminfo=meminfo, sys__fs__cgroup__memory_DOT_max="max\n")
    assert await MemoryLimit(none).look() == Memory(1 << 30, False, 0, 0)
    assert await MemoryLimit(system(tmp_path / "nothing")).look() == Memory(None, False, 0, 0)


async def test_the_agent_port_of_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check = AgentPort(Subject(token="t", port=server.getsockname()[1]))
        assert "for datagrams" in check.judge(await check.look()).what


async def test_metadata(serve: Serve) -> None:
    url = await serve({"/v4/task": TASK})
    check = Metadata(Subject(environment={"ECS_CONTAINER_METADATA_URI_V4": f"{url}/v4"}))
    assert not check.idle()
    assert check.judge(await check.look()).what == "task f00 of web:7"
    with pytest.raises(PeerError):
        await Metadata(Subject(environment={"ECS_CONTAINER_METADATA_URI_V4": f"{url}/v3"})).look()
    assert Metadata(Subject()).idle()


async def test_credentials_are_found_and_not_shown(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", await serve({"/": KEYS}))
    check = Credentials(Subject(environment=dict(os.environ)))
    assert not check.idle()
    verdict = check.judge(await check.look())
    assert verdict.what == "keys come from the task role, by the container's endpoint"
    assert "no output to AWS" in Credentials(Subject()).idle()


async def test_credentials_are_looked_for_where_an_output_needs_them(tmp_path: Path) -> None:
    text = "[INPUT]\n    Name dummy\n[OUTPUT]\n    Name s3\n    Match *\n    bucket b\n"
    (tmp_path / "router.conf").write_text(text)
    assert not Credentials(Subject(router=read(str(tmp_path / "router.conf"), {}))).idle()


async def test_variables_of_the_task_are_known(serve: Serve, tmp_path: Path) -> None:
    text = "[INPUT]\n    Name dummy\n[OUTPUT]\n    Name file\n    Match *\n    Path /tmp\n    File ${ECS_CLUSTER}\n"
    path = str(tmp_path / "router.conf")
    (tmp_path / "router.conf").write_text(text)
    environment = {"ECS_CONTAINER_METADATA_URI_V4": await serve({"/task": TASK})}
    router = await asyncio.to_thread(read, path, environment)
    assert (router.findings.errors, router.findings.warnings) == ([], [])
    assert router.plan.of_kind("output")[0].plugin.options.file == "c"
    nobody = await asyncio.to_thread(read, path, {"ECS_CONTAINER_METADATA_URI_V4": await serve({})})
    assert "does not tell who it is" in str(nobody.findings.warnings[0])
    assert read(path, {}).findings.warnings


async def test_output_peers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert await OutputPeer(Subject(), "o", Target("localhost", port)).look() == ""
    assert await OutputPeer(Subject(), "o", Target("127.0.0.1", port)).look() == "Connection refused"
    assert "cannot be looked up" in await OutputPeer(Subject(), "o", Target("nothing.invalid", port)).look()


async def test_names() -> None:
    check = ServerName(Subject(server="https://localhost:1"))
    assert "127.0.0.1" in await check.look()
    with pytest.raises(PeerError, match="cannot be looked up"):
        await ServerName(Subject(server="https://nothing.invalid:1")).look()
    assert "is no address" in ServerName(Subject(server="https://")).idle()


class NameServer(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(b"\x00\x00 of somebody else", addr)
        self.transport.sendto(data[:2] + b"\x81\x85" + data[4:], addr)


async def test_a_name_server_that_answers() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    async with asyncio.timeout(30):
        await reach.answers_questions("127.0.0.1", port)
    transport.close()


async def test_a_name_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    with pytest.raises(PeerError, match="does not answer"):
        await reach.answers_questions("127.0.0.1", port)
    assert await Resolver(system(tmp_path, etc__resolv_DOT_conf="# none\n")).look() == {}


async def test_a_peer_without_tls() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        with pytest.raises(PeerError, match="does not speak TLS"):
            await reach.certificate("127.0.0.1", server.sockets[0].getsockname()[1])
