"""Logs that go nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import OF_FIRELENS, has_open_options, includes_files, is_fluent_bit, router_words
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class OutputMissing(Rule):
    """A container that logs to a router without any output for it."""

    id = "output-missing"
    level: ClassVar[Level] = "warning"
    why = "The router drops what no output takes, without a word."
    fix = "give the container the options of an output, or the router an output with Match"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        router = task.router
        if router is None or not is_fluent_bit(task) or includes_files(router) or router.runs_agent:
            return  # an agent sends everything to its server
        if any("-o" in word.text[:2] or word.text.startswith("--output") for word in router_words(router) or ()):
            return
        for container in task.senders:
            keys = [*container.options.value, *(item.text("name") for item in container.log.parts("secretOptions"))]
            if not has_open_options(container) and all(key in OF_FIRELENS for key in keys):
                yield Hit(container.log.at("logDriver"), f"nothing takes the logs of {container.called}")
