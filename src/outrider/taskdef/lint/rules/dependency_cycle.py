"""Containers that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.shape import Path
from outrider.taskdef.view import Task

SHOWN: Final = 12


class DependencyCycle(Rule):
    """A ring of dependencies."""

    id = "dependency-cycle"
    level: ClassVar[Level] = "error"
    why = "None of the containers could start first, and RegisterTaskDefinition refuses the ring."
    fix = "remove one of the dependencies"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for path, names in rings(task):
            if len(names) == 2:
                yield Hit(path, f"'{names[0]}' waits for itself")
            else:
                told = " → ".join(names if len(names) <= SHOWN else [*names[: SHOWN - 1], "…", names[-1]])
                yield Hit(path, f"these containers wait for each other: {told}")


def rings(task: Task) -> Iterator[tuple[Path, list[str]]]:
    """Where each ring closes, and the names along it; the first name again at its end."""
    edges = {
        container.name: [(item.text("containerName") or "", item.at("containerName")) for item in dependencies]
        for container in task
        if (dependencies := container.parts("dependsOn"))
    }
    finished: set[str] = set()
    for start in edges:
        trail = {} if start in finished else {start: iter(edges[start])}
        while trail:
            last = next(reversed(trail))
            name, path = next(trail[last], (None, ()))
            if name is None:
                finished.add(last)
                del trail[last]
            elif name in trail:
                names = list(trail)
                yield path, [*names[names.index(name) :], name]
            elif name in edges and name not in finished:
                trail[name] = iter(edges[name])
