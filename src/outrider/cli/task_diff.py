"""``outrider task diff``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from outrider.cli.printer import Printer
from outrider.model.errors import UserError
from outrider.taskdef.compare import differences
from outrider.taskdef.deploy import Ecs, definition_of, only
from outrider.taskdef.shape import TaskDefinition
from outrider.taskdef.templates import read_tasks

_REVISION = re.compile(r"(?:arn:[\w-]+:ecs:(?P<region>[\w-]+):\d+:task-definition/)?[\w-]+:\d+")
_EPILOG = "Example: outrider task diff web:12 task.json --region eu-west-1"


def register(task_app: typer.Typer) -> None:
    """Add ``diff`` to the ``task`` commands."""
    task_app.command("diff", epilog=_EPILOG)(diff)


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A file, - for standard input, or FAMILY:REVISION.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same.")],
    region: Annotated[str | None, typer.Option(help="AWS region of FAMILY:REVISION.")] = None,
    profile: Annotated[str | None, typer.Option(help="Profile of ~/.aws/config.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """Print what differs between two task definitions, as ECS takes them.

    Defaults, the order of lists that have none (environment, secrets, portMappings and others), and what ECS writes by
    itself do not count. Values that look like secrets are printed as ***. Exit status 1 if they differ.
    """
    if old == new == "-":
        raise UserError("standard input cannot be both definitions", fix="give one of them as a file")
    found = differences(*[_definition(text, region, profile) for text in (old, new)])
    printer = Printer()
    if as_json:
        printer.print(msgspec.json.encode(found).decode())
    for difference in [] if as_json else found:
        printer.print(str(difference))
    raise typer.Exit(1 if found else 0)


def _definition(text: str, region: str | None, profile: str | None) -> TaskDefinition:
    revision = _REVISION.fullmatch(text)
    if revision is None or Path(text).exists():
        return definition_of(only(read_tasks(text)))
    return Ecs(region=region or revision["region"], profile=profile).definition(text)[1]
