"""Which files there are to follow: what the patterns find, what is new, what was rotated away.

A file is its device and inode. A name that leads to another file than before means that the old one was rotated: it is
followed for ``rotate_wait`` seconds more, read to its end, and remembered, so that it is not read again should its new
name fit a pattern too.
"""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterator, Sequence
from typing import Final

from outrider.net.tail.file import TailFile, checksum_of, regular
from outrider.net.tail.gzip import GzipFile

_NOTHING: Final = (-1, "")


class Found:
    """The files that are followed, by identity and by name."""

    def __init__(self, patterns: Sequence[str], excluded: Sequence[str], ignore_older: int) -> None:
        self._patterns = [os.path.expanduser(pattern) for pattern in patterns]
        self._excluded = [os.path.expanduser(pattern) for pattern in excluded]
        self._ignore_older = ignore_older
        self.files: dict[tuple[int, int], TailFile] = {}
        self.by_path: dict[str, TailFile] = {}
        """By the names they were found by and by where these lead; not those that were rotated away."""
        self.left: dict[tuple[int, int], tuple[int, str]] = {}
        """Files that were let go while a name still leads to them: their length when all of it had been read, and the
        checksum of the bytes before that, since inodes are used again."""
        self.given_up: set[tuple[int, int]] = set()
        """Files that nothing can be done with, as long as a name leads to them."""

    def scan(self, now: float) -> list[TailFile]:
        """Files that are not followed yet; ``now`` is in seconds since the epoch. They are not taken up by this."""
        seen: set[tuple[int, int]] = set()
        new = list(self._new(now, seen))
        for identity in self.left.keys() - seen:
            del self.left[identity]  # no name leads there any more
        self.given_up &= seen
        return new

    def _new(self, now: float, seen: set[tuple[int, int]]) -> Iterator[TailFile]:
        for pattern in self._patterns:
            for path in sorted(glob.glob(pattern)):
                if self.excludes(path):
                    continue
                status = regular(path)
                if status is None:
                    continue
                identity = status.st_dev, status.st_ino
                known = identity in seen or identity in self.files or identity in self.given_up
                seen.add(identity)
                if known or self._is_old(status, now) or status.st_size == self.left.get(identity, _NOTHING)[0]:
                    continue
                kind = GzipFile if path.endswith(".gz") else TailFile
                yield kind(path, status)

    def excludes(self, path: str) -> bool:
        """Whether Exclude_Path names it; there ``*`` fits a slash too."""
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self._excluded)

    def _is_old(self, status: os.stat_result, now: float) -> bool:
        return bool(self._ignore_older) and status.st_mtime < now - self._ignore_older

    def take_up(self, file: TailFile) -> None:
        """Follow the file."""
        self.files[file.identity] = file
        self.left.pop(file.identity, None)
        if file.rotated is None:
            self.by_path[file.path] = self.by_path[file.real] = file

    def directories(self) -> set[str]:
        """Where news of the files comes from: the directories of the patterns and of the files."""
        fixed = {os.path.dirname(pattern) or "." for pattern in self._patterns}
        places = {place for place in fixed if not glob.has_magic(place)}
        for pattern in fixed - places:
            places.update(glob.glob(pattern))
        for file in self.files.values():
            places.add(os.path.dirname(file.path) or ".")
            places.add(os.path.dirname(file.real))
        return places

    def rotated(self, now: float) -> list[TailFile]:
        """Those whose name leads elsewhere since now; ``now`` is by the loop's clock."""
        gone = []
        for file in self.files.values():
            status = regular(file.path)
            leads_here = status is not None and (status.st_dev, status.st_ino) == file.identity
            if leads_here and file.rotated is not None:  # it was moved away and back
                file.rotated = None
                self.by_path[file.path] = self.by_path[file.real] = file
            elif not leads_here and file.rotated is None:
                file.rotated = now
                self._forget_names(file)
                gone.append(file)
        return gone

    def let_go(self, file: TailFile) -> None:
        """Follow the file, which may still be open, no more."""
        self.files.pop(file.identity, None)
        self._forget_names(file)
        if file.descriptor >= 0 and os.fstat(file.descriptor).st_nlink:
            self.left[file.identity] = file.seen, checksum_of(file.check)

    def _forget_names(self, file: TailFile) -> None:
        for path in (file.path, file.real):
            if self.by_path.get(path) is file:
                del self.by_path[path]
