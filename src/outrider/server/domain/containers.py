"""Names of containers as people know them.

Source: amazon-ecs-agent ``agent/api/task/task.go`` and ``docker_task_engine.go`` name a container
``ecs-<family>-<revision>-<name in the task definition>-<20 hexadecimal digits>``.
"""

from __future__ import annotations

import re

ECS_NAME = r"^/?ecs-.+?-[0-9]+(?:-[0-9]+)*-(.+)-[0-9a-f]{12,64}$"
"""Written so that Python and RE2 read it alike. The first numbers are taken for the revision: of a family with a number
in its middle the short name keeps the end."""
_ECS = re.compile(ECS_NAME)


def short_name(name: str) -> str:
    """The container's name in its task definition; a name that ECS did not make stays as it is."""
    found = _ECS.fullmatch(name)
    return found[1] if found else name


def means_full_name(text: str) -> bool:
    """Is this filter about the name that ECS made? Otherwise it is about the short one: in ``ecs-web-1-worker-…`` the
    family would make ``web`` find the worker too."""
    return text.lower().removeprefix("/").startswith("ecs-")
