"""The operator's commands, with typer."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Any

import typer

from outrider import __version__
from outrider.cli import demo, doctor, export, firelens, ids, rules, server, spool, task, trial
from outrider.model.errors import OutriderError, UserError

USAGE_ERRORS: Any = typer.BadParameter.__mro__[2]
"""ClickException; typer exports only this subclass of it, from click or from its own copy."""

app = typer.Typer(
    name="outrider",
    help="Rides beside containers: routes their logs, keeps them safe on the way, and shows them in one place.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    epilog="Beside applications run 'outrider route' (Fluent Bit's command line) and 'outrider agent'; try --help.",
)
for command in (demo, task, firelens, export, rules, ids, trial, doctor, spool, server):
    command.register(app)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"outrider {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", "-V", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options that stand before any command."""


def main(arguments: Sequence[str]) -> int:
    """Run a command; 2 for what the user must mend, 1 for a peer or machine that refuses."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # names that a terminal of another encoding does not have
    try:
        result = app(list(arguments), prog_name="outrider", standalone_mode=False)
    except typer.Exit as leave:
        return leave.exit_code
    except typer.Abort:
        return 130
    except USAGE_ERRORS as error:
        error.show()  # usage, what is wrong, the nearest name
        return int(error.exit_code)
    except BrokenPipeError:
        sys.stdout = sys.stderr  # the reader has gone: nothing is left to flush
        return 141
    except OutriderError as error:
        print(f"outrider: {error}", file=sys.stderr)
        return 2 if isinstance(error, UserError) else 1
    return result if isinstance(result, int) else 0
