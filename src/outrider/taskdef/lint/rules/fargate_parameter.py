"""What Fargate does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.view import Part, Task

OF_TASK: Final = ("ipcMode", "placementConstraints", "inferenceAccelerators")
OF_VOLUME: Final = ("dockerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration")
OF_CONTAINER: Final = (
    *("disableNetworking", "dnsSearchDomains", "dnsServers", "dockerSecurityOptions", "extraHosts", "hostname"),
    *("links", "privileged"),
)
OF_LINUX: Final = ("devices", "maxSwap", "sharedMemorySize", "swappiness")
_NOTHING: Final[tuple[Any, ...]] = (None, False, 0, "", [], {}, UNKNOWN)


class FargateParameter(Rule):
    """Parameters that ask for something of a host."""

    id = "fargate-parameter"
    level: ClassVar[Level] = "error"
    why = "Fargate has no host to change, and RegisterTaskDefinition refuses these parameters for it."
    fix = "remove it, or run the task on EC2"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if not task.fargate:
            return
        for part, key, what in _asked(task):
            yield Hit(part.at(key), f"Fargate has no {what}")
        for container in task:
            capabilities = container.part("linuxParameters").part("capabilities")
            for place, name in enumerate(() if capabilities.is_open("add") else capabilities.texts("add")):
                if name != "SYS_PTRACE":
                    yield Hit(capabilities.at("add", place), f"Fargate adds no capability {name}, only SYS_PTRACE")


def _asked(task: Task) -> Iterator[tuple[Part, str, str]]:
    """What asks for something, and its name; an empty array or false, which the console writes, does not ask."""
    if task.text("pidMode") == "host":
        yield task, "pidMode", "pidMode host"
    places: list[tuple[Part, tuple[str, ...]]] = [(task, OF_TASK)]
    for volume in task.parts("volumes"):
        places += [(volume, OF_VOLUME), (volume.part("host"), ("sourcePath",))]
    for container in task:
        places += [(container, OF_CONTAINER), (container.part("linuxParameters"), OF_LINUX)]
        for item in container.parts("resourceRequirements"):
            if item.text("type") == "GPU":
                yield item, "type", "GPU"
    for part, keys in places:
        yield from [(part, key, key) for key in keys if part.value.get(key) not in _NOTHING]
