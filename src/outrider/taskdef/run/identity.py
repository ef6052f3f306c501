"""What a task that runs here has of its own: id, ARN, container names, and a loopback address.

On Fargate the containers of a task share a network interface, so each task has ports 24224, 8877 and 1514 to itself.
Linux answers on all of 127.0.0.0/8, so here each task gets an address of it, and nothing clashes between tasks.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """``task_id`` is 32 hex digits, as ECS's; everything else follows from it."""

    task_id: str
    cluster: str = "default"

    @classmethod
    def new(cls, cluster: str = "default") -> Identity:
        """Of a task that starts now."""
        return cls(secrets.token_hex(16), cluster)

    @property
    def arn(self) -> str:
        """An ARN that is obviously not one of AWS's."""
        return f"arn:aws:ecs:local:000000000000:task/{self.cluster}/{self.task_id}"

    @property
    def address(self) -> str:
        """127.x.y.z with x, z from 1 to 254: never the address that everybody else uses."""
        digest = hashlib.sha256(self.task_id.encode()).digest()
        return f"127.{digest[0] % 254 + 1}.{digest[1]}.{digest[2] % 254 + 1}"

    def variables(self, family: str, revision: int) -> dict[str, str]:
        """What a router on ECS learns of its task, in the names of AWS's ``init`` images."""
        return {
            "ECS_CLUSTER": self.cluster,
            "ECS_TASK_ARN": self.arn,
            "ECS_TASK_ID": self.task_id,
            "ECS_FAMILY": family,
            "ECS_REVISION": str(revision),
            "ECS_TASK_DEFINITION": f"{family}:{revision}",
        }

    def host_name(self, family: str) -> str:
        """The name by which the task's agent enrols."""
        return f"{family}-{self.task_id[:8]}"

    def container_id(self, name: str) -> str:
        """64 hex digits for a container that Docker does not name."""
        return hashlib.sha256(f"{self.task_id}/{name}".encode()).hexdigest()

    def container_name(self, family: str, revision: int, name: str) -> str:
        """What the ECS agent calls a container in Docker, without Docker's leading slash."""
        return f"ecs-{family}-{revision}-{name}-{self.container_id(name)[:20]}"
