"""Which task definition of a file a command is about."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from outrider.model.errors import UserError
from outrider.taskdef.protect import opened
from outrider.taskdef.source import TaskSource
from outrider.taskdef.templates import read_tasks

ResourceOption: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Task definition in a file that has several.")
]


def read_one(path: str, name: str | None) -> TaskSource:
    """The task definition of that name in a file, else the only one. Raises UserError."""
    return chosen(read_tasks(path), name)


def read_editable(path: str, name: str | None) -> TaskSource:
    """The same, to be edited. Raises UserError for files that are not edited, too."""
    return opened(read_one(path, name))


def chosen(tasks: list[TaskSource], name: str | None) -> TaskSource:
    """The task definition of that name, else the only one. Raises UserError."""
    found = {task.name: task for task in tasks}
    if name is not None and list(found) == [""]:
        raise UserError(f"--resource {name}: this file has one task definition", fix="leave --resource out")
    if name is not None and name not in found:
        raise UserError(f"--resource {name}: there is no such task definition", found=name, allowed=list(found))
    if name is not None and [task.name for task in tasks].count(name) > 1:
        raise UserError(f"--resource {name}: two task definitions have that name", fix="give a file with one of them")
    if name is None and len(tasks) > 1:
        raise UserError(f"the file has {len(tasks)} task definitions", allowed=list(found), fix="give --resource")
    return found[name] if name is not None else tasks[0]
