"""``outrider export``: deployment artefacts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from typing import Annotated, Any

import typer

from outrider.export.description import KEYS, Description, complete, read_values
from outrider.export.kind import Kind
from outrider.export.output import placed, write_files
from outrider.export.registry import KINDS, find_kind
from outrider.export.tasks import token_secret
from outrider.model.errors import UserError


def register(app: typer.Typer) -> None:
    """Add ``export`` with a command for each kind."""
    group = typer.Typer(no_args_is_help=True, help="Make the files that deploy Outrider: one command for each kind.")
    group.callback()(_options)
    for name in KINDS:
        kind = find_kind(name)
        group.command(name, help=_help(kind))(_command(kind))
    app.add_typer(group, name="export")


def _list(show: bool) -> None:
    if show:
        for name in KINDS:
            typer.echo(f"{name:16}{find_kind(name).told.partition('. ')[0].removesuffix('.')}")
        raise typer.Exit


def _options(
    kinds: Annotated[bool, typer.Option("--list", callback=_list, is_eager=True, help="Print the kinds.")] = False,
) -> None:
    """Options that stand before the kind."""


def _help(kind: Kind) -> str:
    keys = "\n".join(
        f"  {name:20} {KEYS[name].metadata['told']} [{KEYS[name].default}]" for name in KEYS if name in kind.uses
    )
    server = " --set server=https://logs.example.com:8444" if "server" in kind.uses else ""
    example = f"outrider export {kind.name}{server} -o deploy/"
    return f"{kind.told}\n\n\b\nKeys of --set and of --from:\n{keys}\n\n{kind.following}\n\nExample: {example}"


def _command(kind: Kind) -> Callable[..., None]:
    def command(
        values: Annotated[
            list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A key of the description; repeatable.")
        ] = None,
        file: Annotated[
            str | None, typer.Option("--from", metavar="FILE.yaml", help="A description: keys and values.")
        ] = None,
        output: Annotated[
            str | None,
            typer.Option("--output", "-o", metavar="PATH", help="A folder (with / at its end), or a file."),
        ] = None,
        force: Annotated[bool, typer.Option(help="Overwrite files that differ.")] = False,
    ) -> None:
        found = _values(kind, values or [], file)
        description = complete(found)
        files = kind.make(description)
        for note in _notes(kind, found, description):
            typer.echo(note, err=True)
        if output is None:
            if len(files) > 1:
                raise UserError(
                    f"{kind.name} makes {len(files)} files: {', '.join(files)}", fix="name a folder with -o"
                )
            sys.stdout.write(next(iter(files.values())))
            return
        paths = write_files(files, output, force=force)
        for path in paths:
            typer.echo(f"wrote {path}", err=True)
        typer.echo(placed(kind.following, files, paths, output), err=True)

    return command


def _notes(kind: Kind, given: Collection[str], description: Description) -> Iterator[str]:
    """A line for each key that the kind uses, that nobody gave, and whose default hardly fits."""
    for name, declared in KEYS.items():
        if name not in kind.uses or name in given:
            continue
        instead = declared.metadata["instead"]
        if instead:
            yield f"note: {name} is still the placeholder {declared.default}: --set {name}={instead}"
        elif name == "token_secret" and "account" in kind.uses:
            yield f"note: the join token is looked for in {token_secret(description)}; elsewhere: --set {name}=ARN"


def _values(kind: Kind, values: list[str], file: str | None) -> dict[str, Any]:
    given = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--set {text}: not KEY=VALUE", fix="write the key, =, and the value")
        if name in KEYS and name not in kind.uses:
            raise UserError(f"--set {name}: {kind.name} does not use it", found=name, allowed=sorted(kind.uses))
        given[name] = value
    return read_values(given, file)
