"""A compressed file: it is read whole, and then it is done. What is appended later is not read."""

from __future__ import annotations

import os
import zlib
from typing import Final

from outrider.net.tail.file import TailFile

_STEP: Final = 64 * 1024
_GZIP: Final = 31


class GzipFile(TailFile):
    """Positions are those of the unpacked text. ``trouble`` says why it is no gzip; what came before was read."""

    __slots__ = ("_inflate", "_raw", "_text", "done", "trouble")

    def __init__(self, path: str, status: os.stat_result) -> None:
        super().__init__(path, status)
        self.trouble = ""
        self.done = False
        self._raw = 0
        self._text = b""
        self._inflate = zlib.decompressobj(_GZIP)

    @property
    def saved_offset(self) -> int:
        """See TailFile: a file that was read in part is read again from its head."""
        return self._raw if self.done and not self._text and self.held is None else 0

    @property
    def saved_check(self) -> str:
        """See TailFile: its length tells."""
        return ""

    def go_to(self, offset: int) -> None:
        """See TailFile: anywhere but at the head means that it has been read."""
        self._raw = offset
        self.done = offset > 0

    def holds(self, offset: int, check: str) -> bool:
        """See TailFile."""
        return offset == os.fstat(self.descriptor).st_size

    def read(self, size: int) -> tuple[bytes, bool]:
        """See TailFile. Bounded: however much a block unpacks to, ``size`` bytes come at a time."""
        while len(self._text) < size and not self.done and self._more(size):
            pass
        return self._text[:size], False

    def _more(self, size: int) -> bool:
        """Unpack some more; False: there is no more yet, the file may still be written."""
        inflate = self._inflate
        packed = inflate.unconsumed_tail or inflate.unused_data
        if not packed:
            packed = os.pread(self.descriptor, _STEP, self._raw)
            self._raw += len(packed)
        if not packed:
            self._text += b"" if inflate.eof else inflate.decompress(b"", size)
            self.done = inflate.eof
            return False
        if inflate.eof:
            inflate = self._inflate = zlib.decompressobj(_GZIP)  # members stand one after another
        try:
            self._text += inflate.decompress(packed, size)
        except zlib.error as error:
            self.trouble, self.done = f"{self.path} is not gzip: {error}", True
            self._raw = os.fstat(self.descriptor).st_size
        return True

    def advance(self, block: bytes, used: int) -> None:
        """See TailFile."""
        self._text = self._text[used:]
        self.offset += used
        self.check = b""

    @property
    def seen(self) -> int:
        """See TailFile."""
        return self._raw
