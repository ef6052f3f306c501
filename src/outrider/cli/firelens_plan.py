"""``outrider firelens plan``."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from outrider.cli.task_source import ResourceOption, read_one
from outrider.model.errors import UserError, shown
from outrider.taskdef.firelens.runtime import LOCAL_TASK_ARN, Runtime, check_task_arn
from outrider.taskdef.plan import plan
from outrider.taskdef.plan.document import document
from outrider.taskdef.plan.plan import Told
from outrider.taskdef.plan.text import text

_FORMS = {"text": text, "json": document}
_VERSION = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}(?![0-9])")


def register(group: typer.Typer) -> None:
    """Add ``plan`` to the ``firelens`` commands."""
    group.command("plan")(plan_task)


def plan_task(
    file: Annotated[
        str, typer.Argument(metavar="TASKDEF", help="Task definition or CloudFormation template; - reads it.")
    ],
    form: Annotated[str, typer.Option("--format", help=f"{', '.join(_FORMS)}.")] = "text",
    cluster: Annotated[str, typer.Option(help="Cluster, by name or ARN as the agent is configured.")] = "default",
    task_arn: Annotated[str, typer.Option(help="ARN of the task.")] = LOCAL_TASK_ARN,
    revision: Annotated[
        int | None, typer.Option(min=1, help="Revision of the task definition; else the file's own, else 1.")
    ] = None,
    instance_id: Annotated[str | None, typer.Option(help="EC2 instance id; not given on Fargate.")] = None,
    docker_version: Annotated[
        str, typer.Option(help="Docker's version on the instance, such as 19.03; the names of options changed.")
    ] = "",
    resource: ResourceOption = None,
) -> None:
    """Print what ECS would do for FireLens with each container of a task definition.

    Log driver and its options, environment, mounts, start order, and the configuration of the log router go to
    standard output. Standard error gets ECS's errors, in its words, and notes where the ECS agent does what one would
    not expect; with --format json they are in the document. Exit status: 0, 1 when ECS would refuse the task or not
    start it, 2 for wrong arguments or files.

    Example: outrider firelens plan task.json --format json
    """
    if form not in _FORMS:
        raise UserError(f"--format {form}: there is no such format", found=form, allowed=list(_FORMS))
    if docker_version and not _VERSION.match(docker_version):
        raise UserError(
            f"--docker-version '{docker_version}' is no version",
            fix="write what 'docker version' prints, such as 19.03",
        )
    source = read_one(file, resource)
    task = source.task
    runtime = Runtime(cluster, check_task_arn(task_arn), revision or task.get("revision") or 1, instance_id)
    made = plan(task, runtime, source.place, docker_version=docker_version)
    sys.stdout.buffer.write(_FORMS[form](made).encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
    if form == "text":
        told = [*(("error", item) for item in made.errors), *(("note", item) for item in made.notes)]
        for level, item in told:
            typer.echo(_line(level, item), err=True)
    raise typer.Exit(1 if made.errors else 0)


def _line(level: str, item: Told) -> str:
    where = f"{item.place}: " if item.place else ""
    return shown(f"{where}{level}: {item.message}{f'; fix: {item.fix}' if item.fix else ''}")
