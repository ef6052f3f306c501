"""A task definition that is being edited, and what to tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from outrider.taskdef.shape import Path
from outrider.taskdef.source import TaskSource

CONTAINERS: Path = ("containerDefinitions",)


@dataclass(slots=True)
class Edited:
    """The edited file; what was ``changed``, one phrase each, nothing if it stays as it is; ``notes`` for the user."""

    source: TaskSource
    changed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def containers(self) -> list[dict[str, Any]]:
        """The container definitions as they are now."""
        found: list[dict[str, Any]] = self.source.task["containerDefinitions"]
        return found

    def set(self, index: int, key: str, value: Any) -> None:
        """Set a member of a container."""
        self.source = self.source.set((*CONTAINERS, index), key, value)

    def remove(self, index: int, *rest: str | int) -> None:
        """Remove a container, or what stands at a path in it."""
        self.source = self.source.remove((*CONTAINERS, index, *rest))

    def clear(self, index: int, key: str) -> None:
        """Remove a container's array; where others are written though they are empty, this one is too."""
        if any(container.get(key) == [] for container in self.containers()):
            self.set(index, key, [])
        else:
            self.remove(index, key)

    def merge(self, index: int, key: str, items: list[dict[str, str]]) -> None:
        """Bring items with names to a container's array: ``environment`` or ``secrets``."""
        for item in items:
            container = self.containers()[index]
            path = (*CONTAINERS, index)
            present = container.get(key)
            if present is not None and item in present:
                continue
            names = [old.get("name") for old in present or []]
            if item["name"] in names:
                (member,) = set(item) - {"name"}
                place = (*path, key, names.index(item["name"]))
                self.source = self.source.set(place, member, item[member])
            elif present is None:
                self.source = self.source.set(path, key, [item])
            else:
                self.source = self.source.append((*path, key), item)
            self.changed.append(f"'{container['name']}' has {item['name']} in its {key}")

    def remove_items(self, index: int, key: str, member: str, value: str) -> bool:
        """Remove the items of a container's array whose ``member`` is ``value``, and an array that is empty then."""
        items = self.containers()[index].get(key) or []
        places = [place for place, item in enumerate(items) if item.get(member) == value]
        if places and len(places) == len(items):
            self.clear(index, key)
            return True
        for place in reversed(places):
            self.remove(index, key, place)
        return bool(places)
