"""Match among the options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import container_outputs, path_of
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class OutputMatchSet(Rule):
    """An option ``Match`` beside that which ECS writes."""

    id = "output-match-set"
    level: ClassVar[Level] = "warning"
    why = "The last Match counts: the output gets the records of other containers too, health checks included."
    fix = "remove it; ECS writes the Match of this container"
    url = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/taskresource/firelens/firelensconfig_unix.go"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for output in container_outputs(task):
            for key in ("match", "match_regex"):
                if output.has(key):
                    told = f"{output.owner} sets {key}, and its output gets what is not from it"
                    yield Hit(path_of(output.written[key].where), told)
