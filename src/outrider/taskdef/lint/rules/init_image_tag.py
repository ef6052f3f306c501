"""Variables of the init images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import is_aws_image, tag_of
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_INIT: Final = re.compile(r"aws_fluent_bit_init_(?:[sS]3|[fF]ile)")
_OPEN: Final = re.compile(r"[<>${}]|@sha256:")


class InitImageTag(Rule):
    """Variables that only the init images heed, and an image that does not."""

    id = "init-image-tag"
    level: ClassVar[Level] = "error"
    why = (
        "Only images whose tag begins with init- read these variables; any other starts without the files that"
        " they name."
    )
    fix = "use a tag that begins with init-, such as init-latest"
    url = "https://github.com/aws/aws-for-fluent-bit/tree/mainline/use_cases/init-process-for-fluent-bit"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            if (
                not is_aws_image(container)
                or tag_of(container.image).startswith("init-")
                or _OPEN.search(container.image)
            ):
                continue
            for item in container.parts("environment"):
                name = item.text("name") or ""
                if _INIT.search(name):
                    told = (
                        f"the image of {container.called} does not read {name[:60]}: its tag does not begin with init-"
                    )
                    yield Hit(item.at("name"), told)
