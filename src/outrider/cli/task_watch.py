"""``outrider task run --watch``: what the task is doing, on standard error."""

from __future__ import annotations

import sys
import time
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from outrider.cli.printer import Printer
from outrider.taskdef.run.watch import ContainerRow, Picture

_EVERY_SECONDS: Final = 10.0
"""How often numbers are news where there is no screen."""
_STYLES: Final = {"PENDING": "dim", "RUNNING": "cyan", "HEALTHY": "green", "UNHEALTHY": "bold red"}


class Lines:
    """Where standard error is no terminal: all rows when a state has changed, and every ten seconds."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._last = Picture()
        self._told_at = float("-inf")

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def print(self, text: str, *, error: bool = False) -> None:
        """News of something else."""
        self._printer.print(text, error=error)

    def show(self, picture: Picture) -> None:
        """The picture of this moment."""
        now = time.monotonic()
        if picture.states == self._last.states and (now - self._told_at < _EVERY_SECONDS or picture == self._last):
            return
        self._last, self._told_at = picture, now
        for line in picture.lines():
            self._printer.print(f"watch: {line}", error=True)


class _Console(Console):
    """Leaves a pipe that nobody reads to its caller; rich itself would end the program where it stands."""

    def on_broken_pipe(self) -> None:
        raise  # the BrokenPipeError that rich is handling when it calls this


class Screen:
    """Tables that are kept up to date, under what has happened."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._console = _Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)

    def __enter__(self) -> Screen:
        with self._printer.closing(sys.stderr):
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._printer.closing(sys.stderr):
            self._live.stop()

    def print(self, text: str, *, error: bool = False) -> None:
        """News of something else: above the tables, or where standard output leads if that is elsewhere."""
        if not error and not sys.stdout.isatty():
            self._printer.print(text)
            return
        with self._printer.closing(sys.stderr):
            self._console.print(Text(text))

    def show(self, picture: Picture) -> None:
        """The picture of this moment."""
        with self._printer.closing(sys.stderr):
            self._live.update(tables(picture), refresh=True)


def watching(printer: Printer) -> Lines | Screen:
    """What suits standard error."""
    return Screen(printer) if sys.stderr.isatty() else Lines(printer)


def tables(picture: Picture) -> Group:
    """Containers, the router's outputs, and the agent."""
    parts: list[Table | Text | str] = ["", _containers(picture)]
    if picture.outputs:
        parts.append(_outputs(picture))
    if picture.agent is not None:
        agent = picture.agent
        parts.append(f"agent: {agent.accepted:,} accepted, {agent.delivered:,} delivered, {agent.buffered:,} buffered")
    if picture.reason:
        parts.append(Text(f"stopping: {picture.reason.partition(chr(10))[0]}"))
    return Group(*parts)


def _containers(picture: Picture) -> Table:
    table = Table("container", "role", "state")
    for name in ("uptime", "lines", "dropped"):
        table.add_column(name, justify="right", min_width=7)
    for row in picture.containers:
        dropped = "" if row.dropped is None else f"{row.dropped:,}"
        table.add_row(Text(row.name), row.role, _state(row), row.uptime, f"{row.lines:,}", dropped)
    return table


def _state(row: ContainerRow) -> Text:
    if row.state == "STOPPED":
        return Text(row.known_as, style="bold red" if row.status else "dim")
    return Text(row.known_as, style=_STYLES.get(row.state, ""))


def _outputs(picture: Picture) -> Table:
    table = Table("output")
    for name in ("delivered", "buffered", "retried", "dropped"):
        table.add_column(name, justify="right", min_width=8)
    for row in picture.outputs:
        dropped = Text(f"{row.dropped:,}", style="bold red" if row.dropped else "")
        table.add_row(Text(row.name), f"{row.delivered:,}", f"{row.buffered:,}", f"{row.retried:,}", dropped)
    return table
