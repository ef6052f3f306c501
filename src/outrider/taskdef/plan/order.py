"""Which containers may start together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outrider.taskdef.firelens.order import Dependency


def start_order(waits: Mapping[str, Sequence[Dependency]]) -> tuple[list[list[str]], list[str]]:
    """Containers by name in steps, each of which needs those before it; and those that can never start.

    ECS stops them in the reverse order.
    """
    steps: list[list[str]] = []
    started: set[str] = set()
    left = list(waits)
    while left:
        step = [name for name in left if all(wait["containerName"] in started for wait in waits[name])]
        if not step:
            break
        steps.append(step)
        started.update(step)
        left = [name for name in left if name not in started]
    return steps, left
