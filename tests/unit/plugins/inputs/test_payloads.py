"""The udp and unix_socket inputs."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import UserError


async def udp(
    make: Any, intake_of: Any, port: int, wanted: int, *datagrams: bytes, full: bool = False, **options: Any
) -> Any:
    plugin = make("input", "udp", listen="127.0.0.1", port=port, **options)
    intake = intake_of(plugin)
    intake.full = full
    await plugin.start(intake)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, ("127.0.0.1", port))
    await intake.until(lambda intake: len(intake.records) + len(intake.refused) >= wanted)
    await plugin.stop()
    intake.logged = plugin.logged()
    return intake


async def test_json_datagrams(make: Any, intake_of: Any, unused_udp_port: int) -> None:
    sent = (b'{"a":1}\n{"b":2}', b"[3]", b"4", b'{"cut":', b"?", b'{"n":' + b"9" * 5000 + b"}")
    intake = await udp(make, intake_of, unused_udp_port, 7, *sent, tag="t", source_address_key="from")
    assert [{**record, "from": ""} for record in intake.records] == [
        {"a": 1, "from": ""},
        {"b": 2, "from": ""},
        {"msg": [3], "from": ""},
        {"msg": 4, "from": ""},
    ]
    assert intake.records[0]["from"] == "127.0.0.1"
    assert intake.refused == [("t", 1, "record too large or not JSON")] * 3
    assert "dropped in part" in intake.logged


async def test_lines_in_datagrams(make: Any, intake_of: Any, unused_udp_port: int) -> None:
    intake = await udp(make, intake_of, unused_udp_port, 3, b"one\ntwo\n", b"no end", format="none")
    assert [record["log"] for record in intake.records] == ["one", "two", "no end"]


async def test_a_parser_for_datagrams(make: Any, intake_of: Any, unused_udp_port: int) -> None:
    intake = await udp(make, intake_of, unused_udp_port, 1, b"a=1\n", parser="logfmt")
    assert intake.records == [{"a": "1"}]


async def test_datagrams_cannot_wait(make: Any, intake_of: Any, unused_udp_port: int) -> None:
    intake = await udp(make, intake_of, unused_udp_port, 1, b"{}", full=True)
    assert intake.refused == [("udp.0", 1, "datagram came while Mem_Buf_Limit was reached")]


@pytest.mark.parametrize("mode", ["stream", "dgram"])
async def test_a_unix_socket(make: Any, intake_of: Any, short: Path, mode: str) -> None:
    path = short / "s.sock"
    plugin = make("input", "unix_socket", socket_path=path, socket_mode=mode, socket_permissions="0600", tag="u")
    intake = intake_of(plugin)
    await plugin.start(intake)
    assert path.stat().st_mode & 0o777 == 0o600
    kind = socket.SOCK_STREAM if mode == "stream" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_UNIX, kind) as sender:
        sender.connect(str(path))
        sender.sendall(b'{"a":1}')
        await intake.until(lambda intake: intake.records)
        sender.sendall(b"{")
        if kind == socket.SOCK_DGRAM:
            await intake.until(lambda intake: intake.refused)
    await plugin.stop()
    assert intake.records == [{"a": 1}]
    assert [count for _, count, _ in intake.refused] == [1]
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("udp", {"tls": "on"}, "no TLS"),
        ("udp", {"buffer_size": "0"}, "at least 1"),
        ("udp", {"parser": "nothing"}, "not known"),
        ("unix_socket", {}, "socket_path is missing"),
        ("unix_socket", {"socket_path": "/x", "tls": "on"}, "no TLS"),
        ("unix_socket", {"socket_path": "/x", "separator": ""}, None),
        ("unix_socket", {"socket_path": "/x", "separator": r"\x"}, "separator"),
    ],
)
def test_options(make: Any, name: str, options: Any, text: str | None) -> None:
    if text is None:
        make("input", name, **options)
        return
    with pytest.raises(UserError, match=text):
        make("input", name, **options)


async def test_what_came_before_a_fault_is_kept(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    plugin = make("input", "tcp", listen="127.0.0.1", port=unused_tcp_port, buffer_size=1)
    intake = intake_of(plugin)
    await plugin.start(intake)
    reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
    writer.write(b'{"a":1} "' + b"x" * 2000)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    await plugin.stop()
    assert intake.records == [{"a": 1}]
