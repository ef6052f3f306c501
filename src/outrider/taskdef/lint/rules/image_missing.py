"""Containers without an image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class ImageMissing(Rule):
    """A container that names no image."""

    id = "image-missing"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a container without an image."
    fix = "add the image"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            if not container.has("image") or container.text("image") == "":
                yield Hit(container.at("image"), f"{container.called} has no image")
