"""Compressed streams that may end anywhere: what was added can be closed from a few numbers alone. Pure.

Every ``add`` ends on a whole byte with all of its data out, and keeps what it has learnt for the next one: records
that come one by one take a tenth of what they would as streams of their own. ``tail`` closes a stream of which only the
numbers are left, so that a file can be sent although the process that wrote it has died.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final, Literal

import zstandard
from isal import isal_zlib

Compression = Literal["none", "gzip", "zstd"]
_GZIP_WINDOW: Final = 31
_GZIP_LEVEL: Final = 1
"""Measured in docs/performance.md: levels 2 and 3 are no smaller on logs, level 0 is half as good and no faster."""
_ZSTD_LEVEL: Final = 1
_ZSTD_WINDOW_LOG: Final = 18
_LAST_DEFLATE_BLOCK: Final = b"\x03\x00"
_LAST_ZSTD_BLOCK: Final = b"\x01\x00\x00"


@dataclass(frozen=True, slots=True)
class Open:
    """The stream that is not closed yet: bytes that went in, and their crc32."""

    size: int = 0
    checksum: int = 0


def tail(compression: Compression, stream: Open) -> bytes:
    """The bytes that close a stream; none where nothing is open."""
    if not stream.size or compression == "none":
        return b""
    if compression == "zstd":
        return _LAST_ZSTD_BLOCK
    return _LAST_DEFLATE_BLOCK + struct.pack("<II", stream.checksum, stream.size & 0xFFFFFFFF)


class Packer:
    """A stream that is being written; never used again after ``add`` whose result was not kept."""

    def __init__(self, compression: Compression) -> None:
        self._gzip = compression == "gzip"
        self._made: Any = _compressor(compression)
        self.stream = Open()

    def add(self, data: bytes) -> bytes:
        """What stands in the file for this data."""
        if self._made is None:
            return data
        self.stream = Open(self.stream.size + len(data), isal_zlib.crc32(data, self.stream.checksum))
        how = isal_zlib.Z_SYNC_FLUSH if self._gzip else zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return b"".join((self._made.compress(data), self._made.flush(how)))


def _compressor(compression: Compression) -> Any:
    if compression == "gzip":
        return isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
    if compression == "zstd":
        parameters = zstandard.ZstdCompressionParameters.from_level(
            _ZSTD_LEVEL, window_log=_ZSTD_WINDOW_LOG, write_content_size=False, write_checksum=False
        )
        return zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return None
