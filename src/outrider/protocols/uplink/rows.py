"""The body of a batch: ``[[ts_ns, tag, container, …], …]`` as msgpack, in one zstd frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import zstandard

from outrider.protocols.uplink.readable import readable_text
from outrider.protocols.uplink.reasons import Reason, Refusal

MIN_TS_NS = -2_208_988_800 * 10**9
"""1900-01-01, the earliest time that the store can hold."""
MAX_TS_NS = 2**63 - 1
"""2262-04-11, the latest."""
MESSAGE_BYTES = 1 << 20
"""The longest message, in UTF-8; a router's own limit is 786,432."""
NAME_LENGTH = 4096
"""Characters of tag, container and their like, and of the name of an attribute."""
ATTRIBUTES = 64
"""The attributes that a row may have."""
ATTRIBUTES_LENGTH = 64 << 10
"""Characters of all their names and values together."""
LEFT_OUT = "outrider_left_out"
"""The attribute that says how many others ``encode_batch`` had to leave out."""
_LEVEL = 3
# A window is memory that the sender makes the receiver take; levels up to 19 stay below this.
_MAX_WINDOW = 8 << 20
_STEP = 1 << 20
# So many characters can be more bytes than a message may have.
_MAYBE_LONG = MESSAGE_BYTES // 4
_CUT = "… [cut: the message had {} bytes]"

_Name = Annotated[str, msgspec.Meta(max_length=NAME_LENGTH)]


class Row(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """One record. ``ts_ns``: nanoseconds since the epoch, UTC. Empty text where something is not known.

    The host is not in it: the server takes that from the sender's certificate. The bounds are judged by the decoder
    before it builds what is too large.
    """

    ts_ns: Annotated[int, msgspec.Meta(ge=MIN_TS_NS, le=MAX_TS_NS)]
    tag: _Name
    container: _Name
    container_id: _Name
    task: _Name
    stream: _Name
    severity: _Name
    message: Annotated[str, msgspec.Meta(max_length=MESSAGE_BYTES)]
    attrs: Annotated[dict[_Name, str], msgspec.Meta(max_length=ATTRIBUTES)]


class Limits(msgspec.Struct, frozen=True):
    """What a receiver takes at most: bytes as sent, bytes unpacked, rows."""

    compressed: int = 16 << 20
    unpacked: int = 32 << 20
    rows: int = 50_000


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Row])


def encode_batch(rows: Sequence[Row]) -> bytes:
    """The body for these rows; at least one.

    Text that is not valid Unicode (undecodable bytes, as surrogate escapes) is written as ``\\xHH``; a time outside of
    1900 to 2262 is moved to the nearer end. What no receiver takes is cut, so that a row costs none of the others: the
    end of a message and of a name, and attributes (``LEFT_OUT`` says how many). The rows themselves stay as they are.
    """
    if not rows:
        raise ValueError("a batch has at least one row")
    if min(row.ts_ns for row in rows) < MIN_TS_NS or max(row.ts_ns for row in rows) > MAX_TS_NS:
        rows = [msgspec.structs.replace(row, ts_ns=min(max(row.ts_ns, MIN_TS_NS), MAX_TS_NS)) for row in rows]
    try:
        packed = _encoder.encode(rows if all(map(_fits, rows)) else [_cut(_readable(row)) for row in rows])
    except UnicodeEncodeError:
        packed = _encoder.encode([_cut(_readable(row)) for row in rows])
    return zstandard.ZstdCompressor(level=_LEVEL).compress(packed)


def decode_batch(body: bytes, limits: Limits) -> list[Row]:
    """The rows of a body from anybody. Raises ``Refusal`` with ``malformed`` or ``too_big``, and nothing else.

    Memory is bounded by ``limits`` whatever the body claims about itself.
    """
    packed = unpack(body, limits)
    rows = _row_count(packed)
    if rows > limits.rows:
        raise Refusal(Reason.TOO_BIG, f"the batch has {rows} rows; the limit is {limits.rows}", "send smaller batches")
    try:
        decoded = _decoder.decode(packed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(Reason.MALFORMED, f"the batch is not an array of rows: {error}") from error
    if not decoded:
        raise Refusal(Reason.MALFORMED, "the batch is empty")
    for number, row in enumerate(decoded):
        if not _content_fits(row):
            raise Refusal(
                Reason.TOO_BIG,
                f"row {number} is too large: a message has {MESSAGE_BYTES} bytes, the attributes of a row have"
                f" {ATTRIBUTES_LENGTH} characters at most",
                "cut what is longer",
            )
    return decoded


def unpacked_size(body: bytes) -> int:
    """How many bytes ``unpack`` would return, counted, without holding them. Raises ``Refusal``: no zstd frame."""
    try:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
        with decompressor.stream_reader(body, read_across_frames=True) as reader:
            return sum(map(len, iter(lambda: reader.read(_STEP), b"")))
    except zstandard.ZstdError as error:
        raise _no_frame(error) from error


def unpack(body: bytes, limits: Limits) -> bytes:
    """The bytes inside of the zstd frame. Raises as ``decode_batch``."""
    if len(body) > limits.compressed:
        raise Refusal(
            Reason.TOO_BIG, f"the body has {len(body)} bytes; the limit is {limits.compressed}", "send smaller batches"
        )
    try:
        stated = zstandard.get_frame_parameters(body).content_size
        # The library believes a frame that states its size, whatever maximum it is given: judge the statement first.
        if stated != zstandard.CONTENTSIZE_UNKNOWN and stated > limits.unpacked:
            raise _too_big(limits)
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
        with decompressor.stream_reader(body, read_across_frames=True) as reader:
            packed = reader.read(limits.unpacked + 1)
    except zstandard.ZstdError as error:
        raise _no_frame(error) from error
    if len(packed) > limits.unpacked:
        raise _too_big(limits)
    return packed


def _no_frame(error: Exception) -> Refusal:
    return Refusal(Reason.MALFORMED, f"the body is not a zstd frame: {error}")


def _too_big(limits: Limits) -> Refusal:
    return Refusal(Reason.TOO_BIG, f"the batch unpacks to more than {limits.unpacked} bytes", "send smaller batches")


def _row_count(packed: bytes) -> int:
    """Rows as stated by the array's head: judged before anything is built from it."""
    head = packed[:1]
    if head and 0x90 <= head[0] <= 0x9F:
        return head[0] & 0x0F
    if head == b"\xdc":
        return int.from_bytes(packed[1:3], "big")
    if head == b"\xdd":
        return int.from_bytes(packed[1:5], "big")
    raise Refusal(Reason.MALFORMED, "the batch is not an array of rows")


def _names(row: Row) -> tuple[str, ...]:
    return row.tag, row.container, row.container_id, row.task, row.stream, row.severity


def _fits(row: Row) -> bool:
    """Would a receiver take the row?"""
    return _content_fits(row) and max(map(len, _names(row))) <= NAME_LENGTH


def _content_fits(row: Row) -> bool:
    """The same for message and attributes."""
    message, attrs = row.message, row.attrs
    if len(message) > _MAYBE_LONG and len(message.encode("utf-8", "surrogatepass")) > MESSAGE_BYTES:
        return False
    if not attrs:
        return True
    length = sum(map(len, attrs)) + sum(map(len, attrs.values()))
    if length <= NAME_LENGTH and len(attrs) <= ATTRIBUTES:
        return True
    return len(attrs) <= ATTRIBUTES and length <= ATTRIBUTES_LENGTH and max(map(len, attrs)) <= NAME_LENGTH


def _cut(row: Row) -> Row:
    if _fits(row):
        return row
    message = row.message
    octets = message.encode("utf-8", "surrogatepass")
    if len(octets) > MESSAGE_BYTES:
        note = _CUT.format(len(octets))
        message = octets[: MESSAGE_BYTES - len(note.encode())].decode("utf-8", "ignore") + note
    tag, container, container_id, task, stream, severity = (name[:NAME_LENGTH] for name in _names(row))
    return Row(row.ts_ns, tag, container, container_id, task, stream, severity, message, _cut_attributes(row.attrs))


def _cut_attributes(attrs: dict[str, str]) -> dict[str, str]:
    """As many as there is room for, and for how many there was none."""
    kept: dict[str, str] = {}
    room = ATTRIBUTES_LENGTH - NAME_LENGTH
    for name, value in attrs.items():
        if len(kept) < ATTRIBUTES - 1 and len(name) <= NAME_LENGTH and len(name) + len(value) <= room:
            kept[name] = value
            room -= len(name) + len(value)
    if len(kept) < len(attrs):
        kept[LEFT_OUT] = str(len(attrs) - len(kept))
    return kept


def _readable(row: Row) -> Row:
    return Row(
        row.ts_ns,
        tag=readable_text(row.tag),
        container=readable_text(row.container),
        container_id=readable_text(row.container_id),
        task=readable_text(row.task),
        stream=readable_text(row.stream),
        severity=readable_text(row.severity),
        message=readable_text(row.message),
        attrs={readable_text(key): readable_text(value) for key, value in row.attrs.items()},
    )
