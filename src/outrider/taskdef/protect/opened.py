"""A task definition that is to be edited, where a template leaves values open. Pure.

A text that a function of CloudFormation gives is an ``OpenText``: it can be told, compared, and written elsewhere as
the same function. What the edits depend on must not be open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from outrider.model.errors import UserError
from outrider.taskdef.protect.refusals import Refusals
from outrider.taskdef.shape import UNKNOWN, Path, TaskDefinition, open_paths
from outrider.taskdef.source import TaskSource
from outrider.taskdef.sources.reading import Reading
from outrider.taskdef.templates import OpenText, TemplateSource

_NEEDED: Final = frozenset(
    {
        (),
        ("logConfiguration",),
        ("logConfiguration", "logDriver"),
        ("logConfiguration", "options"),
        ("firelensConfiguration",),
        ("firelensConfiguration", "type"),
        ("firelensConfiguration", "options"),
    }
)
"""What must be known of a container."""
_TEXTS: Final = frozenset(
    (
        *(
            "family",
            "networkMode",
            "cpu",
            "memory",
            "memoryReservation",
            "taskRoleArn",
            "executionRoleArn",
            "essential",
        ),
        *("name", "image", "value", "valueFrom", "containerName", "condition", "sourceContainer"),
    )
)
"""Other members that are read; where they are open, that is told by their text."""
_OBJECTS: Final = frozenset(
    {"environment", "secrets", "secretOptions", "dependsOn", "volumesFrom", "portMappings", "mountPoints", "volumes"}
)


@dataclass(frozen=True, slots=True)
class OpenedTemplate(TemplateSource):
    """A template's task definition for edits."""

    @property
    def task(self) -> TaskDefinition:
        """See TaskSource. Raises UserError for everything that is open and must not be."""
        task = self.read()
        refusals = Refusals()
        refusals.add(self._open(task))
        refusals.settle()
        settled: TaskDefinition = self._settled(task, ())
        return settled

    def _open(self, task: TaskDefinition) -> Iterator[UserError]:
        for path in open_paths(task):
            if path[0] == "containerDefinitions" and (len(path) == 1 or path[2:] in _NEEDED):
                what = "a container" if len(path) == 2 else path[-1]
                yield UserError(
                    f"{self.function(path)} gives {what}, so nobody knows before the deployment what is to be edited",
                    self.place(path),
                    fix="write the value in its place, or edit the template by hand",
                )

    def _settled(self, value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            pairs = ((key, self._settled(member, (*path, key))) for key, member in value.items())
            return {key: member for key, member in pairs if member is not UNKNOWN}
        if isinstance(value, list):
            return [self._item(item, (*path, place)) for place, item in enumerate(value)]
        of_user = len(path) > 1 and path[-2] in ("options", "dockerLabels")
        if value is UNKNOWN and (path[-1] in _TEXTS or of_user) and (function := self.function_at(path)):
            return OpenText(function)
        return value

    def _item(self, item: Any, path: Path) -> Any:
        """Items keep their positions, as does null, which is read as open."""
        if item is not UNKNOWN:
            return self._settled(item, path)
        function = self.function_at(path)
        return {} if path[-2] in _OBJECTS or not function else OpenText(function)


def opened(source: TaskSource) -> TaskSource:
    """The same for edits. Raises UserError for files that are not edited."""
    if isinstance(source, Reading):
        raise UserError(
            f"{source.language} is not edited",
            source.place(()),
            fix="give what 'aws ecs describe-task-definition' prints, with --dry-run, and bring the difference into "
            "the file by hand",
        )
    return OpenedTemplate(source.source, source.base) if isinstance(source, TemplateSource) else source


def substituted(text: str) -> str:
    """A text for a template: ``${Name}`` in it is what CloudFormation puts there."""
    return OpenText({"Fn::Sub": text}) if "${" in text else text
