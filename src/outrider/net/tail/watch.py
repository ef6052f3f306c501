"""What happens to the files: by the kernel's word, or by looking at each from time to time."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Final, Protocol

from outrider.model.errors import LocalError
from outrider.net.tail.file import TailFile
from outrider.net.tail.found import Found
from outrider.net.tail.inotify import Inotify

CALM: Final = 0.02
"""Seconds between two looks at what the kernel says: writers write line by line, blocks are cheaper."""
TICK: Final = 0.25
"""Seconds between two ticks: files that the kernel does not speak of are looked at then."""
SHARE: Final = 20
"""A look at all names takes one part of so many of the time at most."""


class Follower(Protocol):
    """Who wants to know; called on the event loop."""

    def found(self, file: TailFile) -> None:
        """A name leads to a file that is not followed."""

    def grown(self, file: TailFile) -> None:
        """A file that is followed may have more."""

    def rotated(self, file: TailFile) -> None:
        """The file's name leads elsewhere."""


class Watch:
    """``refresh`` and ``names``: seconds between two looks for new and for rotated files; the kernel's word is quicker.

    ``tick`` is to be called every ``TICK`` seconds.
    """

    def __init__(
        self,
        files: Found,
        follower: Follower,
        warn: Callable[[str], None],
        *,
        inotify: bool,
        refresh: float,
        names: float,
    ) -> None:
        self._files = files
        self._follower = follower
        self._warn = warn
        self._loop = asyncio.get_running_loop()
        self._refresh = refresh
        self._names = names
        self._names_changed = False
        self._last_look = self._next_look = self._loop.time()
        self._calm: asyncio.TimerHandle | None = None
        self._inotify: Inotify | None = None
        if inotify:
            try:
                self._inotify = Inotify()
            except LocalError as error:
                self._do_without(error)
            else:
                self._loop.add_reader(self._inotify.descriptor, self._news)

    def scan(self) -> None:
        """Tell of the files that are new."""
        for file in self._files.scan(time.time()):
            self._follower.found(file)
        if self._inotify is None:
            return
        try:
            for directory in self._files.directories():
                self._inotify.watch(directory)
        except LocalError as error:
            self._do_without(error)

    def tick(self) -> float:
        """Look at what the kernel does not speak of; returns the seconds until the next tick."""
        start = self._loop.time()
        polls = self._inotify is None
        is_time = start - self._last_look >= (min(self._names, self._refresh) if polls else self._refresh)
        if is_time or self._names_changed:
            self.look()
        if is_time or polls:
            for file in list(self._files.files.values()):
                if has_more(file):
                    self._follower.grown(file)
        # Looking at ten thousand files takes a while: it must not become all that is done.
        return max(TICK, SHARE * (self._loop.time() - start))

    def look(self) -> None:
        """Names have changed: which files were rotated, which are new? Not all the time, if there are many."""
        start = self._loop.time()
        self._names_changed = start < self._next_look
        if self._names_changed:
            return
        for file in self._files.rotated(start):
            self._follower.rotated(file)
        self.scan()
        self._last_look = self._loop.time()
        self._next_look = self._last_look + SHARE * (self._last_look - start)

    def close(self) -> None:
        """Tell nothing more."""
        if self._calm is not None:
            self._calm.cancel()
        if self._inotify is not None:
            self._loop.remove_reader(self._inotify.descriptor)
            self._inotify.close()
            self._inotify = None

    def _do_without(self, error: LocalError) -> None:
        self.close()
        self._warn(
            f"{error}; files are looked at every {TICK:g} seconds instead; fix: raise fs.inotify.max_user_watches"
            " and fs.inotify.max_user_instances"
        )

    def _news(self) -> None:
        """The kernel has something to say: hear it a little later, when there is more of it."""
        assert self._inotify is not None
        self._loop.remove_reader(self._inotify.descriptor)
        self._calm = self._loop.call_later(CALM, self._hear)

    def _hear(self) -> None:
        if self._inotify is None:
            return
        modified, renamed, lost = self._inotify.changes()
        self._loop.add_reader(self._inotify.descriptor, self._news)
        for path in modified:
            file = self._files.by_path.get(path)
            if file is not None:
                self._follower.grown(file)
        if renamed or lost:
            self.look()
        if lost:
            for file in list(self._files.files.values()):
                self._follower.grown(file)


def has_more(file: TailFile) -> bool:
    """Whether reading the file would give something new."""
    try:
        status = os.fstat(file.descriptor) if file.descriptor >= 0 else os.stat(file.path)
    except OSError:
        return True  # reading it will tell
    return status.st_size != file.seen
