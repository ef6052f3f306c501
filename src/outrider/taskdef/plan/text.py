"""The plan for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from outrider.model.errors import printable
from outrider.taskdef.plan.plan import ContainerPlan, Plan


def text(plan: Plan) -> str:
    """Containers in the order of the file, then the order of start, then the configuration."""
    parts = ["\n".join(_container(container)) for container in plan.containers]
    if plan.start_order:
        steps = [", ".join(step) for step in plan.start_order]
        parts.append(f"start order  {' → '.join(steps)}\nstop order   {' → '.join(reversed(steps))}")
    if plan.configuration:
        lines = [f"    {line}".rstrip() for line in plan.configuration.strip("\n").split("\n")]
        parts.append("\n".join([f"{plan.config_path}:", *lines]))
    return printable("\n\n".join(parts)) + "\n" if parts else ""


def _container(container: ContainerPlan) -> Iterator[str]:
    yield f"{container.name} ({container.role})"
    yield _line("log driver", container.log_driver or "none of its own")
    for key, value in container.log_options.items():
        yield _line("", f"{key} = {value}")
    for key, value in container.environment.items():
        yield _line("environment", f"{key}={value}")
    for key, source in container.secrets.items():
        yield _line("environment", f"{key} from {source}")
    for mount in container.mounts:
        yield _line("mount", mount)
    if container.socket_owner:
        yield _line("socket of", container.socket_owner)
    for wait in container.waits:
        yield _line("waits for", f"{wait.container} {wait.condition}{', which ECS adds' if wait.added else ''}")


def _line(label: str, value: str) -> str:
    return f"  {label:<12} {value}"
