"""The file system as a configuration needs it (see ``outrider.formats.classic_load.Files``)."""

from __future__ import annotations

import glob
import os
from collections.abc import Hashable


class ConfigurationFiles:
    """Reads with line ends untouched and undecodable bytes as surrogate escapes.

    The mark of the byte order, which some editors put first, is left out.
    """

    def read(self, path: str) -> str:
        """The text of a file. Raises OSError."""
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read().removeprefix("\ufeff")

    def identity(self, path: str) -> Hashable | None:
        """Device and inode; None where there is no such file."""
        try:
            status = os.stat(path)
        except (OSError, ValueError):  # a path with a NUL is none
            return None
        return status.st_dev, status.st_ino

    def glob(self, pattern: str) -> list[str]:
        """Matching paths, sorted so that a start is repeatable."""
        return sorted(glob.glob(pattern))
