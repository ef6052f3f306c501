"""Which containers may start together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outrider.taskdef.firelens.order import Dependency


def start_order(waits: Mapping[str, Sequence[Dependency]]) -> tuple[list[list[str]], list[str]]:
    """Containers by name in steps, each of which needs those before it; and those that can never start.

    ECS stops them in the reverse order.
    """
    places = {name: place for place, name in enumerate(waits)}
    lacks = {name: len(dependencies) for name, dependencies in waits.items()}
    waiters: dict[str, list[str]] = {}
    for name, dependencies in waits.items():
        for wait in dependencies:
            waiters.setdefault(wait["containerName"], []).append(name)
    steps: list[list[str]] = []
    step = [name for name, count in lacks.items() if not count]
    while step:
        steps.append(step)
        ready: list[str] = []
        for waiter in (waiter for name in step for waiter in waiters.get(name, ())):
            lacks[waiter] -= 1
            if not lacks[waiter]:
                ready.append(waiter)
        step = sorted(ready, key=places.__getitem__)
    return steps, [name for name, count in lacks.items() if count]
