"""Tags that move."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_OPEN: Final = re.compile(r"[<>${}]")
"""In what people replace before they register the task definition."""
_MOVES: Final = re.compile(r"(?:^|-)(?:latest|stable|mainline|nightly|edge)$")


class ImageMutable(Rule):
    """An image whose tag stands for another image tomorrow."""

    id = "image-mutable"
    level: ClassVar[Level] = "note"
    why = (
        "Each task takes the image that the tag stands for when the task starts, so tasks of one revision run"
        " different code, and a bad release arrives by itself."
    )
    fix = "name a version or a digest"
    url = "https://github.com/aws/aws-for-fluent-bit/issues/371"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            tag = moving_tag(container.image)
            if tag is not None:
                told = f"the tag {tag} of its image" if tag else "its image, which has no tag,"
                yield Hit(container.at("image"), f"{container.called}: {told} stands for the newest release")


def moving_tag(image: str) -> str | None:
    """The tag of the image if it moves, empty where there is none; None for a version, a digest or an open value."""
    if not image or "@" in image or _OPEN.search(image):
        return None
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag if not tag or _MOVES.search(tag) else None
