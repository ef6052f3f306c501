"""What a rule has found."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from outrider.model.errors import Place
from outrider.taskdef.shape import Path

Level: TypeAlias = Literal["error", "warning", "note"]
"""``error``: ECS refuses it, or it cannot work; ``warning``: it works and will hurt; ``note``: worth knowing."""


class Hit(Struct, frozen=True):
    """A place that breaks a rule; ``path`` leads to the value. ``fix`` where it is another than the rule's."""

    path: Path
    message: str
    fix: str = ""


class Finding(Struct, frozen=True):
    """A hit with its rule and its place. ``mendable``: ``--fix`` can repair it."""

    id: str
    level: Level
    message: str
    place: Place
    fix: str
    url: str
    mendable: bool = False
