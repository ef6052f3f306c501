"""The file system as a configuration needs it (see ``outrider.formats.classic_load.Files``)."""

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Final

_STOCK: Final = ("/fluent-bit/configs/", "/ecs/")
"""Where stock files are."""


class ConfigurationFiles:
    """Reads with line ends untouched and undecodable bytes as surrogate escapes.

    The mark of the byte order, which some editors put first, is left out. Where the disk has no file, there are
    ``texts``, by path, and the stock files. A file of more than ``limit`` characters is an error.
    """

    def __init__(self, texts: Mapping[str, str] = MappingProxyType({}), *, limit: int | None = None) -> None:
        self._texts = texts
        self._limit = limit

    def read(self, path: str) -> str:
        """The text of a file. Raises OSError."""
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
                text = file.read(-1 if self._limit is None else self._limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            known = self._known(path)
            if known is None:
                raise
            text = known
        if self._limit is not None and len(text) > self._limit:
            raise OSError(errno.EFBIG, f"it has more than {self._limit} characters")
        return text.removeprefix("\ufeff")

    def identity(self, path: str) -> Hashable | None:
        """Device and inode, or the path of what is not on disk; None where there is no such file."""
        try:
            status = os.stat(path)
        except (OSError, ValueError):  # a path with a NUL is none
            return None if self._known(path) is None else path
        return status.st_dev, status.st_ino

    def glob(self, pattern: str) -> list[str]:
        """Matching paths, sorted so that a start is repeatable."""
        return sorted(glob.glob(pattern))

    def _known(self, path: str) -> str | None:
        if path.startswith(_STOCK):
            from outrider.formats.stock_files import TEXTS  # where one is named

            return self._texts.get(path, TEXTS.get(path))
        return self._texts.get(path)
