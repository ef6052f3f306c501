"""Unix sockets in the file system: bound where nobody listens, removed only by whoever made them."""

from __future__ import annotations

import contextlib
import os
import socket
import stat

from outrider.model.errors import LocalError, UserError

_ADVICE = {
    13: "; fix: choose a directory that this user may write",
    2: "; fix: make the directory first",
}


class UnixSocket:
    """A bound socket and its file."""

    def __init__(self, path: str, mode: int | None, kind: int) -> None:
        """Bind. A file that a dead process has left is replaced.

        Raises UserError where something else is at the path, LocalError where a process listens there or the system
        refuses.
        """
        self.path = path
        try:
            _make_way(path, kind)
            self.sock = socket.socket(socket.AF_UNIX, kind)
            try:
                self.sock.bind(path)
                if mode is not None:
                    os.chmod(path, mode)
                self._file = _identity(path)
            except OSError:
                self.sock.close()
                raise
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise LocalError(
                f"could not listen on unix://{path}: {reason}{_ADVICE.get(error.errno or 0, '')}"
            ) from error
        self.sock.setblocking(False)

    def remove(self) -> None:
        """Remove the file, unless it is another one by now."""
        with contextlib.suppress(OSError):
            if _identity(self.path) == self._file:
                os.unlink(self.path)


def _identity(path: str) -> tuple[int, int, int]:
    found = os.lstat(path)
    return found.st_dev, found.st_ino, found.st_ctime_ns  # numbers of inodes are used again at once


def _make_way(path: str, kind: int) -> None:
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise UserError(f"'{path}' exists and is not a socket", fix="remove it or choose another path")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, kind) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)  # nobody listens any more
            return
        except BlockingIOError:
            pass  # somebody listens, and is busy
    raise LocalError(f"another process listens on unix://{path}; fix: stop it, or choose another path")
