"""Tags made of the names of containers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_SUFFIX: Final = "-firelens"


class ContainerNameOverlap(Rule):
    """A container whose tag the output of another container matches."""

    id = "container-name-overlap"
    level: ClassVar[Level] = "warning"
    why = (
        "FireLens gives the output of a container NAME the match NAME-firelens*, so it gets the logs of every"
        " container whose name begins with NAME-firelens too."
    )
    fix = "rename one of the two containers"
    url = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/taskresource/firelens/firelensconfig_unix.go"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        names = {container.name for container in task.senders if container.name and container.options.value}
        for container in task.senders:
            for at in range(len(container.name)):
                if container.name.startswith(_SUFFIX, at) and container.name[:at] in names:
                    told = f"the logs of {container.called} go to the output of '{container.name[:at]}' too"
                    yield Hit(container.at("name"), told)
