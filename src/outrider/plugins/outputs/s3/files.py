"""One object or part to be: a growing file, what is known of it, and the stream that is written to it."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field, replace
from typing import Any, Final

from outrider.model.errors import LocalError
from outrider.plugins.outputs.s3 import pack
from outrider.plugins.outputs.s3.pack import Compression, Open, Packer
from outrider.spool.growing import GrowingFile

_STATE: Final = struct.Struct(">QQQIq16s")


@dataclass(frozen=True, slots=True)
class State:
    """What changes with each append: bytes before compression, records, the open stream, ``$INDEX`` or -1.

    ``last`` is the id of the batch that came last: a process that died may be given it again.
    """

    raw: int = 0
    records: int = 0
    stream: Open = field(default_factory=Open)
    index: int = -1
    last: bytes = b""

    def encode(self) -> bytes:
        """As the file has it."""
        return _STATE.pack(self.raw, self.records, self.stream.size, self.stream.checksum, self.index, self.last)

    @classmethod
    def decode(cls, state: bytes) -> State:
        """Raises ValueError."""
        if len(state) != _STATE.size:
            raise ValueError("not a state of ours")
        raw, records, size, checksum, index, last = _STATE.unpack(state)
        return cls(raw, records, Open(size, checksum), index, last)


@dataclass(eq=False, slots=True)
class StoreFile:
    """One object or part to be. Times are seconds since the epoch; ``first`` is of its first record."""

    tag: str
    first: int
    opened: float
    random: str
    compression: Compression
    data: GrowingFile
    state: State = field(default_factory=State)
    packer: Packer | None = None
    sha256: Any = None
    """Of what is in the file; None: not known, the file must be read."""
    md5: Any = None
    failures: int = 0
    timed_out: bool = False

    @property
    def id(self) -> str:
        """A name of its own."""
        return self.data.path.name

    @property
    def size(self) -> int:
        """Bytes to send."""
        return self.data.size

    def add(self, data: bytes, records: int, batch: bytes) -> None:
        """Append the lines of a batch. Raises LocalError and has then taken nothing."""
        before = b""
        if self.packer is None:
            before = pack.tail(self.compression, self.state.stream)
            self.packer = Packer(self.compression)
        packed = before + self.packer.add(data) if before else self.packer.add(data)
        now = self.state
        self._append(packed, State(now.raw + len(data), now.records + records, self.packer.stream, now.index, batch))

    def finish(self) -> None:
        """Close the stream: the file is as it will be sent. Raises LocalError."""
        end = pack.tail(self.compression, self.state.stream)
        if end:
            self._append(end, replace(self.state, stream=Open()))
        self.packer = None
        self.data.close()

    def number(self, index: int) -> None:
        """Give the object its ``$INDEX``, for ever. Raises LocalError."""
        self._append(b"", replace(self.state, index=index))

    def digest(self) -> None:
        """Read the file for its checksums. Raises LocalError."""
        sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        for piece in self.data:
            sha256.update(piece)
            md5.update(piece)
        self.sha256, self.md5 = sha256, md5

    def _append(self, packed: bytes, state: State) -> None:
        try:
            self.data.append(packed, state.encode())
        except LocalError:
            self.packer = None  # it has seen what the file has not
            raise
        self.state = state
        for checksum in (self.sha256, self.md5):
            if checksum is not None:
                checksum.update(packed)


def described(data: GrowingFile, about: Any) -> StoreFile:
    """A file that was left behind. Raises ValueError where it is none of ours."""
    try:
        tag, first, opened, random = about["tag"], about["first"], about["opened"], about["random"]
        compression: Compression = about["compression"]
    except (KeyError, TypeError) as error:
        raise ValueError("not a file of ours") from error
    kinds = ((tag, str), (first, int), (opened, float), (random, str))
    if not all(isinstance(value, kind) for value, kind in kinds) or compression not in ("none", "gzip", "zstd"):
        raise ValueError("not a file of ours")
    return StoreFile(tag, first, opened, random, compression, data, State.decode(data.state), timed_out=True)
