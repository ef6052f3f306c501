"""A log router that cannot write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Container, Task


class RouterReadOnly(Rule):
    """A read-only root file system under a router that writes files."""

    id = "router-read-only"
    level: ClassVar[Level] = "warning"
    why = "The router does not start, or ends with its first file, because it cannot write there."
    fix = "mount a volume there"
    url = "https://github.com/aws/aws-for-fluent-bit/issues/928"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            if container.flag("readonlyRootFilesystem", default=False):
                for folder, what in _written(task, container):
                    if not _is_mounted(container, folder):
                        told = f"{container.called} has a read-only root file system, and {what} writes to {folder}"
                        yield Hit(container.at("readonlyRootFilesystem"), told, f"mount a volume at {folder}")
            for item in container.parts("volumesFrom"):
                if item.flag("readOnly", default=False) and _launches(container):
                    told = f"the launcher of {container.called} writes its result into this volume, which is read-only"
                    yield Hit(item.at("readOnly"), told, 'remove "readOnly": true')


def _written(task: Task, router: Container) -> Iterator[tuple[str, str]]:
    if router.runs_agent:
        yield router.variables().get("OUTRIDER_STATE", ("/var/lib/outrider", ()))[0], "the agent"
    if router.image.rpartition(":")[2].startswith("init-"):
        yield "/init", "its image"
    for sender in task.senders:
        options = {key.lower(): value for key, value in sender.options.value.items() if isinstance(value, str)}
        if options.get("name", "").lower() == "s3":
            yield options.get("store_dir", "/tmp/fluent-bit/s3"), f"the output s3 of {sender.called}"


def _is_mounted(container: Container, folder: str) -> bool:
    """Whether something writable is at the folder or above it, or may be: a volume of another container."""
    if container.parts("volumesFrom") or container.is_open("volumesFrom") or container.is_open("mountPoints"):
        return True
    mounts = [*container.parts("mountPoints"), *container.part("linuxParameters").parts("tmpfs")]
    return any(
        mount.is_open("containerPath") or PurePosixPath(folder).is_relative_to(mount.text("containerPath") or ".")
        for mount in mounts
        if not mount.flag("readOnly", default=False)
    )


def _launches(container: Container) -> bool:
    """Whether the launcher runs and writes where it does by default, beside itself."""
    words = container.words
    own = words[: words.index("--")] if "--" in words else words
    return (
        any(word.endswith("/fluent-launch") for word in own)
        and not container.is_open("command")
        and not {"-m", "--out-config"} & set(own)
    )
