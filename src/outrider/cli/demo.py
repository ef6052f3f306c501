"""``outrider demo``."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from outrider.cli.printer import UNREAD, Printer
from outrider.cli.task_run import chosen_backend, stop_when_told
from outrider.taskdef.demo import Demo, DemoWishes, Sheet, run


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="A fixed amount of work, then the end; one JSON object at last.")
    ] = False,
    backend: Annotated[
        str, typer.Option(help="Where the applications run: docker, process, or auto (Docker if it answers).")
    ] = "auto",
    state: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep everything in DIR; else it is temporary.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the temporary folder where it is.")] = False,
) -> None:
    """See a protected task on this machine: its output, through router and agent, on the server's page.

    Starts a server, protects the example task and runs it, visits its web container, and keeps a balance sheet.
    Ends with Ctrl-C; exit status 0 if the sheet balances.
    """
    chosen = chosen_backend(backend)
    printer = Printer()
    screen: _Lines | _Screen = _Lines(printer) if once else _Screen(printer)
    wishes = DemoWishes(screen.say, screen.show, chosen, once, state, keep)
    with screen:
        summary = asyncio.run(run(wishes, screen.start))
        screen.finish()
    if "directory" in summary:
        printer.print(f"all files are in {summary['directory']}", error=True)
    if once:
        printer.print(json.dumps(summary))
    if printer.failure:
        raise typer.Exit(UNREAD)
    raise typer.Exit(0 if summary["balanced"] else 1)


class _Lines:
    """Progress for scripts, on standard error."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, line: str) -> None:
        """One step."""
        self._printer.print(line, error=True)

    def start(self, running: Demo) -> None:
        """It runs."""
        stop_when_told(running.task, self._printer)
        self.say(f"page {running.ready.page}, web container {running.web}")

    def show(self, sheet: Sheet) -> None:
        """The sheet counts at the end only."""

    def finish(self) -> None:
        """It is over; the summary follows."""


class _Console(Console):
    """Leaves a pipe that nobody reads to its caller; rich itself would end the program where it stands."""

    def on_broken_pipe(self) -> None:
        raise  # the BrokenPipeError that rich is handling when it calls this


class _Screen:
    """A table that is kept up to date, under what has happened."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._console = _Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False)
        self._running: Demo | None = None
        self._finished = False

    def __enter__(self) -> None:
        with self._printer.closing(sys.stdout):
            self._live.start()

    def __exit__(self, *_: object) -> None:
        with self._printer.closing(sys.stdout):
            if not self._finished:
                self._live.update("")  # the addresses are those of a server that is gone
            self._live.stop()

    def say(self, line: str) -> None:
        """One step."""
        with self._printer.closing(sys.stdout):
            self._console.print(Text(line, style="dim"))

    def start(self, running: Demo) -> None:
        """It runs."""
        stop_when_told(running.task, self._printer)
        self._running = running
        self.show(running.sheet)

    def show(self, sheet: Sheet) -> None:
        """The sheet as it is now."""
        assert self._running is not None
        with self._printer.closing(sys.stdout):
            self._live.update(Group("", _address_table(self._running), "", _sheet_table(sheet)), refresh=True)

    def finish(self) -> None:
        """The last sheet and what it says, without the addresses, where nobody answers any more."""
        assert self._running is not None
        sheet, reason = self._running.sheet, self._running.task.runner.reason
        self._finished = True
        with self._printer.closing(sys.stdout):
            self._live.update(Group("", _sheet_table(sheet, last=True), _verdict(sheet, reason)), refresh=True)


def _address_table(running: Demo) -> Table:
    table = Table.grid(padding=(0, 2))
    login = f"admin / {running.ready.password}" if running.ready.password else "as when this folder was new"
    table.add_row("page", Text(running.ready.page, style="bold"))
    table.add_row("login", Text(login, style="bold"))
    table.add_row("web container", running.web)
    table.add_row("containers in", "Docker" if running.task.backend == "docker" else "plain processes")
    reason = running.task.runner.reason
    if reason:
        table.add_row("stopping", Text(reason))
    else:
        table.add_row("stop", "Ctrl-C")
    return table


def _sheet_table(sheet: Sheet, *, last: bool = False) -> Table:
    """``last``: nothing is under way any more, what is missing is lost."""
    table = Table("container", show_footer=False)
    for name in ("written", "routed", "received", "stored", "lost"):
        table.add_column(name, justify="right", min_width=8)
    for row in sheet.rows:
        numbers = (row.written, row.routed, row.received, row.stored)
        lost = "0" if row.written == row.stored else f"{max(0, row.written - row.stored):,}" if last else ""
        table.add_row(row.container, *(f"{number:,}" for number in numbers), lost)
    table.add_section()
    totals = (sheet.written, sheet.routed, sheet.received, sheet.stored)
    lost_in_all = max(sheet.lost, sheet.missing if last else 0)
    shown = Text(f"{lost_in_all:,}", style="bold red" if lost_in_all else "green")
    table.add_row("all", *(f"{number:,}" for number in totals), shown, style="bold")
    return table


def _verdict(sheet: Sheet, reason: str) -> Text:
    drops = "".join(f"\n  {count:,} dropped, {where}" for where, count in sheet.dropped.items())
    if sheet.balanced:
        text = Text("balanced: every line that was written is stored, once", style="green")
    else:
        text = Text(f"not balanced: {sheet.written:,} written, {sheet.stored:,} stored{drops}", style="bold red")
    return text.append(f"\nstopped: {reason}", style="default not bold")
