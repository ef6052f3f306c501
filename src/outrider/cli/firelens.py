"""``outrider firelens``: what ECS makes of a task definition's log router."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from outrider.cli import firelens_plan
from outrider.cli.task_source import ResourceOption, read_one
from outrider.taskdef import firelens
from outrider.taskdef.firelens.runtime import LOCAL_TASK_ARN, check_task_arn
from outrider.taskdef.plan.known import OPEN, known, open_text

_FILE = typer.Argument(metavar="TASKDEF", help="Task definition, template, or what describe-task-definition prints.")


def register(app: typer.Typer) -> None:
    """Add the ``firelens`` commands."""
    group = typer.Typer(no_args_is_help=True, help="What ECS generates for the log router of a task.")
    group.callback()(_group)
    group.command("render")(render)
    firelens_plan.register(group)
    app.add_typer(group, name="firelens")


def _group() -> None:
    """What ECS generates for the log router of a task."""


def render(
    file: Annotated[str, _FILE],
    cluster: Annotated[str, typer.Option(help="Cluster, by name or ARN as the agent is configured.")] = "default",
    task_arn: Annotated[str, typer.Option(help="ARN of the task.")] = LOCAL_TASK_ARN,
    revision: Annotated[
        int | None, typer.Option(min=1, help="Revision of the task definition; else the file's own, else 1.")
    ] = None,
    instance_id: Annotated[
        str | None, typer.Option(help="EC2 instance id; not given on Fargate, where the router is told none.")
    ] = None,
    resource: ResourceOption = None,
) -> None:
    """Print the configuration that ECS generates for the log router, byte for byte.

    Use - as TASKDEF to read standard input. What is in the configuration must not be open in a template.

    Example: outrider firelens render template.yaml --resource Web
    """
    found = read_one(file, resource)
    task = known(found.task, found.place)
    runtime = firelens.Runtime(cluster, check_task_arn(task_arn), revision or task.get("revision") or 1, instance_id)
    text = firelens.render(task, runtime, found.place)
    if OPEN in text:
        raise open_text(found.task, found.place)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
