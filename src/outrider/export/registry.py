"""The kinds by name. A kind's module is loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from outrider.export.kind import Kind

KINDS: Final = {
    "beanstalk": "beanstalk",
    "cloudformation": "cloudformation",
    "compose": "compose",
    "docker-run": "docker_run",
    "ecs-daemon": "ecs_daemon",
    "fargate": "fargate",
    "helm": "helm",
    "image": "image",
    "kubernetes": "kubernetes",
    "systemd": "systemd",
    "terraform": "terraform",
}
"""Name to module (or package) in ``outrider.export.kinds``, which has the Kind as ``KIND``."""


def find_kind(name: str) -> Kind:
    """The kind of this name, which must be in KINDS."""
    found = import_module(f"outrider.export.kinds.{KINDS[name]}").KIND
    assert isinstance(found, Kind)
    assert found.name == name
    return found
