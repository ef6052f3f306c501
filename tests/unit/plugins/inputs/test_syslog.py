"""The syslog input in all its modes."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import UserError
from outrider.pipeline.config.definitions import ParserOptions
from outrider.plugins.inputs.syslog.standard import is_standard

LINE = b"<13>Nov 14 22:13:20 web app[7]: hello"
LONG = b"<13>1 2023-11-14T22:13:20.5Z web app 7 - - hello " + b"x" * 200


async def run(make: Any, intake_of: Any, send: Any, count: int, **options: Any) -> Any:
    plugin = make("input", "syslog", **options)
    intake = intake_of(plugin)
    await plugin.start(intake)
    await send()
    await intake.until(lambda seen: len(seen.records) >= count)
    await plugin.stop()
    return intake


def over_tcp(port: int, *parts: bytes) -> Any:
    async def send() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for part in parts:
            writer.write(part)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    return send


def over_udp(address: Any, *messages: bytes) -> Any:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET

    async def send() -> None:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            for message in messages:
                sock.sendto(message, address)

    return send


async def test_lines_over_tcp(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    send = over_tcp(unused_tcp_port, LINE + b"\n" + LINE[:10], LINE[10:] + b"\n\nno syslog\n", LINE)
    options = {"mode": "tcp", "listen": "127.0.0.1", "port": unused_tcp_port, "tag": "sys"}
    intake = await run(make, intake_of, send, 4, **options)
    assert [record.get("message") for record in intake.records] == ["hello", "hello", "no syslog", "hello"]
    assert intake.records[0] == {"pri": "13", "host": "web", "ident": "app", "pid": "7", "message": "hello"}
    assert set(intake.tags) == {"sys"}


@pytest.mark.parametrize("form", ["octet_counting", "auto"])
async def test_counted_messages(make: Any, intake_of: Any, unused_tcp_port: int, form: str) -> None:
    counted = b"%d %s%d %s" % (len(LINE), LINE, len(LONG), LONG)
    send = over_tcp(unused_tcp_port, counted[:20], counted[20:])
    options = {"mode": "tcp", "listen": "127.0.0.1", "port": unused_tcp_port, "format": form}
    intake = await run(make, intake_of, send, 2, **options)
    assert [record["host"] for record in intake.records] == ["web", "web"]


async def test_broken_counting_is_counted_and_closes(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    plugin = make("input", "syslog", mode="tcp", listen="127.0.0.1", port=unused_tcp_port, format="octet_counting")
    intake = intake_of(plugin)
    await plugin.start(intake)
    reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
    writer.write(b"no number")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    await intake.until(lambda seen: seen.refused)
    assert intake.refused[0][2] == "broken framing"
    writer.close()
    await plugin.stop()


async def test_datagrams(make: Any, intake_of: Any, unused_udp_port: int) -> None:
    send = over_udp(("127.0.0.1", unused_udp_port), LINE + b"\n", b"\r\n", LONG)
    options = {"mode": "udp", "listen": "127.0.0.1", "port": unused_udp_port, "receive_buffer_size": "100k"}
    intake = await run(make, intake_of, send, 2, **options)
    assert [record["message"][:5] for record in intake.records] == ["hello", "hello"]


async def test_datagrams_are_dropped_with_a_reason_when_there_is_no_room(
    make: Any, intake_of: Any, unused_udp_port: int
) -> None:
    plugin = make("input", "syslog", mode="udp", listen="127.0.0.1", port=unused_udp_port)
    intake = intake_of(plugin)
    await plugin.start(intake)
    intake.full = True
    await over_udp(("127.0.0.1", unused_udp_port), LINE)()
    await intake.until(lambda seen: seen.refused)
    await plugin.stop()
    assert intake.refused == [("syslog.0", 1, "datagram came while Mem_Buf_Limit was reached")]


@pytest.mark.parametrize("mode", ["unix_udp", "unix_tcp"])
async def test_unix_sockets(make: Any, intake_of: Any, short: Path, mode: str) -> None:
    path = short / "log"
    plugin = make("input", "syslog", mode=mode, path=path, unix_perm="0622")
    intake = intake_of(plugin)
    await plugin.start(intake)
    assert stat.S_IMODE(path.stat().st_mode) == 0o622
    kind = socket.SOCK_DGRAM if mode == "unix_udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_UNIX, kind) as sock:
        sock.connect(str(path))
        sock.sendall(LINE + b"\n")
    await intake.until(lambda seen: seen.records)
    await plugin.stop()
    assert intake.records[0]["message"] == "hello"


async def test_added_fields(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    options = {"raw_message_key": "raw", "source_address_key": "from"}
    tcp = {"mode": "tcp", "listen": "127.0.0.1", "port": unused_tcp_port, **options}
    intake = await run(make, intake_of, over_tcp(unused_tcp_port, LINE + b"\nodd \xff\n"), 2, **tcp)
    assert [record["raw"] for record in intake.records] == [LINE.decode(), "odd \udcff"]
    assert {record["from"] for record in intake.records} == {"127.0.0.1"}


async def test_long_messages_are_cut_and_counted(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    options = {"mode": "tcp", "listen": "127.0.0.1", "port": unused_tcp_port, "buffer_max_size": "100"}
    intake = await run(make, intake_of, over_tcp(unused_tcp_port, LONG + b"\n" + LINE + b"\n"), 2, **options)
    assert [record["message"][:5] for record in intake.records] == ["hello", "hello"]
    assert intake.refused == [("syslog.0", 1, "end of a message longer than Buffer_Max_Size")]


async def test_any_parser(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    send = over_tcp(unused_tcp_port, b'a=1 b\n=\nc="2"\n')
    options = {
        "mode": "tcp",
        "listen": "127.0.0.1",
        "port": unused_tcp_port,
        "parser": "logfmt",
        "raw_message_key": "r",
    }
    intake = await run(make, intake_of, send, 3, **options)
    assert intake.records == [{"a": "1", "b": True, "r": "a=1 b"}, {"message": "=", "r": "="}, {"c": "2", "r": 'c="2"'}]


async def test_any_parser_over_udp_gives_its_time(make: Any, intake_of: Any, unused_udp_port: int) -> None:
    line = b'{"time":"21/Nov/2026:09:20:11 +0000","a":1}'
    options = {"mode": "udp", "listen": "127.0.0.1", "port": unused_udp_port, "parser": "json"}
    intake = await run(make, intake_of, over_udp(("127.0.0.1", unused_udp_port), line), 1, **options)
    assert (intake.records, intake.batches[0].times) == ([{"a": 1}], [1_795_252_811_000_000_000])


STANDARD = (
    r"/^\<(?<pri>[0-9]+)\>(?<time>[^ ]* {1,2}[^ ]* [^ ]*) (?<host>[^ ]*) (?<ident>[a-zA-Z0-9_\/\.\-]*)"
    r"(?:\[(?<pid>[0-9]+)\])?(?:[^\:]*\:)? *(?<message>.*)$/"
)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"time_format": "%b %d %H:%M:%S"}, True),
        ({"regex": STANDARD.strip("/")}, True),
        ({"regex": STANDARD.replace("ident", "app")}, False),
        ({"time_keep": True}, False),
        ({"types": "pri:integer"}, False),
        ({"format": "json"}, False),
    ],
)
def test_own_parsers_that_are_standard_ones(more: dict[str, Any], expected: bool) -> None:
    values: dict[str, Any] = {"name": "mine", "format": "regex", "regex": STANDARD, **more}
    assert is_standard(ParserOptions(**values)) is expected


@pytest.mark.parametrize("parser", ["syslog-rfc5424", "syslog-rfc3164", "syslog-rfc3164-local"])
def test_built_in_parsers(make: Any, parser: str) -> None:
    assert make("input", "syslog", mode="tcp", parser=parser, buffer_chunk_size="32k").options.parser == parser


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "mode unix_udp needs path"),
        ({"mode": "tpc"}, "did you mean 'tcp'"),
        ({"mode": "tcp", "parser": "syslog-rfc5425"}, "did you mean 'syslog-rfc5424'"),
        ({"mode": "tcp", "unix_perm": "9"}, "not a permission"),
        ({"mode": "udp", "tls": "on"}, "mode udp has no TLS"),
    ],
)
def test_what_is_refused(make: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError, match=text):
        make("input", "syslog", **options)
