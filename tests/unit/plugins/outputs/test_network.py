"""The syslog and forward outputs against sockets, and forward to forward."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgpack
import pytest

from outrider.model.errors import PeerError, UserError


class Peer:
    """Keeps what comes; ``answer`` maps what has come so far to bytes to send."""

    def __init__(self, answer: Any = None, greeting: bytes = b"") -> None:
        self.received = b""
        self.answer = answer
        self.greeting = greeting
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.greeting)
        try:
            while data := await reader.read(1 << 16):
                self.received += data
                if self.answer and (reply := self.answer(self.received)):
                    writer.write(reply)
        except (OSError, asyncio.CancelledError):
            pass
        writer.close()

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(10):
            while not condition(self.received):  # noqa: ASYNC110 - streams have no event for what they hold
                await asyncio.sleep(0.002)


@asynccontextmanager
async def peer(*arguments: Any) -> AsyncIterator[Peer]:
    found = Peer(*arguments)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


SEED = {
    "syslog_message_key": "log",
    "syslog_hostname_key": "container_id",
    "syslog_appname_key": "container_name",
    "syslog_procid_key": "pid",
}


async def test_syslog_over_tcp(make: Any, batch: Any) -> None:
    async with peer() as server:
        plugin = make(
            "output", "syslog", host="127.0.0.1", port=server.port, mode="tcp", syslog_format="rfc3164", **SEED
        )
        record = {"log": "hello", "container_id": "c0ffee", "container_name": "/web", "pid": "7"}
        for _ in range(3):
            delivery = await plugin.send(batch(record, record))
            assert delivery.delivered == 2
        await plugin.stop()
        await server.until(lambda data: data.count(b"\n") == 6)
    assert set(server.received.splitlines()) == {b"<14>Nov 14 22:13:20 c0ffee /web[7]: hello"}
    assert plugin.logged().count("connected to") == 1


OPTIONS_5424 = {
    "syslog_severity_key": "sev",
    "syslog_facility_key": "fac",
    "syslog_hostname_preset": "host",
    "syslog_appname_preset": "app",
    "syslog_procid_preset": "9",
    "syslog_msgid_key": "id",
    "syslog_msgid_preset": "none",
    "syslog_sd_key": ["sd", "x" * 40],
    "syslog_message_key": "log",
    "syslog_severity_preset": 3,
    "syslog_facility_preset": 2,
    "syslog_maxsize": "1K",
    "allow_longer_sd_id": "on",
}


async def test_syslog_5424_over_udp_with_every_option(make: Any, batch: Any, unused_udp_port: int) -> None:
    taken: asyncio.Queue[bytes] = asyncio.Queue()

    class Datagrams(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            taken.put_nowait(data)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Datagrams, local_addr=("127.0.0.1", unused_udp_port)
    )
    plugin = make("output", "syslog", host="127.0.0.1", port=unused_udp_port, **OPTIONS_5424)
    record = {"log": "hello", "sev": "1", "fac": "4", "id": "m", "sd": {"k": 'v"'}, "x" * 40: {"a": "b"}}
    await plugin.send(batch(record, {"log": "y" * 2000}))
    first, second = [await asyncio.wait_for(taken.get(), 5) for _ in range(2)]
    await plugin.stop()
    transport.close()
    sd = b'[sd k="v\\""][' + b"x" * 40 + b' a="b"]'
    assert first == b"<33>1 2023-11-14T22:13:20.123456Z host app 9 m " + sd + b" \xef\xbb\xbfhello"
    assert second.startswith(b"<19>1 2023-11-14T22:13:20.123456Z host app 9 none -")
    assert len(second) == 1000


async def test_a_refused_datagram_is_the_fault_of_its_own_batch(make: Any, batch: Any, unused_udp_port: int) -> None:
    plugin = make("output", "syslog", host="127.0.0.1", port=unused_udp_port, syslog_message_key="log")
    with pytest.raises(PeerError, match="Connection refused"):
        await plugin.send(batch({"log": "one"}))
    assert plugin._datagrams is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", unused_udp_port))
        assert (await plugin.send(batch({"log": "two"}))).delivered == 1
        assert listener.recv(1000).endswith(b"two")
    await plugin.stop()


async def test_no_message_is_longer_than_a_datagram(make: Any, batch: Any, unused_udp_port: int) -> None:
    taken: asyncio.Queue[int] = asyncio.Queue()

    class Datagrams(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            taken.put_nowait(len(data))

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Datagrams, local_addr=("127.0.0.1", unused_udp_port)
    )
    options = {"syslog_maxsize": "700K", "syslog_message_key": "log"}
    plugin = make("output", "syslog", host="127.0.0.1", port=unused_udp_port, **options)
    assert "more than a datagram holds" in plugin.logged()
    for _ in range(2):
        await plugin.send(batch({"log": "x" * 100_000}, {"log": "y"}))
    sizes = [await asyncio.wait_for(taken.get(), 5) for _ in range(4)]
    await plugin.stop()
    transport.close()
    assert sizes[0] == sizes[2] == 65_000
    assert sizes[1] < 100


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"mode": "dtls"}, "mode dtls is not supported; fix: use mode tls"),
        ({"mode": "udp", "tls": "on"}, "mode udp has no TLS"),
        ({"syslog_severity_preset": 8}, "not between 0 and 7"),
        ({"syslog_facility_preset": 24}, "not between 0 and 23"),
        ({"mode": "tls", "tls.ca_file": "/nowhere"}, "TLS files cannot be used"),
        ({"syslog_format": "rfc1"}, "allowed: rfc5424, rfc3164"),
    ],
)
def test_what_syslog_refuses(make: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError, match=text):
        make("output", "syslog", **options)


async def test_a_peer_that_is_not_there(make: Any, batch: Any, unused_tcp_port: int) -> None:
    for name, options in (("syslog", {"mode": "tcp"}), ("forward", {})):
        plugin = make("output", name, host="127.0.0.1", port=unused_tcp_port, **options)
        with pytest.raises(PeerError, match=f"127.0.0.1:{unused_tcp_port}: "):
            await plugin.send(batch({"log": "x"}))
        await plugin.stop()


# -- forward


async def frame_of(make: Any, batch: Any, **options: Any) -> Any:
    async with peer() as server:
        plugin = make("output", "forward", host="127.0.0.1", port=server.port, **options)
        found = batch({"n": 1}, {"n": 2})
        found.metadata = [{"m": 1}, {}]
        await plugin.send(found)
        await plugin.stop()
        await server.until(lambda data: data)
    return msgpack.unpackb(server.received, strict_map_key=False)


async def test_a_packed_frame(make: Any, batch: Any) -> None:
    tag, packed, option = await frame_of(make, batch, add_option="env prod", fluentd_compat="on", send_options="on")
    entries = list(unpacked(packed))
    assert (tag, [record for _, record in entries]) == ("app", [{"n": 1}, {"n": 2}])
    assert entries[0][0].data[:4] == (1_700_000_000).to_bytes(4, "big")
    assert option == {"size": 2, "fluent_signal": 0, "env": "prod"}


async def test_a_frame_with_other_options(make: Any, batch: Any) -> None:
    options = {"tag": "other", "time_as_integer": "on", "compress": "gzip", "retain_metadata_in_forward_mode": "on"}
    tag, packed, option = await frame_of(make, batch, **options)
    assert tag == "other"
    assert list(unpacked(gzip.decompress(packed))) == [
        [[1_700_000_000, {"m": 1}], {"n": 1}],
        [[1_700_000_000, {}], {"n": 2}],
    ]
    assert option["compressed"] == "gzip"


def unpacked(packed: bytes) -> Any:
    unpacker = msgpack.Unpacker()
    unpacker.feed(packed)
    return unpacker


def acknowledge(received: bytes) -> bytes:
    unpacker = msgpack.Unpacker()
    unpacker.feed(received)
    frame: Any = list(unpacker)[-1]
    packed: bytes = msgpack.packb({"ack": frame[2]["chunk"]})
    return packed


async def test_an_acknowledgement_is_waited_for(make: Any, batch: Any) -> None:
    async with peer(acknowledge) as server:
        plugin = make("output", "forward", host="127.0.0.1", port=server.port, require_ack_response="on", ack_timeout=5)
        for n in range(2):
            assert (await plugin.send(batch({"n": n}))).delivered == 1
        await plugin.stop()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda received: msgpack.packb({"ack": "other"}), "wrong acknowledgement"),
        (lambda received: b"\xc1", "not msgpack"),
        (lambda received: b"\xdb\x00\xff\xff\xff" + bytes(70_000), "too long"),
        (None, "no answer within 1 seconds"),
    ],
)
async def test_without_a_right_acknowledgement_nothing_is_delivered(
    make: Any, batch: Any, answer: Any, text: str
) -> None:
    async with peer(answer) as server:
        plugin = make("output", "forward", host="127.0.0.1", port=server.port, require_ack_response="on", ack_timeout=1)
        with pytest.raises(PeerError, match=text):
            await plugin.send(batch({"n": 1}))
        await plugin.stop()


async def test_the_same_records_have_the_same_chunk_id(make: Any, batch: Any) -> None:
    async with peer(acknowledge) as server:
        plugin = make("output", "forward", host="127.0.0.1", port=server.port, require_ack_response="on")
        for _ in range(2):
            await plugin.send(batch({"n": 1}))
        await plugin.stop()
        first, second = unpacked(server.received)
    assert first == second


@pytest.mark.parametrize("greeting", [b"\xc1", msgpack.packb(["NO"]), msgpack.packb(["HELO", {"nonce": 5}])])
async def test_a_peer_that_cannot_shake_hands(make: Any, batch: Any, greeting: bytes) -> None:
    async with peer(lambda received: msgpack.packb(["PONG", False, "no"]), greeting) as server:
        plugin = make("output", "forward", host="127.0.0.1", port=server.port, shared_key="k")
        with pytest.raises(PeerError, match=r"not msgpack|expected HELO|expected PONG"):
            await plugin.send(batch({"n": 1}))
        await plugin.stop()


BOTH_ENDS = [
    ({}, {}),
    ({"shared_key": "k"}, {"shared_key": "k"}),
    ({"empty_shared_key": "on"}, {"empty_shared_key": "on"}),
    (
        {"shared_key": "k", "security.users": "bob pass"},
        {"shared_key": "k", "username": "bob", "password": "pass"},
    ),
]


@pytest.mark.parametrize(("receiver", "sender"), BOTH_ENDS)
@pytest.mark.parametrize("compress", ["text", "gzip"])
async def test_forward_to_forward(
    make: Any, intake_of: Any, batch: Any, unused_tcp_port: int, receiver: Any, sender: Any, compress: str
) -> None:
    source = make("input", "forward", listen="127.0.0.1", port=unused_tcp_port, self_hostname="in", **receiver)
    intake = intake_of(source)
    await source.start(intake)
    plugin = make(
        "output",
        "forward",
        host="127.0.0.1",
        port=unused_tcp_port,
        self_hostname="out",
        compress=compress,
        require_ack_response="on",
        ack_timeout=5,
        **sender,
    )
    sent = batch({"n": 1, "odd": "\udcff"}, {"n": {"deep": [None, 1.5]}})
    for _ in range(2):
        await plugin.send(sent)
    await plugin.stop()
    await source.stop()
    assert intake.records == sent.records * 2
    assert [time for found in intake.batches for time in found.times] == sent.times * 2
    assert set(intake.tags) == {"app"}


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        ({"shared_key": "wrong"}, "closed"),
        ({"shared_key": "k", "username": "bob", "password": "wrong"}, "refused: username/password mismatch"),
        ({"shared_key": "k", "self_hostname": "in"}, "username/password mismatch|own host name"),
    ],
)
async def test_a_wrong_key_is_told(
    make: Any, intake_of: Any, batch: Any, unused_tcp_port: int, sender: Any, text: str
) -> None:
    source = make(
        "input",
        "forward",
        listen="127.0.0.1",
        port=unused_tcp_port,
        self_hostname="in",
        shared_key="k",
        **{"security.users": "bob pass"},
    )
    await source.start(intake := intake_of(source))
    plugin = make("output", "forward", **{"host": "127.0.0.1", "port": unused_tcp_port, "self_hostname": "o", **sender})
    with pytest.raises(PeerError, match=text):
        await plugin.send(batch({"n": 1}))
    await plugin.stop()
    await source.stop()
    assert intake.records == []
    assert "connection from" in source.logged()


async def test_a_unix_socket(make: Any, intake_of: Any, batch: Any, short: Any) -> None:
    source = make("input", "forward", unix_path=short / "f.sock")
    await source.start(intake := intake_of(source))
    plugin = make("output", "forward", unix_path=short / "f.sock")
    await plugin.send(batch({"n": 1}))
    await intake.until(lambda seen: seen.records)
    await plugin.stop()
    await source.stop()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"upstream": "nowhere"}, "the upstream file .nowhere. was not found"),
        ({"add_option": "one"}, "add_option"),
        ({"compress": "zip"}, "allowed: text, gzip"),
    ],
)
def test_what_forward_refuses(make: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError, match=text):
        make("output", "forward", **options)
