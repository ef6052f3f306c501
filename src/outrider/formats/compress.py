"""gzip, zlib and zstd with a bound on what comes out."""

from __future__ import annotations

from typing import Final

from isal import isal_zlib

_GZIP_WINDOW = 31
_WINDOW = 512


def sniff(data: bytes) -> str:
    """``gzip`` or ``zstd`` by the first bytes, else an empty string."""
    if data[:2] == b"\x1f\x8b":
        return "gzip"
    return "zstd" if data[:4] == b"\x28\xb5\x2f\xfd" else ""


def gzip(data: bytes | memoryview) -> bytes:
    """One gzip member, fastest level."""
    compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, _GZIP_WINDOW)
    packed: bytes = compressor.compress(data) + compressor.flush()
    return packed


def zstd(data: bytes) -> bytes:
    """One zstd frame that states its size, at the library's usual level."""
    import zstandard  # few peers take or send it

    packed: bytes = zstandard.ZstdCompressor().compress(data)
    return packed


def inflate(data: bytes, kind: str, limit: int) -> bytes:
    """The decompressed bytes of all members of a gzip file, or all frames of zstd.

    Raises ValueError when broken or larger than ``limit``. ``kind`` is gzip, zlib (what HTTP calls deflate) or zstd.
    """
    out = _UNPACK[kind](data, limit)
    if len(out) > limit:
        raise ValueError(f"decompressed data is larger than {limit} bytes")
    return out


def _gunzip(data: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = position = 0
    while position < len(data) and size <= limit:
        member, window = isal_zlib.decompressobj(_GZIP_WINDOW), _WINDOW
        while not member.eof and size <= limit:
            # What stands after a member is copied by the library, so members are fed in windows that grow: a frame of
            # many empty members would cost seconds otherwise.
            taken = data[position : position + window]
            if not taken:
                raise ValueError("broken gzip data: cut off")
            try:
                part = member.decompress(taken, limit + 1 - size)
            except isal_zlib.error as error:
                raise ValueError(f"broken gzip data: {error}") from error
            parts.append(part)
            size += len(part)
            position += len(taken) - len(member.unused_data) - len(member.unconsumed_tail)
            window *= 2
    return b"".join(parts)


def _unzstd(data: bytes, limit: int) -> bytes:
    import zstandard  # few peers send it

    unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    parts: list[bytes] = []
    size = position = 0
    while position < len(data) and size <= limit:
        frame = unpacker.decompressobj()
        while not frame.eof and size <= limit:
            # A call gives all that its bytes hold, so they are few: four of them may stand for 128 KiB.
            taken = data[position : position + _WINDOW]
            if not taken:
                raise ValueError("broken zstd data: cut off")
            try:
                part = frame.decompress(taken)
            except zstandard.ZstdError as error:
                raise ValueError(f"broken zstd data: {error}") from error
            if part:
                parts.append(part)
                size += len(part)
            position += len(taken) - len(frame.unused_data)
    return b"".join(parts)


def _unzlib(data: bytes, limit: int) -> bytes:
    unpack = isal_zlib.decompressobj()
    try:
        out: bytes = unpack.decompress(data, limit + 1)
    except isal_zlib.error as error:
        raise ValueError(f"broken zlib data: {error}") from error
    if not unpack.eof and len(out) <= limit:
        raise ValueError("broken zlib data: cut off")
    if unpack.unused_data:
        raise ValueError("broken zlib data: something stands behind its end")
    return out


_UNPACK: Final = {"gzip": _gunzip, "zlib": _unzlib, "zstd": _unzstd}
