"""The Forward protocol and msgpack."""

from __future__ import annotations

import contextlib
from typing import Any

from fuzz.target import pieces, steered, target
from outrider.formats import compress, msgpack
from outrider.model.batch import Batch
from outrider.plugins.inputs.forward.decode import decode_entries, decode_messages
from outrider.protocols.forward.handshake import Secrets, check_pong, ping
from outrider.protocols.forward.session import Block, ForwardSession, Refuse, Shape

SECRETS = Secrets(b"secret", "server", {"user": "password"})
NONCE, AUTH = b"n" * 16, b"a" * 16
LIMIT = 65_536
_TIME = b"\xd7\x00\x65\x53\xf1\x00\x07\x5b\xcd\x15"
_MESSAGE = b"\x93\xa3app" + _TIME + b"\x81\xa3log\xa5hello"
_ENTRIES = (b"\x92" + _TIME + b"\x81\xa3log\xa5hello") * 2
_PING, _ = ping(
    ["HELO", {"nonce": NONCE, "auth": AUTH}],
    hostname="client",
    shared_key=b"secret",
    salt=b"s",
    username="user",
    password="password",
)


def decoded(blocks: list[Block]) -> list[Batch]:
    """What the blocks become when a chunk is decoded; no block may have more records than it says."""
    batches = []
    for block in blocks:
        decode = decode_messages if block.shape is Shape.MESSAGES else decode_entries
        batch = decode(block.tag, [block.raw], block.count)
        assert len(batch) <= block.count
        assert len(batch.times) == len(batch.records)
        batches.append(batch)
    return batches


def _session(data: bytes, size: int, secrets: Secrets | None) -> tuple[list[Block], list[str]]:
    session = ForwardSession(LIMIT, secrets, NONCE, AUTH)
    session.greeting()
    events = [event for piece in pieces(data, size) for event in session.feed(piece)]
    return (
        [event for event in events if isinstance(event, Block)],
        [event.reason for event in events if isinstance(event, Refuse)],
    )


def _seen(blocks: list[Block]) -> list[tuple[str, int, bytes]]:
    # As msgpack: what is no number is not equal to itself, and extension types have no text of their own.
    seen: list[tuple[str, int, bytes]] = []
    for batch in decoded(blocks):
        rows = zip(batch.times, batch.records, strict=True)
        seen += [(batch.tag, time, msgpack.encode(record)) for time, record in rows]
    return seen


@target(
    "forward.session",
    b"\x05" + _MESSAGE * 3,
    b"\x09" + msgpack.encode(["app", _ENTRIES, {"size": 2, "chunk": "abc"}]),
    b"\x40" + msgpack.encode(["app", compress.gzip(_ENTRIES), {"compressed": "gzip"}]),
    b"\x40" + msgpack.encode(["app", compress.zstd(_ENTRIES), {"compressed": "zstd"}]),
    b"\x01" + b"\x92\xa3app\x92" + _ENTRIES,
    b"\x40" + b"\x92\xa3app\x92" + _ENTRIES + msgpack.encode(["t", 1, {"a": 1.5}, {"metadata": {"b": None}}]),
    b"\x40" + b"\x93\xa3app\xc4\x00\x82\xa3bad\xa1\xff\xaacompressed" + b"\x91" * 1015 + b"\x90",
    recorded="forward",
    weight=60,
)
def session(data: bytes) -> None:
    """An open connection; pieces of any size give the same records."""
    size, stream = steered(data)
    whole, faults = _session(stream, len(stream), None)
    split, split_faults = _session(stream, size, None)
    assert len(faults) <= 1
    found, split_found = _seen(split), _seen(whole)
    # Who hides the beginning of a message in a text may get a bad frame by, which is left out when it is decoded.
    if not faults and not split_faults:
        assert found == split_found


@target("forward.handshake", b"\x40" + _PING, b"\x07" + _PING + _MESSAGE, recorded="forward", weight=20)
def handshake(data: bytes) -> None:
    """A connection that has to prove a shared key first, and both sides' replies."""
    size, stream = steered(data)
    blocks, _ = _session(stream, size, SECRETS)
    decoded(blocks)
    try:
        message: Any = msgpack.decode(stream)
    except msgpack.MalformedError:
        return
    with contextlib.suppress(ValueError):
        ping(message, hostname="client", shared_key=b"secret", salt=b"s", username="user", password="password")
    check_pong(message, nonce=NONCE, salt=b"s", shared_key=b"secret", hostname="client")


@target("forward.entries", b"\x02" + _ENTRIES, b"\x03" + _MESSAGE * 3, weight=20)
def entries(data: bytes) -> None:
    """Blocks that claim what they are not."""
    count, raw = steered(data)
    for decode in (decode_entries, decode_messages):
        try:
            batch = decode("tag", [raw], count)
        except msgpack.MalformedError:
            continue
        assert len(batch.times) == len(batch.records) <= count


@target("msgpack.values", b"\x01\x82\xa1a\xc4\x02\xff\xfe\xa1b\xcb" + bytes(8), b"\x02\xd7\x00" + bytes(8) + b"\xc0")
def values(data: bytes) -> None:
    """Streams of msgpack; what was decoded can be encoded, and means the same then."""
    count, raw = steered(data)
    try:
        found = msgpack.decode_values([raw[: count + 1], raw[count + 1 :]], count)
    except msgpack.MalformedError:
        found = []
    for value in found:
        again = msgpack.decode(msgpack.encode(value))
        assert repr(again) == repr(value) or "Ext" in repr(value) or "NaN" in repr(value) or value != value
    with contextlib.suppress(msgpack.MalformedError):
        msgpack.decode(raw)


@target(
    "compress.inflate", b"\x00" + compress.gzip(b"x" * 99), b"\x01" + compress.zstd(b"x" * 99), b"\x02x\x9c\x03\x00"
)
def inflate(data: bytes) -> None:
    """Compressed payloads; what comes out is bounded."""
    kind, raw = steered(data)
    with contextlib.suppress(ValueError):
        assert len(compress.inflate(raw, ("gzip", "zstd", "zlib")[kind % 3], LIMIT)) <= LIMIT
