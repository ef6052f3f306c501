"""``outrider task iam``."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from outrider.cli.task_source import ResourceOption, read_one
from outrider.model.errors import Place, UserError, shown
from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config.configuration import Configuration, from_file
from outrider.taskdef.rights import (
    EXECUTION,
    TASK,
    Difference,
    Granted,
    Reason,
    Rights,
    compare,
    policy,
    read_granted,
    rights_of,
    scope_of,
)
from outrider.taskdef.rights.need import Where
from outrider.taskdef.source import TaskSource, read_source
from outrider.taskdef.view import Task

_ROLE_KEYS = {TASK: "taskRoleArn", EXECUTION: "executionRoleArn"}
_KMS_KEY = "arn:aws:kms:REGION:ACCOUNT:key/ID"
_SHOWN = {TASK: "task role", EXECUTION: "execution role"}


def register(group: typer.Typer) -> None:
    """Add ``iam`` to the ``task`` commands."""
    group.command("iam")(iam)


def iam(
    file: Annotated[str, typer.Argument(metavar="TASKDEF", help="Task definition, template or plan; - reads it.")],
    config: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Configuration that the log router includes; repeatable."),
    ] = None,
    diff: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[ROLE=]POLICY.json",
            help="Compare with a policy that is there, as 'aws iam get-role-policy' prints it or bare; repeatable.",
        ),
    ] = None,
    role: Annotated[
        str | None, typer.Option(help="Print the policy of one role alone: task, execution, or an assumed role's ARN.")
    ] = None,
    account: Annotated[str, typer.Option(metavar="ID", help="Account, where the file does not tell it.")] = "",
    region: Annotated[str, typer.Option(help="Region of the task, where the file does not tell it.")] = "",
    partition: Annotated[str, typer.Option(help="Partition, where the file does not tell it: aws, aws-cn …")] = "",
    kms_key: Annotated[
        list[str] | None, typer.Option(metavar="ARN", help="KMS key that secrets are encrypted with; repeatable.")
    ] = None,
    execute_command: Annotated[
        bool, typer.Option("--execute-command", help="The service or task has ECS Exec enabled.")
    ] = False,
    resource: ResourceOption = None,
) -> None:
    """Print the least rights that the roles of a task definition need, and why.

    Standard output gets a JSON object with one policy for each role (with --role that policy alone), standard error a
    line for each right: what asks for it, and where. Nothing is called. With --diff, standard output gets what is
    missing and what is too much. Exit status: 0, 1 when something is missing, 2 for wrong arguments or files.

    Example: outrider task iam task.json --config extra.conf --diff task-role.json --diff execution=execution-role.json
    """
    _check_given(account, region, partition, kms_key or [])
    if role is not None and diff:
        raise UserError("--role is for what is printed without --diff", fix="write --diff ROLE=POLICY.json")
    source = read_one(file, resource)
    task = Task(source.task)
    rights = rights_of(
        task,
        scope_of(task, account=account, region=region, partition=partition),
        [(path, _configuration(path)) for path in config or ()],
        kms_keys=tuple(kms_key or ()),
        execute_command=_execute_command(source, told=execute_command),
    )
    if diff:
        raise typer.Exit(_print_difference(task, rights, source, diff))
    _print_policies(rights, source, role)


def _check_given(account: str, region: str, partition: str, kms_keys: Sequence[str]) -> None:
    """Refuse what cannot stand in a policy."""
    for option, value, form, written in (
        ("--account", account, r"\d{12}", "12 digits"),
        ("--region", region, r"[a-z]{2,4}(-[a-z]+)+-\d+", "a region such as eu-west-1"),
        ("--partition", partition, r"aws(-[a-z-]+)?", "aws, aws-cn or aws-us-gov"),
        *(("--kms-key", key, r"arn:[a-z-]+:kms:[^:]+:\d{12}:key/.+", _KMS_KEY) for key in kms_keys),
    ):
        if value and not re.fullmatch(form, value):
            raise UserError(f"{option} '{value}' is not {written}", fix=f"write {written}, or leave {option} out")


def _configuration(path: str) -> Configuration:
    return from_file(path, ConfigurationFiles(), lambda warning: typer.echo(f"note: {warning}", err=True))


def _execute_command(source: TaskSource, *, told: bool) -> Reason | None:
    """Who switches ECS Exec on: ``--execute-command``, or ``enableExecuteCommand`` beside the task definition."""
    value: Any = source.source.value
    for path in ((), source.base):
        holder = value
        for step in path:
            holder = holder[step]
        if isinstance(holder, dict) and holder.get("enableExecuteCommand") is True:
            return Reason("enableExecuteCommand", source.source.place((*path, "enableExecuteCommand")))
    return Reason("ECS Exec", Place("--execute-command")) if told else None


def _print_policies(rights: Rights, source: TaskSource, role: str | None) -> None:
    known = dict.fromkeys([*_ROLE_KEYS, *rights.roles])
    if role is not None and role not in known:
        raise UserError(f"--role {role}: the task definition has no such role", found=role, allowed=list(known))
    for name in [role] if role else rights.roles:
        for need in rights.of(name):
            actions = ", ".join(need.actions)
            _tell(source, need.reason.where, f"{_shown(name)}: {actions} on {need.resource} ({need.reason.text})")
    for note in rights.notes:
        _tell(source, note.where, f"note: {note.text}")
    if not rights.needs:
        typer.echo("nothing in this task definition needs rights in AWS", err=True)
    found: Any = policy(rights.of(role)) if role else {name: policy(rights.of(name)) for name in rights.roles}
    sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def _shown(role: str) -> str:
    return _SHOWN.get(role, role)


def _tell(source: TaskSource, where: Where, text: str) -> None:
    typer.echo(shown(f"{_place(source, where)}: {text}"), err=True)


def _place(source: TaskSource, where: Where) -> Place:
    return where if isinstance(where, Place) else source.place(where)


def _print_difference(task: Task, rights: Rights, source: TaskSource, files: Sequence[str]) -> int:
    """Print what is missing and what is too much; the exit status."""
    policies: dict[tuple[str, ...], list[Granted]] = {}
    for text in files:
        roles, granted = _given(task, rights, text)
        policies.setdefault(roles, []).append(granted)
    status = 0
    for roles, several in policies.items():
        statements = [statement for granted in several for statement in granted.statements]
        difference = compare([need for role in roles for need in rights.of(role)], statements)
        for line in _lines(difference, " and ".join(map(_shown, roles)), source):
            typer.echo(shown(line))
        status |= bool(difference.missing)
    for role in rights.roles:
        if not any(role in roles for roles in policies):
            typer.echo(f"note: the {_shown(role)} is not compared: give --diff {role}=POLICY.json", err=True)
    for note in rights.notes:
        _tell(source, note.where, f"note: {note.text}")
    return status


def _lines(difference: Difference, roles: str, source: TaskSource) -> Iterator[str]:
    for lack in difference.missing:
        first, *rest = lack.reasons
        also = "".join(f"; {reason.text} at {_place(source, reason.where)}" for reason in rest)
        denied = f"; denied by {lack.denied}" if lack.denied else ""
        what = f"the {roles} lacks {lack.action} on {lack.resource}"
        yield f"{_place(source, first.where)}: {what} ({first.text}{also}){denied}"
    for excess in difference.excess:
        yield f"{excess.place}: too much for the {roles}: {excess.text}"
    for doubt in difference.doubts:
        yield f"{doubt.place}: {doubt.text}"


def _given(task: Task, rights: Rights, text: str) -> tuple[tuple[str, ...], Granted]:
    """A policy and the roles that have it: as ``ROLE=`` says, else as the file does, else the task role."""
    known = dict.fromkeys([*_ROLE_KEYS, *rights.roles])
    named = next((role for role in known if text.startswith(f"{role}=")), None)
    path = text if named is None else text.removeprefix(f"{named}=")
    granted = read_granted(read_source(path, "an IAM policy in JSON"))
    if named is not None:
        return (named,), granted
    names = {role: _role_name(task.text(_ROLE_KEYS[role]) if role in _ROLE_KEYS else role) for role in known}
    if not granted.role:
        return tuple(role for role in known if role == TASK or (names[role] and names[role] == names[TASK])), granted
    found = tuple(role for role in known if names[role] == granted.role)
    if not found:
        raise UserError(
            f"{granted.file} is a policy of '{granted.role}', which the task definition does not name",
            found=granted.role,
            allowed=[name for name in names.values() if name],
            fix=f"say whose it is, such as --diff task={path}",
        )
    return found, granted


def _role_name(arn: str | None) -> str:
    """The name at the end of a role's ARN; task definitions may have it alone."""
    return (arn or "").rpartition("/")[2]
