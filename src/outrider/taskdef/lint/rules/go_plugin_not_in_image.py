"""AWS's plugins, and images without them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import GO_PLUGINS, is_aws_image, is_stock_image, outputs, path_of, router_words
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_IN_C: Final = {"cloudwatch": "cloudwatch_logs", "firehose": "kinesis_firehose", "kinesis": "kinesis_streams"}


class GoPluginNotInImage(Rule):
    """A Go plugin of AWS's image, for a router of Fluent Bit's own image."""

    id = "go-plugin-not-in-image"
    level: ClassVar[Level] = "error"
    why = (
        "Fluent Bit's own image does not have AWS's Go plugins; the router ends when it starts, and the task"
        " ends with it."
    )
    fix = "use the plugin of Fluent Bit itself, or AWS's image"
    url = "https://github.com/aws/amazon-cloudwatch-logs-for-fluent-bit"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        router = task.router
        if router is None or is_aws_image(router) or not is_stock_image(router):
            return
        words = router_words(router)
        is_known = words is not None or not (router.has("command") or router.has("entryPoint"))
        loaded = {word.text.rpartition("/")[2] for word in words or ()}
        for output in outputs(task) if is_known else ():
            if output.plugin in GO_PLUGINS and f"{output.plugin}.so" not in loaded:
                told = f"{output.owner} sends to {output.plugin}, which the router's image does not have"
                yield Hit(path_of(output.where), told, f"write {_IN_C[output.plugin]}, or use AWS's image")
