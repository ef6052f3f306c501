"""The launcher's arguments and the router's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Container, Task

LAUNCHER: Final = "fluent-launch"
_OWN: Final = {
    **dict.fromkeys(("-r", "--run-path", "-c", "--in-config", "-m", "--out-config"), 1),
    **dict.fromkeys(("-i", "--input", "-f", "--filter", "-o", "--output", "-s", "--service"), 2),
}
"""The launcher's options, with the number of words that follow each."""


class LauncherWithoutDashes(Rule):
    """Arguments of the router that the launcher takes for its own."""

    id = "launcher-without-dashes"
    level: ClassVar[Level] = "error"
    why = "What stands before -- is the launcher's; it does not know the router's arguments and ends."
    fix = 'put "--" before the first argument of the router'
    url = "https://github.com/alertlogic/al-agent-container"
    mends = True

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            at = foreign(container)
            if at is not None:
                word = container.texts("command")[at]
                told = f"'{word}' is no argument of {LAUNCHER}, and no -- stands before it"
                yield Hit(container.at("command", at), told)

    def mend(self, source: TaskSource, hit: Hit) -> TaskSource:
        """See Rule."""
        *path, _, at = hit.path
        words = Container(_value(source, tuple(path))).texts("command")
        return source.set(tuple(path), "command", [*words[: int(at)], "--", *words[int(at) :]])


def _value(source: TaskSource, path: tuple[str | int, ...]) -> dict[str, object]:
    value: object = source.task
    for step in path:
        value = value[step]  # type: ignore[index]
    assert isinstance(value, dict), "a container"
    return value


def foreign(container: Container) -> int | None:
    """The place in ``command`` of the first word that the launcher does not know, where no ``--`` stands before it."""
    launches = any(word.rpartition("/")[2] == LAUNCHER for word in container.texts("entryPoint"))
    words = [] if container.is_open("command") else container.texts("command")
    at = 0
    while launches and at < len(words) and words[at] != "--":
        name, equals, _ = words[at].partition("=")
        if name not in _OWN:
            return at
        at += _OWN[name] + (not equals)
    return None
