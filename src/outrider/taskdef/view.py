"""A task definition as one looks at it: typed answers, each with the path to where it stands; pure.

What a template leaves open (``shape.UNKNOWN``) is there, but has no value. Readers ask for a type and get None for
what is absent, open or of another type; ``has`` tells absent apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from outrider.taskdef.firelens.options import DRIVER
from outrider.taskdef.shape import UNKNOWN, Path, TaskDefinition

_INTEGER: Final = re.compile(r"\s*([0-9]{1,18})\s*")
_UNITS: Final = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})\s*(vcpu|gb)\s*", re.IGNORECASE)
_AGENT_NAMES: Final = frozenset({"al-agent", "outrider-agent"})


class Part:
    """An object in a task definition; ``path`` leads to it."""

    def __init__(self, value: Mapping[str, Any], path: Path = ()) -> None:
        self.value = value
        self.path = path

    def at(self, *steps: str | int) -> Path:
        """The path of something inside."""
        return (*self.path, *steps)

    def has(self, key: str) -> bool:
        """Whether something is written there; null, which the AWS command line writes, is nothing."""
        return self.value.get(key) is not None

    def is_open(self, key: str) -> bool:
        """Whether it, or an item of it, is open: then nobody knows what is not there."""
        found = self.value.get(key)
        return found is UNKNOWN or (isinstance(found, list) and UNKNOWN in found)

    def names(self, key: str) -> list[str] | None:
        """The names of an array's objects; None where one of them is open."""
        found = [item.text("name") for item in self.parts(key)]
        known = [name for name in found if name is not None]
        return None if self.is_open(key) or len(known) < len(found) else known

    def text(self, key: str) -> str | None:
        """A string."""
        found = self.value.get(key)
        return found if isinstance(found, str) else None

    def number(self, key: str) -> int | None:
        """A whole number, or a string that holds one."""
        found = self.value.get(key)
        if isinstance(found, str):
            digits = _INTEGER.fullmatch(found)
            return int(digits[1]) if digits else None
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def flag(self, key: str, *, default: bool) -> bool | None:
        """A boolean, ``default`` where it is absent, None where it is open."""
        found = self.value.get(key, default)
        return found if isinstance(found, bool) else default if found is None else None

    def texts(self, key: str) -> list[str]:
        """The strings of an array."""
        found = self.value.get(key)
        return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []

    def part(self, key: str) -> Part:
        """An object; an empty one where there is none."""
        found = self.value.get(key)
        return Part(found if isinstance(found, dict) else {}, self.at(key))

    def parts(self, key: str) -> list[Part]:
        """The objects of an array."""
        found = self.value.get(key)
        items = enumerate(found) if isinstance(found, list) else ()
        return [Part(item, self.at(key, place)) for place, item in items if isinstance(item, dict)]


class Container(Part):
    """A container definition."""

    @property
    def name(self) -> str:
        """Its name; empty where it is open."""
        return self.text("name") or ""

    @property
    def called(self) -> str:
        """It in a message: its name in quotes, or its number where the name is open."""
        number = self.path[-1] if self.path else ""
        return f"'{self.name}'" if self.name or not isinstance(number, int) else f"container {number + 1}"

    @property
    def image(self) -> str:
        """Its image; empty where it is absent or open."""
        return self.text("image") or ""

    @cached_property
    def log(self) -> Part:
        """Its logConfiguration."""
        return self.part("logConfiguration")

    @property
    def driver(self) -> str:
        """Its log driver; empty where it is absent or open."""
        return self.log.text("logDriver") or ""

    @property
    def options(self) -> Part:
        """Those of its log driver."""
        return self.log.part("options")

    @property
    def sends(self) -> bool:
        """Whether its output goes to FireLens."""
        return self.driver == DRIVER

    @property
    def firelens(self) -> Part:
        """Its firelensConfiguration."""
        return self.part("firelensConfiguration")

    @property
    def routes(self) -> bool:
        """Whether it is a log router."""
        return self.has("firelensConfiguration")

    @property
    def essential(self) -> bool | None:
        """Whether the task ends with it; None where it is open."""
        return self.flag("essential", default=True)

    @property
    def is_agent(self) -> bool:
        """Whether it is the agent, by its name, its image or its program; it may be the router, too."""
        return self.name in _AGENT_NAMES or "/al-agent-container" in self.image or self.runs_agent

    @property
    def runs_agent(self) -> bool:
        """Whether its program is Outrider's agent, as far as the task definition says it."""
        program = self.texts("entryPoint") or self.texts("command")
        return [word.rpartition("/")[2] for word in program[:2]] == ["outrider", "agent"]

    @property
    def words(self) -> list[str]:
        """Its command line, as far as the task definition says it."""
        return [*self.texts("entryPoint"), *self.texts("command")]

    @property
    def waits_for(self) -> list[tuple[str, str]]:
        """Container and condition of each entry of dependsOn."""
        return [(item.text("containerName") or "", item.text("condition") or "") for item in self.parts("dependsOn")]

    def variables(self) -> dict[str, tuple[str, Path]]:
        """The plain environment: name to value and path."""
        return {
            name: (item.text("value") or "", item.path)
            for item in self.parts("environment")
            if (name := item.text("name"))
        }


class Task(Part):
    """A task definition whose shape has been checked."""

    def __init__(self, value: TaskDefinition) -> None:
        super().__init__(value)

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """All of them, in order."""
        return tuple(Container(part.value, part.path) for part in self.parts("containerDefinitions"))

    @property
    def routers(self) -> list[Container]:
        """Those with a firelensConfiguration; ECS takes one."""
        return [container for container in self.containers if container.routes]

    @cached_property
    def router(self) -> Container | None:
        """The log router: the first, as for the ECS agent."""
        return next(iter(self.routers), None)

    @property
    def senders(self) -> list[Container]:
        """Those whose output goes to FireLens."""
        return [container for container in self.containers if container.sends]

    @property
    def whole(self) -> bool:
        """Whether every container is written out and has a name that is no open value."""
        found = self.value.get("containerDefinitions")
        return isinstance(found, list) and UNKNOWN not in found and all(container.name for container in self)

    def units(self, key: str) -> int | None:
        """The task's cpu in units, or its memory in MiB: ``256``, ``"256"``, ``".25 vCPU"``, ``"1 GB"``."""
        number = self.number(key)
        found = _UNITS.fullmatch(self.text(key) or "")
        return int(float(found[1]) * 1024) if found and number is None else number

    @property
    def fargate(self) -> bool:
        """Whether it is to run on Fargate."""
        return "FARGATE" in [name.upper() for name in self.texts("requiresCompatibilities")]

    @property
    def network_mode(self) -> str:
        """Its network mode; empty where it is absent or open."""
        return self.text("networkMode") or ""

    def holding(self, path: Path) -> Container:
        """The container that a path leads to or into."""
        return self._by_path[path[:2]]

    @cached_property
    def _by_path(self) -> dict[Path, Container]:
        return {container.path: container for container in self}

    def named(self, name: str) -> Container | None:
        """The container of this name."""
        return next((container for container in self.containers if container.name == name), None)

    def __iter__(self) -> Iterator[Container]:
        return iter(self.containers)
