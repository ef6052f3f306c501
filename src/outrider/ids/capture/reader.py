"""Capture files, pcap and pcapng, read as a stream.

Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from outrider.ids.capture.frame import CaptureError, Frame

FRAME_LIMIT: Final = 1 << 20
"""Most bytes of one frame."""
_BLOCK_LIMIT: Final = 4 << 20
_PCAP: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1, 0),
    b"\xa1\xb2\xc3\xd4": (">", 1, 0),
    b"\x4d\x3c\xb2\xa1": ("<", 1000, 0),
    b"\xa1\xb2\x3c\x4d": (">", 1000, 0),
    b"\x34\xcd\xb2\xa1": ("<", 1, 8),
    b"\xa1\xb2\xcd\x34": (">", 1, 8),
}
"""First bytes to byte order, units in a microsecond, and bytes more in the head of a frame."""
_SECTION: Final = b"\x0a\x0d\x0d\x0a"
_LATEST: Final = 253_402_300_800_000_000
_INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED = 1, 2, 3, 6
_RESOLUTION, _OFFSET = 9, 14

Read = Callable[[int], bytes]
"""Gives up to so many bytes; fewer at the end only."""


def frames(read: Read) -> Iterator[Frame]:
    """The frames of a capture. Raises CaptureError for what is none, or where it is damaged or cut off."""
    magic = read(4)
    if magic == _SECTION:
        yield from _pcapng(read)
    elif magic in _PCAP:
        yield from _pcap(read, *_PCAP[magic])
    else:
        raise CaptureError("this is no capture: it begins neither as pcap nor as pcapng")


def _pcap(read: Read, order: str, units: int, more: int) -> Iterator[Frame]:
    head = read(20)
    if len(head) < 20:
        raise CaptureError("the head of the capture is cut off")
    link = struct.unpack(f"{order}I", head[16:])[0] & 0xFFFF
    unpack = struct.Struct(f"{order}IIII").unpack
    number = 0
    while told := read(16):
        if len(told) < 16:
            raise CaptureError(f"frame {number + 1} is cut off")
        seconds, part, kept, _ = unpack(told)
        if kept > FRAME_LIMIT:
            raise CaptureError(f"frame {number + 1} has {kept} bytes, more than {FRAME_LIMIT}")
        if more:
            read(more)
        data = read(kept)
        if len(data) < kept:
            raise CaptureError(f"frame {number + 1} is cut off")
        number += 1
        yield Frame(number, seconds * 1_000_000 + part // units, link, data)


@dataclass(slots=True)
class _Interface:
    link: int
    units: int
    """In a second."""
    offset: int

    def microseconds(self, time: int) -> int:
        found = self.offset * 1_000_000 + time * 1_000_000 // self.units
        if not 0 <= found < _LATEST:
            raise CaptureError("a frame has a time that is none: before 1970, or after the year 9999")
        return found


def _pcapng(read: Read) -> Iterator[Frame]:
    order = "<"
    interfaces: list[_Interface] = []
    number = 0
    time = 0
    kind = int.from_bytes(_SECTION, "little")
    while True:
        if kind == 0x0A0D0D0A:
            told, magic = read(4), read(4)
            if magic not in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d"):
                raise CaptureError("a section of the capture has no byte order")
            order = "<" if magic == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
            _body(read, order, told, 12, number)
        else:
            body = _body(read, order, read(4), 8, number)
            if kind == _INTERFACE and len(body) >= 8:
                interfaces.append(_interface(body, order))
            elif kind in (_ENHANCED, _OLD_PACKET) and len(body) >= 20:
                if kind == _ENHANCED:
                    at, high, low, kept, _ = struct.unpack_from(f"{order}IIIII", body)
                else:
                    at, _, high, low, kept, _ = struct.unpack_from(f"{order}HHIIII", body)
                interface = _known(interfaces, at)
                time = interface.microseconds(high << 32 | low)
                number += 1
                yield Frame(number, time, interface.link, body[20 : 20 + kept])
            elif kind == _SIMPLE and len(body) >= 4:
                kept = struct.unpack_from(f"{order}I", body)[0]
                number += 1
                yield Frame(number, time, _known(interfaces, 0).link, body[4 : 4 + kept])
        following = read(4)
        if not following:
            return
        if len(following) < 4:
            raise CaptureError(f"the capture is cut off after frame {number}")
        kind = struct.unpack(f"{order}I", following)[0]


def _body(read: Read, order: str, told: bytes, before: int, number: int) -> bytes:
    """The rest of a block, without its length at the end."""
    if len(told) < 4:
        raise CaptureError(f"the capture is cut off after frame {number}")
    size = struct.unpack(f"{order}I", told)[0]
    if not before + 4 <= size <= _BLOCK_LIMIT:
        raise CaptureError(f"a block after frame {number} has {size} bytes")
    left = (size + 3) // 4 * 4 - before
    body = read(left)
    if len(body) < left:
        raise CaptureError(f"the capture is cut off after frame {number}")
    return body[:-4]


def _interface(body: bytes, order: str) -> _Interface:
    link = struct.unpack_from(f"{order}H", body)[0]
    units, offset = 1_000_000, 0
    at = 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(f"{order}HH", body, at)
        value = body[at + 4 : at + 4 + size]
        if code == 0:
            break
        if code == _RESOLUTION and size == 1:
            power = value[0] & 0x7F
            units = 2 ** min(power, 62) if value[0] & 0x80 else 10 ** min(power, 18)
        elif code == _OFFSET and size == 8:
            offset = struct.unpack(f"{order}q", value)[0]
        at += 4 + (size + 3) // 4 * 4
    return _Interface(link, units, offset)


def _known(interfaces: list[_Interface], at: int) -> _Interface:
    if at >= len(interfaces):
        raise CaptureError(f"a frame is of interface {at}, which the capture does not describe")
    return interfaces[at]
