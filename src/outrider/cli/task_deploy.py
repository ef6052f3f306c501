"""``outrider task deploy``."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
import typer

from outrider.cli.printer import Printer
from outrider.formats.values import seconds
from outrider.model.errors import UserError
from outrider.taskdef.deploy import (
    Deployment,
    Ecs,
    Outcome,
    Plan,
    Target,
    World,
    deployable,
    only,
    plan,
    short,
)
from outrider.taskdef.templates import read_tasks

_INTERRUPTED = 128 + signal.SIGINT
_EPILOG = "Example: outrider task deploy protected.json --cluster prod --service web --timeout 10m"


def register(task_app: typer.Typer) -> None:
    """Add ``deploy`` to the ``task`` commands."""
    task_app.command("deploy", epilog=_EPILOG)(deploy)


def deploy(
    file: Annotated[
        str,
        typer.Argument(
            metavar="TASKDEF",
            help="Task definition in JSON or YAML, or what describe-task-definition prints; - reads it.",
        ),
    ],
    service: Annotated[str, typer.Option(help="Service that is to run it, by name or ARN.")],
    cluster: Annotated[str, typer.Option(help="The service's cluster, by name or ARN.")] = "default",
    region: Annotated[str | None, typer.Option(help="AWS region; else that of the profile or AWS_REGION.")] = None,
    profile: Annotated[str | None, typer.Option(help="Profile of ~/.aws/config.")] = None,
    timeout: Annotated[str, typer.Option(help="How long the service may take to settle: 90s, 15m.")] = "15m",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    no_rollback: Annotated[
        bool, typer.Option("--no-rollback", help="Leave the new revision in place when it does not settle.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Register a task definition, let a service run it, and wait until the service has settled.

    Shows first what differs from what the service runs, then the service's events and its tasks' states. If it does not
    settle, says why tasks stopped and goes back to the revision that ran before; so does Ctrl-C. Prints the ARN that
    the service is set to run. Exit status 0: it runs; 1: it did not settle; 2: refused; 130: Ctrl-C.
    """
    limit = _span(timeout)
    source = only(read_tasks(file))
    definition = deployable(source)
    printer = Printer()
    ecs = Ecs(region=region, profile=profile)
    found = plan(ecs, Target(cluster, service), definition)
    if dry_run:
        _show_plan(found, printer, as_json=as_json)
        return
    _tell_plan(found, printer)
    if not found.differences:
        _print(Outcome("settled", "", found.running), printer, as_json=as_json)
        return
    if not (yes or _agreed(f"Register {definition['family']} and let {service} run it?")):
        printer.print("nothing was changed", error=True)
        raise typer.Exit(1)
    world = World(
        tell=lambda line: printer.print(_shown(line), error=True),
        ask=lambda question: yes or not sys.stdin.isatty() or _asked(question),
        now=time.monotonic,
        pause=time.sleep,
    )
    with _interruptible():
        outcome = Deployment(ecs, found, world, timeout=limit, roll_back=not no_rollback).run(source.place)
    _print(outcome, printer, as_json=as_json)
    if outcome.outcome == "interrupted":
        raise typer.Exit(_INTERRUPTED)
    raise typer.Exit(0 if outcome.outcome == "settled" else 1)


def _span(text: str) -> int:
    try:
        found = seconds(text)
    except ValueError as error:
        raise UserError(f"--timeout is '{text}'", fix="write a number and s, m or h, as in 90s or 15m") from error
    if found <= 0:
        raise UserError(f"--timeout is '{text}'", fix="write a time that is longer than 0")
    return found


def _show_plan(found: Plan, printer: Printer, *, as_json: bool) -> None:
    """What a dry run prints."""
    if as_json:
        said: Any = {"running": found.running, "differences": found.differences, "notes": found.notes}
        printer.print(msgspec.json.encode(said).decode())
        return
    for difference in found.differences:
        printer.print(str(difference))
    _tell_rest(found, printer)


def _tell_plan(found: Plan, printer: Printer) -> None:
    if found.differences:
        printer.print(f"against {short(found.running)}:", error=True)
    for difference in found.differences:
        printer.print(f"  {difference}", error=True)
    _tell_rest(found, printer)


def _tell_rest(found: Plan, printer: Printer) -> None:
    for note in found.notes:
        printer.print(f"note: {note}", error=True)
    if not found.differences:
        printer.print(
            f"the service is set to run {short(found.running)}, which is the same: nothing to register; to start its "
            f"tasks anew: {found.target.command(found.running)} --force-new-deployment",
            error=True,
        )


def _print(outcome: Outcome, printer: Printer, *, as_json: bool) -> None:
    if outcome.registered and outcome.runs != outcome.registered:
        printer.print(f"{short(outcome.registered)} stays registered", error=True)
    if as_json:
        printer.print(msgspec.json.encode(outcome).decode())
    elif outcome.runs:
        printer.print(outcome.runs)


def _shown(line: str) -> str:
    """What AWS says, without what steers a terminal."""
    return "".join([letter if letter.isprintable() else " " for letter in line])


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UserError(
            "nobody can be asked: standard input is no terminal",
            fix="give --yes, or --dry-run to see what would change",
        )
    return typer.confirm(question, err=True)


def _asked(question: str) -> bool:
    """The answer; no if that is interrupted too."""
    try:
        return typer.confirm(question, default=True, err=True)
    except typer.Abort:
        return False


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM is as Ctrl-C meanwhile: who cancels a job in CI sends it."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
