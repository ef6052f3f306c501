"""The receiving side of one Forward connection.

Theory of operation. Frames are msgpack arrays that stand one after another. ``Unpacker.skip`` finds where each ends
without decoding it. Docker's driver sends one message a line, always with the same first bytes (array header, tag,
EventTime header): the session remembers these bytes, and where they occur as often as there are messages, all whole
messages of a read are handed on as one block of raw bytes. Where they do not, each message is compared; everything
that is not of the run takes the way through ``_frame``. What a block claims is checked again when it is decoded, so a
peer that hides such bytes in its texts can only spoil its own records.

States: ``greeting`` (a PING is due) until the sender has proved the shared key, then ``open``; after ``Refuse`` the
session is ``closed`` and further bytes are ignored.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final, TypeAlias

import msgpack as stream
from msgspec import Struct

from outrider.formats import compress, msgpack
from outrider.protocols.forward import layout
from outrider.protocols.forward.handshake import Secrets, check_ping, helo


class Shape(Enum):
    """What a block of raw records is made of; the value is the codec's name."""

    MESSAGES = "forward.messages"
    """``[tag, time, record, option?]`` arrays."""
    ENTRIES = "forward.entries"
    """``[time, record]`` or ``[[time, metadata], record]`` arrays."""


class Block(Struct, frozen=True):
    """``count`` records of ``tag`` as the raw bytes that came."""

    tag: str
    shape: Shape
    raw: bytes
    count: int


class Reply(Struct, frozen=True):
    """Bytes to send to the peer, after the blocks before it are safe."""

    data: bytes


class Refuse(Struct, frozen=True):
    """The peer broke the protocol: close the connection. What was in the frame is not taken."""

    reason: str


Event: TypeAlias = Block | Reply | Refuse

_CHUNK_KEY: Final = re.compile(rb"(?:\xa5|\xd9\x05|\xda\x00\x05|\xdb\x00\x00\x00\x05)chunk").search
_LOGS: Final = 0
_OPTION_MAX: Final = 4096
_RESCAN_MAX: Final = 65_536
_LOOKS_MAX: Final = 200


class ForwardSession:
    """One connection's protocol machine: ``feed`` bytes as they come, act on the events in order.

    ``buffer_max`` bounds one frame, its packed payload and the decompressed payload, in bytes.
    With ``secrets`` the peer must prove itself first: send ``greeting()`` on connect; ``nonce`` and ``auth`` are 16
    random bytes each.
    """

    def __init__(
        self,
        buffer_max: int = 6_144_000,
        secrets: Secrets | None = None,
        nonce: bytes = b"",
        auth: bytes = b"",
    ) -> None:
        self._buffer_max = buffer_max
        self._secrets = secrets
        self._nonce = nonce
        self._auth = auth if secrets and secrets.users else b""
        self._unfinished: list[bytes | memoryview] = []
        self._whole = 0
        self._scanner: stream.Unpacker | None = None
        self.waiting = 0
        """Bytes of an unfinished frame."""
        self._state = "greeting" if secrets else "open"
        self._prefix = b""
        self._tag = ""

    def greeting(self) -> bytes:
        """What to send first: HELO where a shared key is asked for, else nothing."""
        return helo(self._nonce, self._auth) if self._secrets else b""

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete."""
        if self._state == "closed":
            return []
        buffer = data
        if self._unfinished:
            self._unfinished.append(data)
            self.waiting += len(data)
            if self.waiting < self._whole or (self._scanner is not None and not self._is_whole(data)):
                return self._bounded([])
            buffer = b"".join(self._unfinished)
            self._keep(b"", None)
        events: list[Event] = []
        has_chunk = False
        if self._prefix and buffer.startswith(self._prefix):
            has_chunk = _has_chunk(buffer)
            if not has_chunk and self._whole_run(buffer, events):
                return self._bounded(events)
        base = self._packed_frames(buffer, events) if self._state == "open" else 0
        if self._state == "closed":
            return events
        if base == len(buffer):
            return self._bounded(events)
        whole = layout.packed_needs(buffer, base)
        if whole > len(buffer):
            self._keep(memoryview(buffer)[base:], None, whole - base)
            return self._bounded(events)
        has_chunk = has_chunk or _has_chunk(buffer)
        unpacker = stream.Unpacker(max_buffer_size=0)
        unpacker.feed(memoryview(buffer)[base:])
        skip, tell = unpacker.skip, unpacker.tell
        prefix = self._prefix
        start = run_start = base
        run = 0
        try:
            while True:
                skip()
                end = base + tell()
                if prefix and buffer.startswith(prefix, start) and not (has_chunk and buffer[start] == 0x94):
                    run += 1
                else:
                    if run:
                        events.append(Block(self._tag, Shape.MESSAGES, buffer[run_start:start], run))
                        run = 0
                    self._frame(buffer[start:end], events)
                    if self._state == "closed":
                        return events
                    prefix = self._prefix
                    run_start = end
                start = end
        except stream.OutOfData:
            pass
        except (stream.UnpackException, ValueError, RecursionError) as error:
            if run:
                events.append(Block(self._tag, Shape.MESSAGES, buffer[run_start:start], run))
            return self._refuse(events, f"not msgpack ({type(error).__name__})")
        if run:
            events.append(Block(self._tag, Shape.MESSAGES, buffer[run_start:start], run))
        self._keep(buffer[start:], unpacker)
        return self._bounded(events)

    def _keep(self, rest: bytes | memoryview, scanner: stream.Unpacker | None, whole: int = 0) -> None:
        """Wait for the rest of a frame. ``scanner`` has read so far: a large frame is not read anew with each feed.

        ``whole`` is the least size of the frame, as far as it is known.
        """
        self._unfinished = [rest] if rest else []
        self._whole = whole
        self.waiting = len(rest)
        self._scanner = scanner if len(rest) > _RESCAN_MAX else None

    def _is_whole(self, data: bytes) -> bool:
        """Whether the unfinished frame ends in these bytes, or is broken."""
        assert self._scanner is not None
        self._scanner.feed(data)
        try:
            self._scanner.skip()
        except stream.OutOfData:
            return False
        except (stream.UnpackException, ValueError, RecursionError):
            pass  # the slower way finds it too, and says what is wrong
        return True

    def _packed_frames(self, buffer: bytes, events: list[Event]) -> int:
        """Take whole PackedForward frames from the front, as Fluentd sends them; where the next one stands.

        Such frames are large, so this way looks only at their headers and copies the entries once.
        """
        start = 0
        while (found := layout.packed_at(buffer, start)) is not None:
            tag, body, option_start, left = found
            option: dict[str, Any] = {}
            end: int = option_start
            if left:
                unpacker = stream.Unpacker(max_buffer_size=0)
                unpacker.feed(buffer[option_start : option_start + _OPTION_MAX])
                try:
                    for _ in range(left):
                        unpacker.skip()
                except (stream.UnpackException, ValueError, RecursionError):
                    return start
                end = option_start + unpacker.tell()
                given = self._option(buffer[option_start:end], 0, left, events)
                if given is None:
                    return end
                option = given
            self._enter(tag)
            self._packed(self._inflate(body, left > 0, option, events), option, events)
            start = end
            if self._state == "closed":
                break
        return start

    def _whole_run(self, buffer: bytes, events: list[Event]) -> bool:
        """Whether every whole message in the buffer is of the current run; then it is one block."""
        unpacker = stream.Unpacker(max_buffer_size=0)
        count, end = layout.count_whole(unpacker, buffer)
        if end < 0 or buffer.count(self._prefix, 0, end) != count:
            return False
        if count:
            events.append(Block(self._tag, Shape.MESSAGES, buffer[:end], count))
        self._keep(buffer[end:], unpacker)
        return True

    def _bounded(self, events: list[Event]) -> list[Event]:
        if self.waiting > self._buffer_max:
            return self._refuse(events, f"a frame is larger than Buffer_Max_Size ({self._buffer_max} bytes)")
        return events

    def _refuse(self, events: list[Event], reason: str) -> list[Event]:
        self._state = "closed"
        self._keep(b"", None)
        events.append(Refuse(reason))
        return events

    def _enter(self, tag: str) -> None:
        """The frame at hand has this tag; a run of messages has ended where it is another one."""
        if tag != self._tag:
            self._tag, self._prefix = tag, b""

    def _frame(self, frame: bytes, events: list[Event]) -> None:
        """One whole frame that is not of the current run."""
        unpacker = stream.Unpacker(raw=True, max_buffer_size=0, strict_map_key=False)
        unpacker.feed(frame)
        try:
            size = unpacker.read_array_header()
        except (stream.UnpackException, ValueError):
            self._refuse(events, "a frame is not an array")
            return
        if self._state == "greeting":
            self._greet(frame, events)
            return
        if size < 2:
            self._refuse(events, "a frame has fewer than two elements")
            return
        tag_start = unpacker.tell()
        tag = unpacker.unpack() if layout.is_str(frame[tag_start]) else None
        if tag is None:
            self._refuse(events, "the tag is not text")
            return
        body_start = unpacker.tell()
        self._enter(tag.decode("utf-8", "surrogateescape"))
        kind = frame[body_start]
        if layout.is_array(kind):
            count = unpacker.read_array_header()
            entries_start = unpacker.tell()
            for _ in range(count):
                unpacker.skip()
            entries = frame[entries_start : unpacker.tell()]
            self._packed(entries, self._option(frame, unpacker.tell(), size - 2, events), events)
        elif layout.is_str(kind) or layout.is_bin(kind):
            payload = unpacker.unpack()
            option = self._option(frame, unpacker.tell(), size - 2, events)
            if option is None:
                return
            self._packed(self._inflate(payload, size > 2, option, events), option, events)
        elif re.match(layout.TIME, frame[body_start:], re.DOTALL):
            self._message(frame, size, body_start, events)
        else:
            self._refuse(events, "the second element is neither records nor a time")

    def _greet(self, frame: bytes, events: list[Event]) -> None:
        assert self._secrets is not None
        try:
            message = msgpack.decode(frame)
        except msgpack.MalformedError:
            message = None
        reply, reason = check_ping(message, self._secrets, self._nonce, self._auth)
        if reply:
            events.append(Reply(reply))
        if reason:
            self._refuse(events, reason)
        else:
            self._state = "open"

    def _option(self, frame: bytes, start: int, size: int, events: list[Event]) -> dict[str, Any] | None:
        """The option map; empty where there is none or it is nil (old Docker); None where it is no map."""
        if size <= 0:
            return {}
        try:
            (value, *_) = msgpack.decode_values([frame[start:]], size)
        except msgpack.MalformedError:
            value = False
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        self._refuse(events, "the option is not a map")
        return None

    def _message(self, frame: bytes, size: int, body_start: int, events: list[Event]) -> None:
        unpacker = stream.Unpacker(max_buffer_size=0)
        unpacker.feed(frame[body_start:])
        unpacker.skip()
        record_start = body_start + unpacker.tell()
        if size < 3 or not re.match(layout.MAP, frame[record_start : record_start + 1]):
            self._refuse(events, "the record is not a map")
            return
        unpacker.skip()
        option = self._option(frame, body_start + unpacker.tell(), size - 3, events)
        if option is None:
            return
        if option.get("fluent_signal", _LOGS) != _LOGS:
            self._refuse(events, "only logs are taken: the frame holds metrics or traces")
            return
        events.append(Block(self._tag, Shape.MESSAGES, frame, 1))
        self._acknowledge(option, events)
        if size <= 4 and frame[body_start : body_start + 2] == b"\xd7\x00":
            self._prefix = frame[: body_start + 2]

    def _acknowledge(self, option: dict[str, Any], events: list[Event]) -> None:
        chunk = option.get("chunk")
        if isinstance(chunk, str):
            events.append(Reply(msgpack.encode({"ack": chunk})))

    def _inflate(self, payload: bytes, has_option: bool, option: dict[str, Any], events: list[Event]) -> bytes | None:
        """The packed entries; the magic number overrides a wrong or missing ``compressed``, as in Fluent Bit."""
        kind = compress.sniff(payload) if has_option else ""
        wanted = option.get("compressed") or "text"
        if not kind and wanted not in ("text", "gzip", "zstd"):
            named = wanted if isinstance(wanted, str) else type(wanted).__name__
            self._refuse(events, f"unknown compression {named!r}"[:80])
            return None
        if not kind and wanted == "text":
            if len(payload) > self._buffer_max:
                self._refuse(events, "the packed payload is larger than Buffer_Max_Size")
                return None
            return payload
        try:
            return compress.inflate(payload, kind or wanted, self._buffer_max)
        except ValueError as error:
            self._refuse(events, str(error))
            return None

    def _packed(self, entries: bytes | None, option: dict[str, Any] | None, events: list[Event]) -> None:
        """The valid entries up to the first bad one; a bad one closes the connection without acknowledgement."""
        if entries is None or option is None or self._state == "closed":
            return
        if option.get("fluent_signal", _LOGS) != _LOGS:
            self._refuse(events, "only logs are taken: the frame holds metrics or traces")
            return
        count, end, reason = layout.count_entries(entries)
        if count:
            events.append(Block(self._tag, Shape.ENTRIES, entries[:end], count))
        if reason:
            self._refuse(events, reason)
        else:
            self._acknowledge(option, events)


def _has_chunk(buffer: bytes) -> bool:
    """Whether some option may ask for an acknowledgement.

    Looks for the last byte of the key's header first: to find one byte takes a fifth of the time for the word.
    """
    looks = 0
    for header_end in (b"\xa5", b"\x05"):
        at = buffer.find(header_end)
        while at >= 0:
            looks += 1
            if looks > _LOOKS_MAX or buffer.startswith(b"chunk", at + 1):
                return b"chunk" in buffer and _CHUNK_KEY(buffer) is not None
            at = buffer.find(header_end, at + 1)
    return False
