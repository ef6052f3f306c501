"""Directories of a spool: made, locked, moved into; and what to do about a disk that refuses."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from outrider.model.errors import LocalError, UserError

LOCK: Final = ".outrider.lock"
_PATIENCE: Final = 200
_STEP: Final = 0.1
"""How often, and in which seconds, to ask for a lock whose taker is dead."""
_ADVICE: Final = {
    errno.ENOSPC: "free disk space",
    errno.EDQUOT: "raise the quota, or free disk space",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "raise the system's limit of open files (fs.file-max)",
    errno.ENOENT: "mount the directory, or make it again",
    errno.ENOTDIR: "make it a directory",
    errno.EEXIST: "make it a directory",
    errno.EACCES: "let this user write there",
    errno.EPERM: "let this user write there",
    errno.EROFS: "mount it so that it can be written",
}


_NEVER: Final = (errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EACCES, errno.EPERM, errno.EROFS)
"""What does not pass by itself."""


def advice(error: BaseException) -> str:
    """What to do about a disk that refuses, by the OSError behind ``error``."""
    cause = error if isinstance(error, OSError) else error.__cause__
    number = cause.errno if isinstance(cause, OSError) else None
    return _ADVICE.get(number or 0, "look at the disk, and at the kernel's log")


def make_directory(directory: Path, *, sync: bool) -> None:
    """Make a directory and those above it; with ``sync`` their names reach the disk. Raises LocalError."""
    try:
        missing = [each for each in (directory, *directory.parents) if not each.exists()] if sync else []
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for each in missing:
            _sync(each.parent)
    except OSError as error:
        raise LocalError(f"cannot make the spool {directory}: {error.strerror}") from error


def move(path: Path, directory: Path, *, sync: bool) -> Path:
    """Put a file into another directory of the same file system; the new path. Raises LocalError."""
    make_directory(directory, sync=sync)
    try:
        moved = path.rename(directory / path.name)
        if sync:
            _sync(directory)
            _sync(path.parent)
    except OSError as error:
        raise LocalError(f"cannot move {path} to {directory}: {error.strerror}") from error
    return moved


class Locks:
    """The directories that this process alone may use; ``warn`` is told of one that cannot be locked.

    A lock ends with the last process that has it: what was forked shares those of its parent.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._held: dict[str, int] = {}

    def hold(self, directory: str, *, wait: bool = False) -> None:
        """Take a directory, unless it is held already.

        Raises UserError where it cannot be made or written, and where another process has it. A disk that is full is
        no reason not to start.

        With ``wait``, what a dead process has forked is given twenty seconds to end; nothing else runs meanwhile.
        """
        path = os.path.realpath(directory)
        if path in self._held:
            return
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
            fd = os.open(os.path.join(path, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno in _NEVER:
                said = f"storage.path {directory} cannot be used: {error.strerror}"
                raise UserError(said, fix=advice(error)) from error
            self._warn(f"storage.path {directory} cannot be locked: {error.strerror}; fix: {advice(error)}")
            return
        try:
            self._lock(fd, directory, _PATIENCE if wait else 1)
        except BlockingIOError:
            os.close(fd)
            raise UserError(
                f"storage.path {directory} is in use by another process",
                fix="stop that one, or give this one a storage.path of its own",
            ) from None
        except OSError as error:  # a file system without locks
            os.close(fd)
            self._warn(f"storage.path {directory} cannot be locked: {error.strerror}; fix: use another file system")
            return
        self._held[path] = fd

    def _lock(self, fd: int, directory: str, patience: int) -> None:
        for tries in range(patience):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if tries + 1 == patience or _is_alive(os.pread(fd, 20, 0)):
                    raise
            if not tries:
                self._warn(f"storage.path {directory} is held by what a dead process has left: waiting for its end")
            time.sleep(_STEP)
        with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
            os.ftruncate(fd, 0)
            os.pwrite(fd, b"%d" % os.getpid(), 0)

    def release(self) -> None:
        """Let go of all of them."""
        while self._held:
            with contextlib.suppress(OSError):
                os.close(self._held.popitem()[1])


def _is_alive(written: bytes) -> bool:
    if not written.isdigit():
        return True
    try:
        os.kill(int(written), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # not ours
        return True
    return True


def _sync(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
