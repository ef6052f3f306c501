"""``terraform``: a module with network, load balancer, cluster, service, bucket and registry.

``module``  the files that are the same for everybody
``hcl``     values in Terraform's language, formatted as ``terraform fmt`` does
``fill``    containers, policies and variables, which come from the description
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from outrider.export.description import Description
from outrider.export.kind import Files, Kind
from outrider.export.kinds.terraform.fill import filled

__all__ = ["KIND"]

_MODULE: Final = files("outrider.export.kinds.terraform") / "module"
_NAMES: Final = (
    *("README.md", "versions.tf", "variables.tf", "network.tf", "security_groups.tf", "load_balancer.tf"),
    *("storage.tf", "roles.tf", "service.tf", "outputs.tf"),
)


def make(description: Description) -> Files:
    """The module."""
    return {name: filled((_MODULE / name).read_text("utf-8"), description) for name in _NAMES}


KIND = Kind(
    "terraform",
    "A module of Terraform's: VPC, load balancer, ECS cluster and a service on Fargate with agent and router beside "
    "an application, its logs in S3 and on Outrider's server, roles with the least rights, a registry for the image.",
    "README.md says how it is applied.",
    frozenset({"name", "image", "server", "token_secret", "memory", "memory_reservation"}),
    make,
)
