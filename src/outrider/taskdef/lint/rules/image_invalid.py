"""The form of an image's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.placeholder import is_placeholder
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_IMAGE: Final = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]{1,5})?/)?[A-Za-z0-9_./-]+(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
    r"(?:@[a-z0-9]+:[0-9a-f]{32,128})?"
)


class ImageInvalid(Rule):
    """An image that no registry can have."""

    id = "image-invalid"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses the image, or no host can pull it."
    fix = "write REGISTRY/NAME:TAG or REGISTRY/NAME@DIGEST"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            image = container.image
            if image and not is_placeholder(image) and not _IMAGE.fullmatch(image):
                yield Hit(container.at("image"), f"'{image[:60]}' is no name of an image")
