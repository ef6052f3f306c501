"""The forward input: real sockets, real clients."""

from __future__ import annotations

import asyncio
import ssl
import stat
from pathlib import Path
from typing import Any

import msgpack
import pytest
from fluent import asyncsender, sender

from outrider.model.errors import UserError
from outrider.protocols.forward import handshake


async def started(plugin: Any, intake_of: Any) -> Any:
    intake = intake_of(plugin)
    await plugin.start(intake)
    return intake


def message(tag: str = "app", **record: Any) -> bytes:
    packed: bytes = msgpack.packb([tag, 1, record])
    return packed


async def exchange(port: int, data: bytes, context: ssl.SSLContext | None = None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(data)
    writer.write_eof() if not context else None
    answer = await asyncio.wait_for(reader.read(1000), 5)
    writer.close()
    return answer


@pytest.mark.parametrize("client", [sender.FluentSender, asyncsender.FluentSender])
async def test_the_client_library(make: Any, intake_of: Any, unused_tcp_port: int, client: Any) -> None:
    plugin = make("input", "forward", listen="127.0.0.1", port=unused_tcp_port)
    intake = await started(plugin, intake_of)

    def send() -> None:
        logger = client("app", host="127.0.0.1", port=unused_tcp_port, nanosecond_precision=True)
        for n in range(100):
            assert logger.emit_with_time("web", sender.EventTime(1000 + n), {"n": n, "text": "ü"})
        logger.close()

    await asyncio.to_thread(send)
    await intake.until(lambda seen: len(seen.records) == 100)
    await plugin.stop()
    assert intake.records == [{"n": n, "text": "ü"} for n in range(100)]
    assert set(intake.tags) == {"app.web"}
    assert intake.refused == []


async def test_a_unix_socket_with_the_client_library(make: Any, intake_of: Any, short: Path) -> None:
    path = short / "fluent.sock"
    plugin = make("input", "forward", unix_path=path, unix_perm="0620")
    intake = await started(plugin, intake_of)
    assert stat.S_IMODE(path.stat().st_mode) == 0o620

    def send() -> None:
        logger = sender.FluentSender("app", host=f"unix://{path}")
        assert logger.emit(None, {"n": 1})
        logger.close()

    await asyncio.to_thread(send)
    await intake.until(lambda seen: seen.records)
    await plugin.stop()
    assert intake.records == [{"n": 1}]
    assert not path.exists()


@pytest.mark.parametrize(
    ("options", "tag"),
    [({}, "app"), ({"tag_prefix": "from."}, "from.app"), ({"tag": "fixed"}, "fixed")],
)
async def test_tags(make: Any, intake_of: Any, unused_tcp_port: int, options: Any, tag: str) -> None:
    plugin = make("input", "forward", listen="127.0.0.1", port=unused_tcp_port, **options)
    intake = await started(plugin, intake_of)
    await exchange(unused_tcp_port, message())
    await plugin.stop()
    assert intake.tags == [tag]


async def test_acknowledgement_after_the_records_are_handed_in(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    plugin = make("input", "forward", listen="127.0.0.1", port=unused_tcp_port)
    intake = await started(plugin, intake_of)
    frame = msgpack.packb(["app", [[1, {"n": 1}]], {"chunk": "abc"}])
    reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
    writer.write(frame)
    assert msgpack.unpackb(await reader.read(100)) == {"ack": "abc"}
    assert intake.records == [{"n": 1}]
    writer.close()
    await plugin.stop()


async def test_no_acknowledgement_while_the_disk_refuses(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    plugin = make("input", "forward", listen="127.0.0.1", port=unused_tcp_port)
    intake = await started(plugin, intake_of)
    reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
    intake.safe = False
    writer.write(msgpack.packb(["app", [[1, {"n": 1}]], {"chunk": "one"}]))
    await intake.until(lambda seen: seen.records)
    intake.safe = True
    writer.write(msgpack.packb(["app", [[1, {"n": 2}]], {"chunk": "two"}]))
    assert msgpack.unpackb(await reader.read(100)) == {"ack": "two"}
    writer.close()
    await plugin.stop()


async def test_garbage_closes_that_connection_alone_and_is_counted(
    make: Any, intake_of: Any, unused_tcp_port: int
) -> None:
    plugin = make("input", "forward", listen="127.0.0.1", port=unused_tcp_port)
    intake = await started(plugin, intake_of)
    _, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\xc1", message()[:-1]):
        assert await exchange(unused_tcp_port, message(n=1) + garbage) == b""
    writer.write(message(n=2))
    await intake.until(lambda seen: {"n": 2} in seen.records)
    writer.close()
    await plugin.stop()
    assert intake.records.count({"n": 1}) == 3
    assert sum(count for _, count, _ in intake.refused) == 3
    assert "closed" in plugin.logged()


async def test_a_frame_larger_than_the_limit(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    plugin = make("input", "forward", listen="127.0.0.1", port=unused_tcp_port, buffer_max_size="100k")
    intake = await started(plugin, intake_of)
    _, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
    writer.write(b"\x93\xa3app\xc6\x05\xf5\xe1\x00" + bytes(400_000))
    await intake.until(lambda seen: seen.refused)
    await plugin.stop()
    assert intake.refused[0][1:] == (1, "refused frame")
    assert "Buffer_Max_Size (100000 bytes)" in plugin.logged()
    assert intake.records == []
    writer.close()


async def shake(port: int, key: bytes, user: str = "", password: str = "") -> tuple[Any, Any, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    helo = msgpack.unpackb(await reader.read(1000))
    ping, nonce = handshake.ping(
        helo, hostname="client", shared_key=key, salt=b"salt", username=user, password=password
    )
    writer.write(ping)
    answer = await asyncio.wait_for(reader.read(1000), 5)
    pong = msgpack.unpackb(answer) if answer else None
    fault = handshake.check_pong(pong, nonce=nonce, salt=b"salt", shared_key=key, hostname="client")
    return reader, writer, fault


@pytest.mark.parametrize(
    ("options", "client", "fault"),
    [
        ({"shared_key": "k"}, (b"k",), ""),
        ({"shared_key": "k"}, (b"wrong",), "expected PONG"),
        ({"empty_shared_key": "on"}, (b"",), ""),
        ({"shared_key": "k", "security.users": ["bob pass", "eve x"]}, (b"k", "bob", "pass"), ""),
        ({"shared_key": "k", "security.users": "bob pass"}, (b"k", "bob", "wrong"), "refused: username/password"),
        ({"shared_key": "k", "security.users": "bob pass"}, (b"k", "eve", ""), "refused: username/password"),
        ({"shared_key": "k", "security.users": "bob pass"}, (b"k",), "refused: username/password"),
    ],
)
async def test_handshake(
    make: Any, intake_of: Any, unused_tcp_port: int, options: Any, client: Any, fault: str
) -> None:
    plugin = make("input", "forward", listen="127.0.0.1", port=unused_tcp_port, self_hostname="server", **options)
    intake = await started(plugin, intake_of)
    reader, writer, found = await shake(unused_tcp_port, *client)
    assert fault in found
    assert bool(fault) == bool(found)
    writer.write(message(n=1))
    if fault:
        assert await asyncio.wait_for(reader.read(100), 5) == b""
    else:
        await intake.until(lambda seen: seen.records)
    writer.close()
    await plugin.stop()
    assert intake.records == ([] if fault else [{"n": 1}])


async def test_records_before_the_handshake_are_refused(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    plugin = make("input", "forward", listen="127.0.0.1", port=unused_tcp_port, shared_key="k")
    intake = await started(plugin, intake_of)
    helo = await exchange(unused_tcp_port, message(n=1))
    assert msgpack.unpackb(helo)[0] == "HELO"
    await plugin.stop()
    assert intake.records == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"unix_perm": "rw"}, "'rw' is not a permission; allowed: octal digits"),
        ({"security.users": "bob x"}, "security.users needs shared_key"),
        ({"security.users": "bob", "shared_key": "k"}, "must be 'NAME PASSWORD'"),
        ({"unix_path": "/tmp/x", "tls": "on"}, "a unix socket has no TLS"),
        ({"tls": "on"}, r"needs tls\.crt_file"),
    ],
)
def test_what_is_refused(make: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError, match=text):
        make("input", "forward", **options)


def test_options_that_are_accepted(make: Any) -> None:
    assert make("input", "forward", buffer_chunk_size="1M", workers=4).options.buffer_chunk_size == 1_000_000
