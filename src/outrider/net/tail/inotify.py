"""The kernel's word that files in a directory have changed, by ``inotify(7)``.

Directories are watched, not files: one watch serves ten thousand files, and a new name in a directory is news too.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Final

from outrider.model.errors import LocalError

_EVENT: Final = struct.Struct("iIII")
_MODIFY, _ATTRIB, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x4, 0x40, 0x80, 0x100, 0x200
_OVERFLOW: Final = 0x4000
_GONE: Final = 0x8000
"""The watched directory is no more, and its watch with it."""
_MASK: Final = _MODIFY | _ATTRIB | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_ONLY_DIRECTORIES: Final = 0x01000000
_BUFFER: Final = 256 * 1024


class Inotify:
    """Watches of directories. Raises LocalError where the kernel has no more, or none at all."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise LocalError(f"inotify: {os.strerror(ctypes.get_errno())}")
        self._directories: dict[int, list[str]] = {}
        """Number of a watch to the names of the directory: symbolic links give it several."""
        self._numbers: dict[str, int] = {}

    def watch(self, directory: str) -> None:
        """Hear of changes there; again is harmless, and a directory that is not there is left out."""
        if directory in self._numbers:
            return
        mask = _MASK | _ONLY_DIRECTORIES
        number = self._library.inotify_add_watch(self.descriptor, os.fsencode(directory), mask)
        if number < 0:
            code = ctypes.get_errno()
            if code in (2, 13, 20):  # not there, not readable, no directory: looked at again with the next scan
                return
            raise LocalError(f"inotify cannot watch {directory}: {os.strerror(code)}")
        self._numbers[directory] = number
        self._directories.setdefault(number, []).append(directory)

    def changes(self) -> tuple[set[str], bool, bool]:
        """Paths with new content, whether names have changed, and whether news was lost."""
        modified: set[str] = set()
        renamed = lost = False
        while True:
            try:
                data = os.read(self.descriptor, _BUFFER)
            except BlockingIOError:
                return modified, renamed, lost
            position = 0
            while position < len(data):
                number, mask, _, length = _EVENT.unpack_from(data, position)
                start = position + _EVENT.size
                position = start + length
                if mask & _OVERFLOW:
                    lost = True
                    continue
                if mask & _GONE:
                    for directory in self._directories.pop(number, ()):
                        self._numbers.pop(directory, None)
                    continue
                name = os.fsdecode(data[start:position].rstrip(b"\0"))
                if mask & (_MODIFY | _ATTRIB):
                    modified.update(f"{directory}/{name}" for directory in self._directories.get(number, ()))
                else:
                    renamed = True

    def close(self) -> None:
        """No more news."""
        os.close(self.descriptor)
