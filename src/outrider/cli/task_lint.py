"""``outrider task lint``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from outrider.model.errors import Place, UserError, shown
from outrider.taskdef.lint import RULES, Finding, check, mend
from outrider.taskdef.lint.quote import quotable
from outrider.taskdef.lint.reports import FORMATS
from outrider.taskdef.source import TaskSource
from outrider.taskdef.templates import read_tasks, tasks_in
from outrider.taskdef.write import write_file

_UNREADABLE = "not-a-task-definition"
_MANUAL = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"


def register(group: typer.Typer) -> None:
    """Add ``lint`` to the ``task`` commands."""
    group.command("lint")(lint)


def lint(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE...",
            help="Task definitions, templates (CloudFormation, Terraform, Compose, Copilot), plans; - reads them.",
        ),
    ] = None,
    form: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMATS)}.")] = "text",
    fix: Annotated[bool, typer.Option("--fix", help="Repair in place what a rule can repair, then check.")] = False,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Leave this rule out; may be repeated.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with status 1 for warnings too.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="Print every rule with its reason, and end.")] = False,
) -> None:
    """Tell what is wrong with task definitions, with line, column and remedy, before ECS does.

    Exit status: 0 without errors, 1 with errors (and with --strict for warnings), 2 for wrong arguments.

    Example: outrider task lint web.json worker.json --format github
    """
    if rules:
        sys.stdout.write("\n".join(f"{rule.id} ({rule.level})\n  {rule.why}\n  fix: {rule.fix}\n" for rule in RULES))
        return
    known = [rule.id for rule in RULES]
    for name in ignore or ():
        if name not in known:
            raise UserError(f"--ignore {name}: there is no such rule", found=name, allowed=known)
    if form not in FORMATS:
        raise UserError(f"--format {form}: there is no such format", found=form, allowed=list(FORMATS))
    if not files:
        raise UserError("no file is given", fix="name a task definition, or - for standard input")
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    for file in files:
        found, read = _look(file, set(ignore or ()), fix=fix)
        findings += found
        texts |= read
    sys.stdout.write(FORMATS[form](findings, texts))
    bad = ("error", "warning") if strict else ("error",)
    raise typer.Exit(1 if any(finding.level in bad for finding in findings) else 0)


def _look(file: str, ignored: set[str], *, fix: bool) -> tuple[list[Finding], dict[str, str]]:
    """The findings of a file, and the texts for excerpts by the names that messages have."""
    if fix and file == "-":
        raise UserError("--fix cannot write to standard input", fix="give the file's name")
    try:
        tasks = read_tasks(file)
    except UserError as error:
        if error.place is None:
            raise
        finding = Finding(
            _UNREADABLE,
            "error",
            shown(error.message),
            error.place,
            shown(error.fix) or "correct what is at this place",
            _MANUAL,
        )
        return [finding], {error.place.file: _text(error.place)}
    if fix and tasks[0].source.can_be_edited:
        tasks = _mended(tasks, file, ignored)
    findings = [finding for task in tasks for finding in check(task, RULES, ignored)]
    return findings, quotable(tasks, RULES)


def _mended(tasks: list[TaskSource], file: str, ignored: set[str]) -> list[TaskSource]:
    done: list[str] = []
    text = tasks[0].source.text
    for number in range(len(tasks)):
        source, repairs = mend(tasks_in(text, file)[number], RULES, ignored)
        text = source.source.text
        done += repairs
    if done:
        write_file(file, text)
        typer.echo("\n".join(done), err=True)
    return tasks_in(text, file)


def _text(place: Place) -> str:
    """The text of a file that could be opened but not understood, for excerpts."""
    try:
        return Path(place.file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
