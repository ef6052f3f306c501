"""``outrider doctor``, also as ``outrider task doctor``."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from outrider.agent import preset, settings
from outrider.cli.printer import Printer
from outrider.doctor.checks import checks_of
from outrider.doctor.examine import examine
from outrider.doctor.router import Router, read
from outrider.doctor.subject import GENERATED, SOCKET, Subject
from outrider.doctor.verdict import Level, Line
from outrider.model.errors import UserError

_EPILOG = "Example: outrider doctor -c /fluent-bit/etc/fluent-bit.conf"


def register(app: typer.Typer) -> None:
    """Add ``doctor`` to all commands, or to those of a group."""
    app.command("doctor", epilog=_EPILOG)(doctor)


def doctor(
    config: Annotated[
        str | None,
        typer.Option(
            *("--config", "-c"),
            metavar="FILE",
            help=f"The router's configuration; the agent's own (OUTRIDER_CONFIG), or {GENERATED} if it is there.",
        ),
    ] = None,
    server: Annotated[
        str | None, typer.Option(metavar="URL", help="The server's address for agents; the agent's own if not given.")
    ] = None,
    state: Annotated[str | None, typer.Option(metavar="DIR", help="The agent's state (OUTRIDER_STATE).")] = None,
    socket: Annotated[str, typer.Option(metavar="PATH", help="The router's unix socket.")] = SOCKET,
    timeout: Annotated[float, typer.Option(min=1, max=600, help="Seconds for all checks together.")] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """Say what works in this task or on this host, and what to change.

    Run it where agent or router run: docker exec, ECS Exec, or a shell on the host. It reads the agent's variables,
    looks at everything at once, and changes nothing. Exit status 1 if something fails.
    """
    subject = _subject(os.environ, server, state, socket, config)
    lines = asyncio.run(examine(checks_of(subject), timeout))
    printer = Printer()
    if as_json:
        printer.print(msgspec.json.encode(lines).decode())
    else:
        for line in lines:
            printer.print(str(line))
        printer.print(_sum(lines), error=True)
    raise typer.Exit(1 if any(line.level is Level.FAIL for line in lines) else 0)


def _router(config: str | None, environment: Mapping[str, str], found: settings.Settings) -> Router | None:
    """The configuration; the agent's is looked at with what the agent runs beside it."""
    if config is None and found.config:
        return read(found.config, environment, lambda file: preset.configuration(found, file))
    if config is None and not Path(GENERATED).exists():
        return None
    return read(config or GENERATED, environment)


def _subject(
    environment: Mapping[str, str], server: str | None, state: str | None, socket: str, config: str | None
) -> Subject:
    """The subject, as the agent's settings describe it; a variable that is wrong is left out and told."""
    arguments = {"server": server, "state": state}
    of_token = (*settings.TOKEN_VARIABLES, settings.TOKEN_FILE_VARIABLE)
    without = {name: value for name, value in environment.items() if name not in of_token}  # the token has a check
    token = ""
    faults = []
    try:
        token = settings.find_token(environment, arguments)[0]
    except UserError as error:
        faults.append(error)
    found = None
    while found is None:
        try:
            found = settings.read(without, arguments)
        except UserError as error:
            if error.key not in without:
                raise  # an argument is wrong
            faults.append(error)
            del without[error.key]
    subject = Subject(
        found.server,
        token,
        found.name,
        found.state,
        found.listen,
        found.port,
        tuple(faults),
        _router(config, environment, found),
        socket,
        environment,
    )
    if server or not subject.enrolled:
        return subject
    return dataclasses.replace(subject, server=subject.identity.server)


def _sum(lines: list[Line]) -> str:
    counts = {level: sum(line.level is level for line in lines) for level in Level}
    return ", ".join(f"{count} {level.value}" for level, count in counts.items())
