"""``outrider task``: protect a task definition, or run one on this machine."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from typing import Annotated

import typer

from outrider.cli import task_deploy, task_diff, task_iam, task_lint, task_run, task_security_group
from outrider.model.errors import UserError
from outrider.taskdef.protect import (
    Protected,
    Refusals,
    Wish,
    agent_variables,
    check_image,
    find_profile,
    protect,
)
from outrider.taskdef.shape import READ_ONLY
from outrider.taskdef.source import read_task
from outrider.taskdef.write import write_file


def register(app: typer.Typer) -> None:
    """Add the ``task`` commands."""
    group = typer.Typer(no_args_is_help=True, help="Protect ECS tasks, and run them on this machine.")
    group.callback()(_group)
    group.command("protect")(protect_task)
    task_run.register(group)
    task_lint.register(group)
    task_iam.register(group)
    task_security_group.register(group)
    task_deploy.register(group)
    task_diff.register(group)
    app.add_typer(group, name="task")


def _group() -> None:
    """Protect ECS tasks, and run them on this machine."""


def protect_task(
    file: Annotated[
        str,
        typer.Argument(
            metavar="TASKDEF.json", help="Task definition, or what describe-task-definition prints; - reads it."
        ),
    ],
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")
    ] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write to TASKDEF.json itself.")] = False,
    profile: Annotated[str, typer.Option(help="Whose agent: outrider or alertlogic.")] = "outrider",
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
) -> None:
    """Add the agent and the log router to a task definition.

    Each application's output goes to the router, and the router sends a copy to the agent. Everything else of the
    file stays as it is; a file that is protected already does not change.
    """
    chosen = find_profile(profile)
    refusals = Refusals()
    if in_place and (output is not None or file == "-"):
        reason = "--in-place needs a file to write back to, and no other output"
        refusals.add([UserError(reason, fix="drop --in-place, or -o")])
    for option, image in (("--agent-image", agent_image), ("--router-image", router_image)):
        if image is not None:
            refusals.add(check_image(option, image))
    wish = Wish(
        chosen,
        agent_image=agent_image,
        router_image=router_image,
        replace_log_driver=replace_log_driver,
        adopt_router=adopt_router,
    )
    with refusals:
        environment, secrets = agent_variables(chosen, key=key, token=token, token_secret=token_secret, server=server)
        wish = dataclasses.replace(wish, environment=environment, secrets=secrets)
    with refusals:
        result = protect(read_task(file), wish)
    refusals.settle()
    text = result.source.source.text
    target = file if in_place else output
    if target is None:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()
    elif not in_place or result.changed:
        write_file(target, text)
    typer.echo(_summary(result, result.source.source.file, target), err=True, nl=False)


def _summary(result: Protected, file: str, target: str | None) -> str:
    """What was done and what is left to do, for standard error."""
    if not result.changed:
        lines = [f"{file} is protected already; nothing changed"]
    else:
        lines = [f"{file} is protected:", *(f"  {phrase}" for phrase in result.changed)]
    lines += [f"note: {phrase}" for phrase in result.notes]
    if result.changed:
        lines += ["next:", *(f"  {line}" for line in _next_steps(result, target))]
    return "\n".join(lines) + "\n"


def _next_steps(result: Protected, target: str | None) -> list[str]:
    saved = target or "protected.json"
    deploy = f"outrider task deploy {shlex.quote(saved)} --cluster CLUSTER --service SERVICE"
    steps = [] if target else [f"save the output as {saved}"]
    if result.source.base:
        read_only = ", ".join(f".{key}" for key in READ_ONLY)
        steps.append(f"jq '.taskDefinition | del({read_only})' {shlex.quote(saved)} > register.json")
        saved = "register.json"
    family = result.source.task.get("family") or "FAMILY"
    return [
        *steps,
        f"aws ecs register-task-definition --cli-input-json {shlex.quote('file://' + saved)}",
        f"aws ecs update-service --cluster CLUSTER --service SERVICE --task-definition {shlex.quote(family)}",
        f"(or {deploy}, which watches the service and rolls back)",
        "in the task's security groups, let nobody reach TCP and UDP 1514 (the agent's log port) and TCP 24224",
    ]
