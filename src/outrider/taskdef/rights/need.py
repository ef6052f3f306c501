"""What a task definition needs rights for, and why."""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct, field

from outrider.model.errors import Place
from outrider.taskdef.shape import Path

TASK: Final = "task"
EXECUTION: Final = "execution"

Condition: TypeAlias = tuple[tuple[str, str, str], ...]
"""Operator, key and value of each line of a policy's Condition."""
Where: TypeAlias = Path | Place
"""A path in the task definition, or a place in another file."""


class Reason(Struct, frozen=True):
    """The option that asks for a right: in words, and where it stands."""

    text: str
    where: Where


class Need(Struct, frozen=True):
    """Actions on a resource that a role must allow.

    ``role`` is ``task``, ``execution`` or the ARN of a role that the router assumes. ``purpose`` becomes the Sid of the
    statement. ``resource`` is an ARN with ``*`` and ``?`` where the task definition leaves names open, and with
    ``${AccountId}`` and the like for what only the user knows.
    """

    role: str
    purpose: str
    actions: tuple[str, ...]
    resource: str
    reason: Reason
    condition: Condition = ()


class Note(Struct, frozen=True):
    """What the policies cannot say: rights that are not visible, or not a matter of IAM."""

    text: str
    where: Where


class Rights(Struct):
    """Everything that was found, in the order of the task definition."""

    needs: list[Need] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def of(self, role: str) -> list[Need]:
        """The needs of one role."""
        return [need for need in self.needs if need.role == role]

    @property
    def roles(self) -> list[str]:
        """The roles that need something: task, execution, then those that are assumed."""
        found = dict.fromkeys(need.role for need in self.needs)
        return [*(role for role in (TASK, EXECUTION) if role in found), *sorted(found.keys() - {TASK, EXECUTION})]

    def note(self, text: str, where: Where) -> None:
        """Add a note, once."""
        note = Note(text, where)
        if note not in self.notes:
            self.notes.append(note)
