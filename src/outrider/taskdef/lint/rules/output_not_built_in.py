"""Plugins that Outrider does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.pipeline import foreign
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import is_elsewhere, outputs, path_of
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.output_unknown import is_complete, is_known, nearest
from outrider.taskdef.view import Task


class OutputNotBuiltIn(Rule):
    """An output of Fluent Bit's, or of the image's own, that is not built into Outrider."""

    id = "output-not-built-in"
    level: ClassVar[Level] = "note"
    why = "Fluent Bit may know the plugin; Outrider in the router's place refuses it."
    fix = "keep Fluent Bit as the router, or choose another output"
    url = "https://docs.fluentbit.io/manual/pipeline/outputs"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        router = task.router
        for output in outputs(task) if router is None or not router.runs_agent else ():
            plugin = output.plugin
            if is_elsewhere(plugin):
                told = f"{output.owner} sends to '{plugin}', which Fluent Bit has and Outrider has not"
                yield Hit(path_of(output.where), told, foreign.remedy("output", plugin))
            elif (
                router is not None
                and not router.is_open("image")
                and not is_known(plugin)
                and not (is_complete(router) or nearest(plugin))
            ):
                told = f"{output.owner} sends to '{plugin[:60]}', which the router's image must bring"
                yield Hit(path_of(output.where), told)
