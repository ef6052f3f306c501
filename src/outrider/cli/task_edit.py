"""What the commands that edit a task definition share: where the result goes, and how it differs."""

from __future__ import annotations

import difflib
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from outrider.model.errors import UserError, shown
from outrider.taskdef.protect import Edited
from outrider.taskdef.shape import READ_ONLY
from outrider.taskdef.source import TaskSource
from outrider.taskdef.templates import TemplateSource
from outrider.taskdef.write import write_file
from outrider.taskdef.yamlsource import YamlSource

FileArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="TASKDEF",
        help="Task definition in JSON or YAML, CloudFormation template, or what describe-task-definition prints; "
        "- reads it.",
    ),
]
OutputOption: TypeAlias = Annotated[
    str | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")
]
InPlaceOption: TypeAlias = Annotated[bool, typer.Option("--in-place", help="Write to TASKDEF itself.")]
DryRunOption: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Write nothing; print what would change, as a unified diff.")
]

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def check_target(file: str, output: str | None, *, in_place: bool) -> Iterator[UserError]:
    """Options that say two places, or none."""
    if in_place and (output is not None or file == "-"):
        reason = "--in-place needs a file to write back to, and no other output"
        yield UserError(reason, fix="drop --in-place, or -o")


def deliver(
    before: TaskSource, edited: Edited, target: str | None, *, in_place: bool, dry_run: bool, private: bool = False
) -> None:
    """Print or write the result, to a file of its owner's alone if it is ``private``; or print the difference."""
    text, file = edited.source.source.text, before.source.file
    if dry_run:
        show(difference(before.source.text, text, file))
    elif target is None:
        show(text)
    elif not in_place or edited.changed:
        write_file(target, text, private=private)


def deliver_files(files: Mapping[str, str], folder: Path, *, dry_run: bool) -> None:
    """The same for further files in a folder, name to text."""
    for name, text in files.items():
        path = folder / name
        if not dry_run:
            write_file(str(path), text)
            continue
        show(difference(_present(path), text, str(path)))


def _present(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", fix="give another file") from error


def show(text: str) -> None:
    """Text on standard output, byte for byte."""
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def difference(old: str, new: str, file: str) -> str:
    """A unified diff that ``patch`` takes; empty if nothing differs."""
    lines = difflib.unified_diff(_LINE.findall(old), _LINE.findall(new), file, file)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def summary(edited: Edited, done: str, nothing: str, *, dry_run: bool) -> list[str]:
    """What was done, and what there is to know, for standard error."""
    if dry_run:
        done = f"dry run, nothing is written; {done} then"
    lines = [f"{done}:", *(f"  {shown(phrase)}" for phrase in edited.changed)] if edited.changed else [nothing]
    return lines + [f"note: {shown(phrase)}" for phrase in edited.notes]


def next_steps(edited: Edited, target: str | None, name: str, *more: str) -> list[str]:
    """How the result, which is in ``target`` or to be saved under ``name``, gets to ECS; then what else is to do."""
    is_yaml = isinstance(edited.source.source, YamlSource)
    saved = target or f"{name}.{'yaml' if is_yaml else 'json'}"
    lines = ["next:"] if target else ["next:", f"  save the output as {saved}"]
    if isinstance(edited.source, TemplateSource):
        stack = f"aws cloudformation deploy --template-file {shlex.quote(saved)} --stack-name STACK"
        return [
            *lines,
            f"  {stack} --capabilities CAPABILITY_IAM (or as you deploy it)",
            *(f"  {line}" for line in more),
        ]
    deploy = f"outrider task deploy {shlex.quote(saved)} --cluster CLUSTER --service SERVICE"
    if edited.source.base and is_yaml:
        return [*lines, f"  {deploy}", *(f"  {line}" for line in more)]
    if edited.source.base:
        read_only = ", ".join(f".{key}" for key in READ_ONLY)
        lines.append(f"  jq '.taskDefinition | del({read_only})' {shlex.quote(saved)} > register.json")
        saved = "register.json"
    named = edited.source.task.get("family")
    form, written = "yaml" if is_yaml else "json", shlex.quote(f"file://{saved}")
    family = shlex.quote(named) if named and isinstance(named, str) else "FAMILY"
    return [
        *lines,
        f"  aws ecs register-task-definition --cli-input-{form} {written}",
        f"  aws ecs update-service --cluster CLUSTER --service SERVICE --task-definition {family}",
        f"  (or {deploy}, which watches the service and rolls back)",
        *(f"  {line}" for line in more),
    ]
