"""The contract of a rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from outrider.model.errors import Place
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


class Rule(ABC):
    """One thing that can be wrong. Rules look at the task definition alone, in any order, and change nothing.

    What only the deployment knows (``shape.UNKNOWN``) breaks no rule.
    """

    id: ClassVar[str]
    """Words joined by hyphens, never changed: people name it to ignore the rule."""
    level: ClassVar[Level]
    why: ClassVar[str]
    """What happens where the rule is broken, in a sentence or two."""
    fix: ClassVar[str]
    """What to do, as a command to the reader."""
    url: ClassVar[str]
    """Where the rule comes from: a page of AWS, a source file or an issue."""
    hides: ClassVar[bool] = False
    """Whether what stands at its places is never shown."""
    mends: ClassVar[bool] = False
    """Whether ``mend`` does what ``fix`` says."""

    @abstractmethod
    def check(self, task: Task) -> Iterator[Hit]:
        """The places that break the rule."""

    def outside(self, source: TaskSource) -> Iterator[tuple[Place, str]]:
        """Places in the file around the task definition that break the rule, each with what is wrong there."""
        return iter(())

    def mend(self, source: TaskSource, hit: Hit) -> TaskSource:
        """The file without the fault; only where ``mends``."""
        raise NotImplementedError(self.id)
