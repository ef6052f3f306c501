"""The role with which ECS itself works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.shape import Path
from outrider.taskdef.view import Container, Task

_ECR: Final = re.compile(r"[0-9]{12}\.dkr[.-]ecr[.-]")


class ExecutionRoleMissing(Rule):
    """What needs an execution role, in a task that has none."""

    id = "execution-role-missing"
    level: ClassVar[Level] = "error"
    why = (
        "ECS fetches images, secrets and files and opens log streams with the execution role; without one "
        "RegisterTaskDefinition refuses the task, or it does not start."
    )
    fix = "add executionRoleArn; outrider task iam prints its policy"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if task.has("executionRoleArn"):
            return
        for container in task:
            for path, what in _needs(container, fargate=task.fargate):
                yield Hit(path, f"{what} of {container.called} needs an executionRoleArn")


def _needs(container: Container, *, fargate: bool) -> Iterator[tuple[Path, str]]:
    """What ECS does with the role; on EC2 the role of the instance serves for images and log streams."""
    for key, what in (("secrets", "the secret"), ("environmentFiles", "the environment file")):
        for item in container.parts(key)[:1]:
            yield item.path, what
    for item in container.log.parts("secretOptions")[:1]:
        yield item.path, "the secret option"
    if container.has("repositoryCredentials"):
        yield container.at("repositoryCredentials"), "the login for the registry"
    router = container.firelens.part("options")
    if router.text("config-file-type") == "s3":
        yield router.at("config-file-type"), "the configuration in S3"
    if fargate and container.driver == "awslogs":
        yield container.log.at("logDriver"), "the log driver awslogs"
    if fargate and _ECR.match(container.image):
        yield container.at("image"), "the image in ECR"
