"""A task definition that another tool's file describes: read as ECS spells it, pointed into, and not edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from outrider.model.errors import Place, UserError
from outrider.taskdef.jsontree import Node
from outrider.taskdef.shape import Path, TaskDefinition, check_shape
from outrider.taskdef.source import Source, TaskSource
from outrider.taskdef.sources.nodes import find

CONTAINERS: Final = "containerDefinitions"


class ReadOnlySource(Source):
    """A file that can be read and pointed into, and not edited."""

    can_be_edited = False


@dataclass(frozen=True, slots=True)
class Reading(TaskSource):
    """``root`` is the task definition; its offsets count in ``source``, those of containers in ``containers`` if given.

    ``language`` is what the file is written in, ``resource`` what the file calls the task definition.
    """

    root: Node
    language: str
    resource: str = ""
    containers: Source | None = None

    @property
    def task(self) -> TaskDefinition:
        """See TaskSource."""
        return check_shape(self.root.value, self.place)

    @property
    def name(self) -> str:
        """See TaskSource."""
        return self.resource

    @property
    def sources(self) -> tuple[Source, ...]:
        """See TaskSource."""
        return (self.source,) if self.containers is None else (self.source, self.containers)

    def home(self, path: Path) -> Source:
        """See TaskSource."""
        return self.containers if self.containers is not None and path[:1] == (CONTAINERS,) else self.source

    def place(self, path: Path) -> Place:
        """See TaskSource."""
        return self.home(path).place_at(find(self.root, path).start)

    def span(self, path: Path) -> tuple[int, int]:
        """See TaskSource."""
        found = find(self.root, path)
        return found.start, found.end

    def append(self, path: Path, value: Any) -> TaskSource:
        """See TaskSource."""
        raise self._refusal(path)

    def set(self, path: Path, key: str, value: Any) -> TaskSource:
        """See TaskSource."""
        raise self._refusal((*path, key))

    def remove(self, path: Path) -> TaskSource:
        """See TaskSource."""
        raise self._refusal(path)

    def rename(self, path: Path, key: str, name: str) -> TaskSource:
        """See TaskSource."""
        raise self._refusal((*path, key))

    def _refusal(self, path: Path) -> UserError:
        return UserError(f"{self.language} is not edited", self.place(path), fix="edit the file by hand")
