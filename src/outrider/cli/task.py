"""``outrider task``: commands about task definitions."""

from __future__ import annotations

import typer

from outrider.cli import (
    doctor,
    task_deploy,
    task_diff,
    task_iam,
    task_lint,
    task_migrate,
    task_protect,
    task_run,
    task_security_group,
    task_unprotect,
)


def register(app: typer.Typer) -> None:
    """Add the ``task`` commands."""
    group = typer.Typer(
        no_args_is_help=True, help="Check, protect, migrate and deploy ECS tasks; run them on this machine."
    )
    group.callback()(_group)
    task_protect.register(group)
    task_unprotect.register(group)
    task_migrate.register(group)
    task_run.register(group)
    task_lint.register(group)
    task_iam.register(group)
    task_security_group.register(group)
    task_deploy.register(group)
    task_diff.register(group)
    doctor.register(group)
    app.add_typer(group, name="task")


def _group() -> None:
    """Check, protect, migrate and deploy ECS tasks; run them on this machine."""
