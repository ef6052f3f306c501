"""``cloudformation``: a stack for a service on Fargate, and one for a daemon service on EC2.

``blocks``   what both templates have, and values as YAML, with CloudFormation's functions
``fill``     a task definition and its policies with the stack's own values in place of the description's
``fargate``  the template for Fargate
``daemon``   the template for EC2
"""

from __future__ import annotations

from outrider.export.description import Description
from outrider.export.kind import Files, Kind
from outrider.export.kinds.cloudformation.daemon import template as daemon
from outrider.export.kinds.cloudformation.fargate import template as fargate

__all__ = ["KIND"]


def make(description: Description) -> Files:
    """Two templates."""
    return {"fargate.yaml": fargate(description), "daemon.yaml": daemon(description)}


KIND = Kind(
    "cloudformation",
    "Two stacks: a service on Fargate with agent and router beside an application, and a daemon service for EC2 "
    "instances. Each has its roles with the least rights, and a log group.",
    "aws cloudformation deploy --template-file fargate.yaml --stack-name NAME --capabilities CAPABILITY_IAM "
    "--parameter-overrides Cluster=… Vpc=… Subnets=…,… Clients=…",
    frozenset({"name", "image", "server", "token_secret", "memory", "memory_reservation"}),
    make,
)
