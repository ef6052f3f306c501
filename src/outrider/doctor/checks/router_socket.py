"""The router's unix socket."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok
from outrider.model.errors import PeerError
from outrider.net.connect import Target
from outrider.net.reach import connected, in_thread

_RESTART = "start the router; ECS starts a stopped task anew, which makes the socket"
_FIXES = {
    errno.ENOENT: "start the router; in its container, see that the folder of the socket is mounted there",
    errno.ENOTSOCK: "remove what is there: the router makes its socket itself",
    errno.EACCES: "run the senders as root, or give the socket other permissions (unix_perm 0666)",
    errno.ECONNREFUSED: _RESTART,
}


class RouterSocket(Check[int]):
    """Whether the socket that Docker's log driver writes to is there, and takes connections."""

    id = "router-socket"
    fix = _RESTART

    def idle(self) -> str:
        """See Check."""
        if self._path() or self.subject.is_router or Path(self.subject.socket).exists():
            return ""
        return f"{self.subject.socket} is not here: it is in the router's container only"

    def _path(self) -> str:
        """The socket in the router's configuration, if it has one."""
        inputs = self.subject.router.plan.of_kind("input") if self.subject.router else []
        return next((path for item in inputs if (path := getattr(item.plugin.options, "unix_path", ""))), "")

    async def look(self) -> int:
        """See Check. The number of the error; 0: it works."""
        path = self._path() or self.subject.socket
        found = await in_thread(lambda: _look_at(path))
        if not found:
            try:
                await connected(Target(path=path, connect_timeout=self.seconds - 1))
            except PeerError:
                return errno.ECONNREFUSED
        return found

    def judge(self, seen: int) -> Verdict:
        """See Check."""
        path = self._path() or self.subject.socket
        if seen:
            return fail(f"{path}: {os.strerror(seen)}", _FIXES.get(seen, self.fix))
        return ok(f"{path} takes connections")


def _look_at(path: str) -> int:
    try:
        found = os.stat(path)
    except OSError as error:
        return error.errno or errno.ENOENT
    if not stat.S_ISSOCK(found.st_mode):
        return errno.ENOTSOCK
    return 0 if os.access(path, os.W_OK) else errno.EACCES
