"""AWS's plugins, and the option that loads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import GO_PLUGINS, is_aws_image, outputs, path_of, router_words
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


class GoPluginNotLoaded(Rule):
    """A Go plugin of AWS's image that the router's command does not load."""

    id = "go-plugin-not-loaded"
    level: ClassVar[Level] = "error"
    why = (
        "The image loads its plugins in the command of its own, which the task definition replaces; the router"
        " knows no such output and ends, and the task with it."
    )
    fix = "load the plugin with -e, after the launcher's --"
    url = "https://github.com/alertlogic/al-agent-container"
    mends = True

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        router = task.router
        words = router_words(router) if router else None
        if router is None or words is None or not is_aws_image(router):
            return
        loaded = {word.text.rpartition("/")[2] for word in words}
        for output in outputs(task):
            if output.plugin in GO_PLUGINS and f"{output.plugin}.so" not in loaded:
                fix = f'add "-e", "/fluent-bit/{output.plugin}.so" to the arguments of Fluent Bit'
                yield Hit(path_of(output.where), f"{output.owner} sends to {output.plugin}, which is not loaded", fix)

    def mend(self, source: TaskSource, hit: Hit) -> TaskSource:
        """See Rule."""
        router = Task(source.task).router
        if router is None or router.is_open("command"):
            return source
        command = router.texts("command")
        at = command.index("--") + 1 if "--" in command else _after_program(command)
        added = ["-e", hit.fix.split('"')[3]]
        return source.set(router.path, "command", [*command[:at], *added, *command[at:]])


def _after_program(command: list[str]) -> int:
    """Where the arguments of Fluent Bit begin, which may be at once."""
    names = [word.rpartition("/")[2] for word in command]
    return names.index("fluent-bit") + 1 if "fluent-bit" in names else 0
