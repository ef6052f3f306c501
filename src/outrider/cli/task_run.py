"""``outrider task run``."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from outrider.cli.printer import UNREAD, Printer
from outrider.cli.task_source import ResourceOption, read_one
from outrider.cli.task_watch import Lines, Screen, watching
from outrider.model.errors import UserError, shown
from outrider.taskdef.run import Reports, TaskRun, Wishes, prepare
from outrider.taskdef.run.given import Secrets
from outrider.taskdef.run.known import known_source
from outrider.taskdef.run.local_aws import LocalAws
from outrider.taskdef.run.local_aws.arrived import make_folder
from outrider.taskdef.run.network import Wanted
from outrider.taskdef.run.setting import Backend
from outrider.taskdef.run.voice import plain
from outrider.taskdef.run.watch import watch as watch_task
from outrider.taskdef.source import TaskSource, read_text

BACKENDS = ("auto", "docker", "process")
NETWORKS = ("auto", "task", "host")
_EPILOG = "Example: outrider task run protected.json --image web=web:dev --secrets secrets.env"
_SIGNALLED = 128
_OF_OTHERS = stat.S_IRGRP | stat.S_IROTH


def register(task_app: typer.Typer) -> None:
    """Add ``run`` to the ``task`` commands."""
    task_app.command("run", epilog=_EPILOG)(run)


def run(
    file: Annotated[str, typer.Argument(metavar="TASKDEF", help="Task definition, or template; - reads it.")],
    backend: Annotated[
        str, typer.Option(help="Where applications run: docker, process, or auto (Docker if it answers).")
    ] = "auto",
    image: Annotated[
        list[str] | None, typer.Option(metavar="CONTAINER=LOCAL", help="Local image for a container; repeatable.")
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONTAINER:KEY=VALUE", help="Variable for a container, instead of the file's; repeatable."
        ),
    ] = None,
    secrets: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Values of secrets: NAME=VALUE, CONTAINER:NAME=VALUE, or JSON of valueFrom to value."
        ),
    ] = None,
    from_s3: Annotated[
        list[str] | None,
        typer.Option("--file", metavar="ARN=PATH", help="Local file for one that the task has in S3; repeatable."),
    ] = None,
    state: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the task's folder in DIR; else it is temporary.")
    ] = None,
    show_output: Annotated[
        bool, typer.Option("--show-output", help="Show what the applications print, each line after its container.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show containers, outputs and agent on standard error, every second.")
    ] = False,
    local_aws: Annotated[
        bool,
        typer.Option("--local-aws", help="Send what goes to AWS to a stand-in on this machine (extra 'local')."),
    ] = False,
    local_aws_out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write what arrives at the stand-in to DIR at the end; implies --local-aws."),
    ] = None,
    sidecars: Annotated[
        str,
        typer.Option(help="Where router and agent run: docker, process, or auto (Docker if their images are here)."),
    ] = "auto",
    network: Annotated[
        str,
        typer.Option(help="The task's network: its own (task), this machine's (host), or auto."),
    ] = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the outcome as one JSON object on the last line.")
    ] = False,
    resource: ResourceOption = None,
) -> None:
    """Run a task definition on this machine, playing the part of the ECS agent.

    Containers run in Docker, in one network of the task's own, with its fluentd log driver; or as plain processes
    behind a driver that does the same. The log router and the agent are processes where their images are not here.
    The task ends with its first essential container, whose status is the exit status; Ctrl-C stops it in order,
    twice at once.
    """
    source = read_one(file, resource)
    printer = Printer()
    wishes = Wishes(
        backend=chosen_backend(backend),
        images=dict(_split(text, "--image", "CONTAINER=LOCAL", "web=web:dev") for text in image or ()),
        environment=_environment(env or ()),
        secrets=Secrets() if secrets is None else _secrets(secrets, printer),
        files=dict(_from_s3(text) for text in from_s3 or ()),
        state=state,
        show_output=show_output,
        sidecars=chosen_backend(sidecars, "--sidecars"),
        network=_chosen_network(network),
        local_aws=local_aws or local_aws_out is not None,
    )
    if local_aws_out is not None:
        make_folder(local_aws_out)
    source, left_out = known_source(source, wishes.images, wishes.environment)
    for phrase in left_out:
        printer.print(f"task: {phrase}")
    outcome = asyncio.run(_run(source, wishes, printer, local_aws_out, watched=watch))
    if as_json:
        printer.print(json.dumps(outcome))
    raise typer.Exit(outcome["status"] or (UNREAD if printer.failure else 0))


def chosen_backend(text: str, option: str = "--backend") -> Backend:
    """The backend of this name. Raises UserError."""
    if text not in BACKENDS:
        raise UserError(f"{option} is '{text}'", found=text, allowed=BACKENDS)
    return cast("Backend", text)


def _chosen_network(text: str) -> Wanted:
    if text not in NETWORKS:
        raise UserError(f"--network is '{text}'", found=text, allowed=NETWORKS)
    return cast("Wanted", text)


def stop_when_told(task: TaskRun, printer: Printer) -> None:
    """The first SIGINT or SIGTERM stops the task in order, the second at once; so does output that nobody takes."""
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        if task.runner.reason:
            task.runner.kill()
        task.runner.stop(number.name, _SIGNALLED + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    printer.when_closed(lambda reason: task.runner.stop(reason, UNREAD))


async def _run(
    source: TaskSource, wishes: Wishes, printer: Printer, aws_folder: Path | None, *, watched: bool
) -> dict[str, Any]:
    show = watching(printer) if watched else Lines(printer)

    def tell(name: str, text: str) -> None:
        show.print(f"{name or 'task'}: {text}")

    as_shown = plain if sys.stderr.isatty() else str  # elsewhere it stays as it is
    reports = Reports(tell, tell, lambda name, line: show.print(f"{name} | {as_shown(line)}", error=True))
    async with prepare(source, wishes, reports) as task:
        stop_when_told(task, printer)
        tell("", f"{task.identity.arn} at {task.network.outside}")
        if watched:
            await _watched(task, show)
        else:
            await task.runner.run()
        if wishes.state is not None:
            tell("", f"its files are in {task.workspace.directory}; what the sidecars printed is in logs/")
        sends = any(cell.planned.logs_to_router for cell in task.runner.cells.values())
        if sends and not wishes.show_output:
            tell("", "what the applications printed went to the log router; --show-output shows it here too")
        outcome = task.outcome()
        if task.aws is not None:
            outcome["aws"] = await _arrived(task.aws, aws_folder, tell)
        if outcome["agent"].get("buffered"):
            tell("", f"{outcome['agent']['buffered']} records were not delivered to the server")
        return outcome


async def _watched(task: TaskRun, show: Lines | Screen) -> None:
    with show:
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(watch_task(task, show.show))
            await task.runner.run()
            looking.cancel()


async def _arrived(aws: LocalAws, folder: Path | None, tell: Callable[[str, str], None]) -> list[dict[str, Any]]:
    """What has arrived at the stand-in for AWS: told, and for the outcome."""
    places = await aws.arrived(folder)
    for place in places:
        tell("aws", shown(str(place)))
    if folder is not None:
        tell("aws", f"what has arrived is in {folder}")
    return [asdict(place) for place in places]


def _split(text: str, option: str, form: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UserError(f"{option} '{text}' is not {form}", fix=f"write for example {option} {example}")
    return name, value


def _secrets(path: Path, printer: Printer) -> Secrets:
    text, file = read_text(str(path), "a file of secrets")
    if path.stat().st_mode & _OF_OTHERS:
        printer.print(f"task: {path} may be read by others: chmod 600 {path}", error=True)
    return Secrets.parse(text, file)


def _from_s3(text: str) -> tuple[str, str]:
    arn, path = _split(text, "--file", "ARN=PATH", "arn:aws:s3:::my-bucket/app.env=app.env")
    return arn, read_text(path, "a text file")[0]


def _environment(texts: list[str] | tuple[()]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        container, colon, pair = text.partition(":")
        key, equals, value = pair.partition("=")
        if not (container and colon and key and equals):
            raise UserError(f"--env '{text}' is not CONTAINER:KEY=VALUE", fix="write for example --env web:PORT=8081")
        found.setdefault(container, {})[key] = value
    return found
