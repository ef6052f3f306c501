"""Between agent and server."""

from __future__ import annotations

import contextlib
from typing import Final

import zstandard

from fuzz.target import steered, target
from outrider.model.errors import UserError
from outrider.protocols.uplink import messages, rows
from outrider.protocols.uplink.reasons import Refusal
from outrider.protocols.uplink.token import JoinToken
from outrider.server.domain.query import parse_query
from outrider.server.domain.search import parse_search

_LIMITS: Final = rows.Limits(compressed=65_536, unpacked=262_144, rows=1000)
_ROW: Final = rows.Row(1, "t", "c", "i", "k", "s", "e", "m\xe9", {"a": "b"})
_KINDS: Final = (
    messages.EnrolRequest,
    messages.EnrolAnswer,
    messages.Heartbeat,
    messages.HeartbeatAnswer,
    messages.BatchAnswer,
)


@target("uplink.batch", rows.encode_batch([_ROW] * 3), weight=10)
def batch(data: bytes) -> None:
    """A batch as sent, and as packed inside of a good frame."""
    for body in (data, zstandard.ZstdCompressor(level=1).compress(data)):
        try:
            found = rows.decode_batch(body, _LIMITS)
        except Refusal:
            continue
        assert rows.decode_batch(rows.encode_batch(found), _LIMITS) == found


@target(
    "uplink.rows",
    zstandard.ZstdDecompressor().decompress(rows.encode_batch([_ROW])),
    b"\x91\x99" + b"\x01" + b"\xa0" * 7 + b"\x81\xa0" + b"\x91" * 600,
)
def packed(data: bytes) -> None:
    """Rows inside of a good frame."""
    with contextlib.suppress(Refusal):
        rows.decode_batch(zstandard.ZstdCompressor(level=1).compress(data), _LIMITS)


@target(
    "uplink.messages",
    b'\x00{"token":"x","csr_pem":"x","name":"n","kind":"host","labels":{"a":"b"}}',
    b'\x02{"ledger":{"accepted":1,"dropped":{"x":1}},"containers":[{"name":"a"}],"problems":[{"what":"x"}]}',
    b'\x03{"heartbeat_seconds":5,"x":' + b"[" * 600,
    b'\x05{"error":{"code":"malformed","message":"m","x":' + b"[" * 600,
    weight=20,
)
def bodies(data: bytes) -> None:
    """The JSON of both sides."""
    steer, body = steered(data)
    try:
        message = messages.decode_message(_KINDS[steer % 5], body)
    except Refusal:
        pass
    else:
        messages.encode_message(message)
    messages.encode_refusal(messages.decode_refusal(200 + steer, body))


@target("uplink.token", b"orj1.abcd." + b"A" * 22 + b"." + b"A" * 43, b"0" * 32, longest=256)
def token(data: bytes) -> None:
    """Join tokens and batch ids."""
    text = data.decode("utf-8", "replace")
    for read in (JoinToken.parse, messages.batch_id):
        with contextlib.suppress(Refusal):
            read(text)


@target(
    "server.search", b'q=a -b "c d" 10.0.0.1&from=1h&severity=error', b"cursor=1.2.3&limit=5&to=2026-01-01", longest=512
)
def search(data: bytes) -> None:
    """What a form or an address asks of the store."""
    text = data.decode("utf-8", "surrogateescape")
    with contextlib.suppress(UserError):
        parse_query(text)
    pairs = [part.partition("=") for part in text.split("&")]
    with contextlib.suppress(UserError):
        parse_search({name: value for name, _, value in pairs}, 1_700_000_000 * 10**9)
