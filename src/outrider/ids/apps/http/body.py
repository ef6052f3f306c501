"""Bodies: chunks and compression undone, with bounds."""

from __future__ import annotations

import lzma
import re
import zlib
from collections.abc import Callable
from typing import Any, Final

try:
    import brotli
except ImportError:
    brotli = None  # type: ignore[assignment, unused-ignore]

LAYERS: Final = 2
LARGEST: Final = 4 << 20
"""Bytes that one layer may come to: more than rules look at, and less than a bomb."""
_CHUNK: Final = re.compile(rb"[\s\x00]*([0-9a-fA-F]{1,16})(?:[^\r\n]{0,200}\r*\n|[^\r\n]{0,200}\r(?=[^\r\n]))")
_SIZE_LINE: Final = 256
_LZMA_MEMORY: Final = 1 << 20


class Chunks:
    """Takes chunks apart. What does not look like chunks is passed on as it is."""

    def __init__(self) -> None:
        self.done = False
        self._waiting = b""
        self._left = 0
        self._plain = False

    def feed(self, data: bytes, at: int) -> tuple[bytes, int]:
        """What chunks carry from ``at`` on, and where they end, or all of the data that belongs to them."""
        if self._plain:
            return data[at:], len(data)
        made = []
        if self._waiting:
            data, shift = self._waiting + data[at:], at - len(self._waiting)
            self._waiting, at = b"", 0
        else:
            shift = 0
        size = len(data)
        while at < size and not self.done:
            if self._left:
                part = data[at : at + self._left]
                made.append(part)
                self._left -= len(part)
                at += len(part)
                continue
            found = _CHUNK.match(data, at, at + _SIZE_LINE * 2)
            if not found:
                if size - at < _SIZE_LINE and self._may_be_size(data[at:]):
                    self._waiting = data[at:]
                else:
                    self._plain = True
                    made.append(data[at:])
                return b"".join(made), size + shift
            self._left = int(found[1], 16)
            at = found.end()
            if not self._left:
                self.done = True
                at += len(data[at : at + 2]) - len(data[at : at + 2].lstrip(b"\r\n"))
        return b"".join(made), at + shift

    @staticmethod
    def _may_be_size(data: bytes) -> bool:
        """Whether more bytes could make a line with a size of it."""
        return (
            len(data) < _SIZE_LINE
            and b"\n" not in data.lstrip(b"\r\n")
            and bool(re.match(rb"[\s\x00]*(?:[0-9a-fA-F]{0,16}$|[0-9a-fA-F]{1,16}[^0-9a-zA-Z])", data))
        )


class Inflation:
    """Undoes one layer of compression, whichever it turns out to be; what is not compressed is passed on as it is."""

    def __init__(self, count: Callable[[str], None], names: frozenset[bytes]) -> None:
        """``names`` are what the head calls the ways that were taken; ``count`` hears what goes wrong."""
        self._names = names
        self._now: Any = None
        self._seen = b""
        self._out = 0
        self._plain = False
        self._over = self._ended = False
        self._count = count

    def feed(self, data: bytes) -> bytes:
        """What comes out of it so far."""
        if self._plain or self._over or not data:
            return data if self._plain else b""
        if self._now is None:
            self._seen += data
            if len(self._seen) < 6 and not self._ended:
                return b""
            return self._begin()
        return self._more(data)

    def end(self) -> bytes:
        """What is left when nothing more comes."""
        if self._now is None and self._seen and not self._plain:
            self._ended = True
            return self._begin()
        return b""

    def _begin(self) -> bytes:
        seen = self._seen.lstrip(b"\r\n \t")
        for start in dict.fromkeys((self._seen, seen)):
            for way in _ways(start, self._names):
                tried = way()
                try:
                    made: bytes = tried(start)
                except _ERRORS:
                    continue
                if made or len(start) < 64:
                    self._now, self._seen = tried, b""
                    return self._bounded(made)
        self._plain = True
        data, self._seen = self._seen, b""
        self._count("http.not_compressed")
        return data

    def _more(self, data: bytes) -> bytes:
        try:
            made: bytes = self._now(data)
        except _ERRORS:
            self._over = True
            self._count("http.broken_compression")
            return b""
        return self._bounded(made)

    def _bounded(self, made: bytes) -> bytes:
        self._out += len(made)
        if self._out > LARGEST:
            self._over = True
            self._count("http.compressed_too_much")
        return made


_ERRORS = (zlib.error, lzma.LZMAError, EOFError, ValueError) + ((brotli.error,) if brotli is not None else ())
_AT_ONCE: Final = 1 << 18
"""Bytes that one call may give."""


def _zlib(bits: int) -> Callable[[], Callable[[bytes], bytes]]:
    def begin() -> Callable[[bytes], bytes]:
        working = zlib.decompressobj(bits)

        def more(data: bytes) -> bytes:
            made = bytearray(working.decompress(data, _AT_ONCE))
            while working.unconsumed_tail and len(made) <= LARGEST:
                made += working.decompress(working.unconsumed_tail, _AT_ONCE)
            return bytes(made)

        return more

    return begin


def _gzip() -> Callable[[bytes], bytes]:
    """What stands behind a gzip header, whatever its flags and however its sums."""
    raw = _zlib(-15)()
    begun = False

    def more(data: bytes) -> bytes:
        nonlocal begun
        if begun:
            return raw(data)
        begun = True
        flags, at = data[3], 10
        if flags & 4:
            at += 2 + int.from_bytes(data[at : at + 2], "little")
        for bit in (8, 16):
            if flags & bit:
                at = data.index(b"\0", at) + 1
        return raw(data[at + 2 * bool(flags & 2) :])

    return more


def _lzma() -> Callable[[bytes], bytes]:
    working = lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=_LZMA_MEMORY * 16)

    def more(data: bytes) -> bytes:
        made = bytearray(b"" if working.eof else working.decompress(data, _AT_ONCE))
        while not (working.eof or working.needs_input) and len(made) <= LARGEST:
            made += working.decompress(b"", _AT_ONCE)
        return bytes(made)

    return more


def _brotli() -> Callable[[bytes], bytes]:
    working = brotli.Decompressor()

    def more(data: bytes) -> bytes:
        made = bytearray(working.process(data, output_buffer_limit=_AT_ONCE))
        while not working.can_accept_more_data() and len(made) <= LARGEST:
            made += working.process(b"", output_buffer_limit=_AT_ONCE)
        return bytes(made)

    return more


def _ways(data: bytes, names: frozenset[bytes]) -> list[Callable[[], Callable[[bytes], bytes]]]:
    """Ways to undo compression, the likeliest first: what the data say of themselves, then what the head says."""
    if data[:2] == b"\x1f\x8b":
        return [_zlib(31), _gzip]
    ways = []
    if len(data) > 1 and data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0:
        ways.append(_zlib(15))
    if data[:1] == b"]" or data[:6] == b"\xfd7zXZ\0":
        ways.append(_lzma)
    if b"br" in names and brotli is not None:
        ways.append(_brotli)
    ways.append(_zlib(-15))
    return ways


_ENCODING: Final = re.compile(rb"x-gzip|gzip|deflate|lzma|\bbr\b", re.IGNORECASE)


def layers(values: list[bytes]) -> list[bytes]:
    """The names of the ways in which a body is compressed, by the values of its Content-Encoding."""
    return [name.lower() for value in values for name in _ENCODING.findall(value)]
