"""``outrider task migrate``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from outrider.cli.task_edit import (
    DryRunOption,
    FileArgument,
    InPlaceOption,
    OutputOption,
    check_target,
    deliver,
    deliver_files,
    next_steps,
    summary,
)
from outrider.cli.task_source import ResourceOption, read_editable
from outrider.taskdef.protect import C_PLUGIN, GO_PLUGIN, Migration, Refusals, check_file_name, check_image, migrate


class Plugin(StrEnum):
    """Outputs to CloudWatch Logs."""

    C = C_PLUGIN
    GO = GO_PLUGIN


def register(group: typer.Typer) -> None:
    """Add ``migrate`` to the ``task`` commands."""
    group.command("migrate")(migrate_task)


def migrate_task(
    file: FileArgument,
    output: OutputOption = None,
    in_place: InPlaceOption = False,
    dry_run: DryRunOption = False,
    container: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Migrate this container alone; repeatable.")
    ] = None,
    plugin: Annotated[
        Plugin, typer.Option(help="The output: Fluent Bit's own, or the one of aws-for-fluent-bit.")
    ] = Plugin.C,
    keep_stream_names: Annotated[
        bool, typer.Option("--keep-stream-names", help="Name log streams as awslogs does.")
    ] = False,
    config_out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Write a configuration for the router that joins lines and pieces of long lines."
        ),
    ] = None,
    router_image: Annotated[str | None, typer.Option(help="Image of a log router that is added.")] = None,
    resource: ResourceOption = None,
) -> None:
    """Let containers that log with awslogs log through FireLens, to the same log groups.

    Every option of awslogs becomes one of the output or is explained on standard error, and so are the names of log
    streams and the rights that move to the task role. A log router is added if there is none; its own console, and
    that of the agent, stay with awslogs. Other log drivers stay. A file without awslogs does not change. Exit status:
    0, or 2 for what is refused.

    Example: outrider task migrate task.json --config-out extra.conf -o migrated.json
    """
    refusals = Refusals()
    refusals.add(check_target(file, output, in_place=in_place))
    if router_image is not None:
        refusals.add(check_image("--router-image", router_image))
    if config_out is not None:
        refusals.add(check_file_name("--config-out", Path(config_out).name))
    with refusals:
        before = read_editable(file, resource)
        wish = Migration(
            plugin.value,
            tuple(container or ()),
            keep_stream_names,
            router_image,
            Path(config_out).name if config_out else "",
        )
        result = migrate(before, wish)
    refusals.settle()
    if config_out is not None:
        deliver_files(result.files, Path(config_out).parent, dry_run=dry_run)
    target = file if in_place else output
    deliver(before, result, target, in_place=in_place, dry_run=dry_run)
    name = before.source.file
    migrated, nothing = f"{name} logs through FireLens", f"no container of {name} is to migrate; nothing changed"
    lines = summary(result, migrated, nothing, dry_run=dry_run)
    if result.changed and not dry_run:
        lines += next_steps(result, target, "migrated")
    typer.echo("\n".join(lines), err=True)
