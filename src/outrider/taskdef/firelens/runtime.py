"""What is known of a task only when it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from outrider.model.errors import UserError

LOCAL_TASK_ARN = "arn:aws:ecs:local:000000000000:task/default/" + "0" * 32
"""A task that is obviously not one of ECS's."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """``cluster`` is the agent's name of it (a name or a full ARN); ``revision`` that of the task definition.

    ``ec2_instance_id`` is None where ECS does not tell the router on which instance it is, as on Fargate.
    """

    cluster: str = "default"
    task_arn: str = LOCAL_TASK_ARN
    revision: int = 1
    ec2_instance_id: str | None = None

    @property
    def task_id(self) -> str:
        """What follows the last slash of the ARN."""
        return task_id(self.task_arn)


def task_id(task_arn: str) -> str:
    """What follows the last slash of a task's ARN."""
    return task_arn.rpartition("/")[2]


def check_task_arn(text: str) -> str:
    """The same ARN of a task, with its cluster's name or, as in old accounts, without. Raises UserError."""
    if not re.fullmatch(r"arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:task/([\w-]+/)?[\w-]+", text, re.ASCII):
        raise UserError(
            f"--task-arn '{text}' is no ARN of a task", fix="write arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID"
        )
    return text
