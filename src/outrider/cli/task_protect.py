"""``outrider task protect``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Annotated, Final

import typer

from outrider.cli.task_edit import (
    DryRunOption,
    FileArgument,
    InPlaceOption,
    OutputOption,
    check_target,
    deliver,
    next_steps,
    summary,
)
from outrider.cli.task_source import ResourceOption, read_editable
from outrider.model.errors import UserError
from outrider.taskdef.protect import (
    Debugging,
    Refusals,
    Wish,
    agent_variables,
    check_image,
    find_profile,
    protect,
    substituted,
)
from outrider.taskdef.templates import TemplateSource

STYLES: Final = ("two", "single")
_PORTS = "in the task's security groups, let nobody reach TCP and UDP 1514 (the agent's log port) and TCP 24224"


def register(group: typer.Typer) -> None:
    """Add ``protect`` to the ``task`` commands."""
    group.command("protect")(protect_task)


def protect_task(
    file: FileArgument,
    output: OutputOption = None,
    in_place: InPlaceOption = False,
    dry_run: DryRunOption = False,
    profile: Annotated[str, typer.Option(help="Whose agent: outrider or alertlogic.")] = "outrider",
    style: Annotated[
        str, typer.Option(help="two: agent and log router beside each other; single: one container that is both.")
    ] = "two",
    key: Annotated[str | None, typer.Option(help="Registration key: the agent's variable KEY.")] = None,
    server: Annotated[
        str | None, typer.Option(help="Address of the Outrider server: the variable OUTRIDER_SERVER.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="Join token, in plain text: the variable OUTRIDER_TOKEN. Better: --token-secret.")
    ] = None,
    token_secret: Annotated[
        str | None,
        typer.Option(metavar="ARN", help="Secrets Manager or SSM ARN from which ECS fetches the token (or the key)."),
    ] = None,
    agent_image: Annotated[str | None, typer.Option(help="Image of the agent.")] = None,
    router_image: Annotated[str | None, typer.Option(help="Image of the log router.")] = None,
    replace_log_driver: Annotated[
        bool,
        typer.Option("--replace-log-driver", help="Replace other log drivers; their destinations get no more logs."),
    ] = False,
    adopt_router: Annotated[
        bool, typer.Option("--adopt-router", help="Let a FireLens router that is there also send to the agent.")
    ] = False,
    awsvpc: Annotated[
        bool, typer.Option("--awsvpc", help="Set networkMode to awsvpc, which Fargate needs, where the file has none.")
    ] = False,
    debug_on: Annotated[
        bool, typer.Option("--debug", help="While you test: sidecars not essential, their console in CloudWatch.")
    ] = False,
    debug_off: Annotated[bool, typer.Option("--no-debug", help="Take back what --debug did.")] = False,
    debug_group: Annotated[str, typer.Option(metavar="GROUP", help="Log group of --debug.")] = "",
    region: Annotated[str, typer.Option(help="Region of that log group; else that of the task's logs.")] = "",
    resource: ResourceOption = None,
) -> None:
    """Add the agent and the log router to a task definition.

    Each application's output goes to the router, and the router sends a copy to the agent; with --style single one
    container does both. Everything else of the file stays as it is; a file that is protected already does not change.
    Exit status: 0, or 2 for what is refused.

    Example: outrider task protect task.json --server https://HOST:8444 --token-secret ARN -o protected.json
    """
    chosen = find_profile(profile)
    refusals = Refusals()
    refusals.add(check_target(file, output, in_place=in_place))
    if debug_on and debug_off:
        refusals.add([UserError("--debug and --no-debug are given together", fix="give one of them")])
    debug = debug_on if debug_on or debug_off else None
    if (debug_group or region) and not debug:
        refusals.add([UserError("--debug-group and --region are for --debug", fix="say --debug, or drop them")])
    before = None
    with refusals:
        before = read_editable(file, resource)
    template = isinstance(before, TemplateSource)
    written = substituted if template else str
    for option, image in (("--agent-image", agent_image), ("--router-image", router_image)):
        if image is not None and not (template and "${" in image):
            refusals.add(check_image(option, image))
    refusals.add(_check_style(style, profile, router_image))
    wish = Wish(
        chosen,
        agent_image=agent_image and written(agent_image),
        router_image=router_image and written(router_image),
        replace_log_driver=replace_log_driver,
        adopt_router=adopt_router,
        awsvpc=awsvpc,
        debugging=None if debug is None else Debugging(debug, written(debug_group), written(region)),
        single=style == "single",
    )
    with refusals:
        environment, secrets = agent_variables(
            chosen, key=key, token=token, token_secret=token_secret, server=server, template=template
        )
        wish = dataclasses.replace(wish, environment=environment, secrets=secrets)
    result = None
    with refusals:
        result = protect(before, wish) if before is not None else None
    refusals.settle()
    assert before is not None, "refused otherwise"
    assert result is not None, "refused otherwise"
    target = file if in_place else output
    has_secret = token is not None or key is not None
    deliver(before, result, target, in_place=in_place, dry_run=dry_run, private=has_secret)
    name = before.source.file
    protected, already = f"{name} is protected", f"{name} is protected already; nothing changed"
    lines = summary(result, protected, already, dry_run=dry_run)
    if result.changed and not dry_run:
        lines += next_steps(result, target, "protected", _PORTS)
    typer.echo("\n".join(lines), err=True)


def _check_style(style: str, profile: str, router_image: str | None) -> Iterator[UserError]:
    if style == "daemon":
        yield UserError(
            "--style daemon: an agent for all tasks of an EC2 instance is a task of its own, and no part of this one",
            fix="outrider export ecs-daemon prints its task definition and the command that starts the service",
        )
    elif style not in STYLES:
        yield UserError(f"--style is '{style}'", found=style, allowed=STYLES)
    elif style == "single" and profile != "outrider":
        yield UserError(f"--style single is for profile outrider, this is {profile}", fix="drop one of them")
    elif style == "single" and router_image is not None:
        yield UserError("--style single has no router beside the agent", fix="give --agent-image alone")
