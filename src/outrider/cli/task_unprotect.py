"""``outrider task unprotect``."""

from __future__ import annotations

import typer

from outrider.cli.task_edit import (
    DryRunOption,
    FileArgument,
    InPlaceOption,
    OutputOption,
    check_target,
    deliver,
    summary,
)
from outrider.cli.task_source import ResourceOption, read_editable
from outrider.taskdef.protect import Refusals, unprotect


def register(group: typer.Typer) -> None:
    """Add ``unprotect`` to the ``task`` commands."""
    group.command("unprotect")(unprotect_task)


def unprotect_task(
    file: FileArgument,
    output: OutputOption = None,
    in_place: InPlaceOption = False,
    dry_run: DryRunOption = False,
    resource: ResourceOption = None,
) -> None:
    """Take away what protect has put into a task definition.

    Agent and router go, and the log configuration of applications whose logs only the agent took. A router that
    applications need for destinations of their own stays, without the launcher. What protect cannot know it tells and
    leaves: log drivers that it replaced, for one. Exit status: 0, or 2 for what is refused.

    Example: outrider task unprotect protected.json --dry-run
    """
    refusals = Refusals()
    refusals.add(check_target(file, output, in_place=in_place))
    with refusals:
        before = read_editable(file, resource)
        result = unprotect(before)
    refusals.settle()
    deliver(before, result, file if in_place else output, in_place=in_place, dry_run=dry_run)
    name = before.source.file
    free, nothing = f"{name} is protected no more", f"{name} is not protected; nothing changed"
    typer.echo("\n".join(summary(result, free, nothing, dry_run=dry_run)), err=True)
