"""Where a command prints that must end in order when nobody reads it any longer (``outrider task run … | head -1``)."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import typer

UNREAD = 128 + signal.SIGPIPE
"""Exit status of a command whose output nobody took, as a shell reports it."""


class Printer:
    """Prints to standard output and standard error.

    A stream that cannot be written leads nowhere from then on, so that printing never raises; ``failure`` says why, and
    who asked with ``when_closed`` is told once.
    """

    def __init__(self) -> None:
        self.failure = ""
        self._told: list[Callable[[str], None]] = []

    def when_closed(self, tell: Callable[[str], None]) -> None:
        """``tell`` gets the reason when a stream cannot be written, at once if that has happened."""
        if self.failure:
            tell(self.failure)
        else:
            self._told.append(tell)

    def print(self, text: str, *, error: bool = False) -> None:
        """A line on standard output, or on standard error."""
        with self.closing(sys.stderr if error else sys.stdout):
            typer.echo(text, err=error, color=True)  # as it is: click would take colours out for a pipe

    @contextmanager
    def closing(self, stream: TextIO) -> Iterator[None]:
        """Around what writes to ``stream`` (standard output or standard error) by itself: its OSError ends here."""
        try:
            yield
        except OSError as problem:
            self._close(stream, problem)

    def _close(self, stream: TextIO, problem: OSError) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # what is still in the stream's buffer goes there when the program ends
        os.close(nowhere)
        if self.failure:
            return
        name = "standard error" if stream is sys.stderr else "standard output"
        self.failure = f"{name} cannot be written: {problem.strerror}"
        if problem.errno != errno.EPIPE:  # a full disk is news, a reader that has left is not
            self.print(f"outrider: {self.failure}", error=True)
        for tell in self._told:
            tell(self.failure)
