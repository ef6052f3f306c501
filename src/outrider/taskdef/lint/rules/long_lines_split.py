"""Lines that are longer than 16 KiB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import includes_files, is_fluent_bit, router_words
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class LongLinesSplit(Rule):
    """A log router that does not put long lines together again."""

    id = "long-lines-split"
    level: ClassVar[Level] = "note"
    why = "The log driver cuts lines at 16384 bytes, which awslogs did not; each piece becomes a record."
    fix = "put them together with a filter multiline, Mode partial_message, if your lines are that long"
    url = "https://github.com/moby/moby/blob/master/daemon/logger/copier.go"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        router = task.router
        if router is None or not is_fluent_bit(task) or includes_files(router) or not task.senders:
            return
        words = [word.text.lower().replace(" ", "") for word in router_words(router) or ()]
        if "mode=partial_message" not in words:
            path = task.senders[0].log.at("logDriver")
            yield Hit(path, f"{router.called} makes a record of each piece of a line above 16 KiB")
