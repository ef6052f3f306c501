"""Plugins that nobody has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import ClassVar, Final

from outrider.pipeline import foreign, registry
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import includes_files, is_elsewhere, is_stock_image, outputs, path_of, router_words
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Container, Task

KNOWN: Final = sorted([*registry.PLUGINS["output"], *foreign.NAMES["output"].split()])
_TEMPLATE: Final = re.compile(r"[<>${}]")


class OutputUnknown(Rule):
    """An output whose plugin is unknown."""

    id = "output-unknown"
    level: ClassVar[Level] = "error"
    why = "The router ends with it when it starts, and the task with the router."
    fix = "write the name of a plugin of Fluent Bit's"
    url = "https://github.com/aws/aws-for-fluent-bit/issues/371"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        router = task.router
        for output in outputs(task):
            if router is not None and router.runs_agent and is_elsewhere(output.plugin):
                told = f"{output.owner} sends to '{output.plugin}', which Outrider, the router here, does not have"
                yield Hit(path_of(output.where), told, foreign.remedy("output", output.plugin))
                continue
            near = [] if is_known(output.plugin) else nearest(output.plugin)
            if router is None or is_known(output.plugin) or not (near or is_complete(router)):
                continue
            told = f"{output.owner} sends to '{output.plugin[:60]}', which is no plugin of Fluent Bit's"
            yield Hit(path_of(output.where), told, f"write {near[0]}" if near else "")


@lru_cache(100)
def nearest(plugin: str) -> list[str]:
    """The plugin that was meant, if it is hard to tell apart from this name."""
    return get_close_matches(plugin, KNOWN, 1, 0.8)


def is_known(plugin: str) -> bool:
    """Whether Fluent Bit, AWS's image or Outrider has the plugin; an open name counts as known."""
    return not plugin or plugin in KNOWN or _TEMPLATE.search(plugin) is not None


def is_complete(router: Container) -> bool:
    """Whether the router has no plugins but those of its image, and the image is known."""
    loads = any(word.text in ("-e", "--plugin") for word in router_words(router) or ())
    return (is_stock_image(router) or router.runs_agent) and not loads and not includes_files(router)
