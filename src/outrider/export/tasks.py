"""Task definitions that the kinds for ECS share. Pure."""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias

from outrider.aws.partitions import partition_of
from outrider.export.description import Description
from outrider.model.errors import UserError
from outrider.taskdef.protect import Wish, agent_variables, find_profile, protect
from outrider.taskdef.protect.profile import ROUTER_NAME
from outrider.taskdef.rights import EXECUTION, TASK, policy, rights_of, scope_of
from outrider.taskdef.shape import TaskDefinition
from outrider.taskdef.source import task_source
from outrider.taskdef.view import Task

Container: TypeAlias = dict[str, Any]

APPLICATION_IMAGE: Final = "public.ecr.aws/nginx/nginx-unprivileged:1.29.3-alpine"
APPLICATION_PORT: Final = 8080
APPLICATION_MEMORY: Final = 256
AGENT: Final[Container] = {
    "healthCheck": {
        "command": ["CMD", "outrider", "agent", "status"],
        "interval": 30,
        "timeout": 10,
        "retries": 3,
        "startPeriod": 30,
    },
    "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
}
"""What every agent has: it needs no capability of Linux."""
LOG_DAYS: Final = 30
_SIZES: Final = ((4096, 512), (8192, 1024), (16384, 2048), (30720, 4096))
"""Most memory in MiB that Fargate gives to a task with so much CPU; in steps of 1024."""


def arn(description: Description, service: str, resource: str, *, region: bool = True) -> str:
    """The ARN of something in the description's account."""
    partition = partition_of(description.region) or "aws"
    where = description.region if region else ""
    return f"arn:{partition}:{service}:{where}:{description.account}:{resource}"


def role_arn(description: Description, which: str) -> str:
    """The ARN of a role: ``task`` or ``execution``."""
    return arn(description, "iam", f"role/{description.name}-{which}", region=False)


def token_secret(description: Description) -> str:
    """Where ECS fetches the join token; a parameter of SSM where the description does not say."""
    return description.token_secret or arn(description, "ssm", f"parameter/{description.name}/join-token")


def log_group(description: Description) -> str:
    """The log group of what agent and router themselves print."""
    return f"/ecs/{description.name}"


def console(description: Description, prefix: str, region: str = "") -> Container:
    """The logConfiguration of a container of Outrider's, which must not log to itself."""
    options = {
        "awslogs-group": log_group(description),
        "awslogs-region": region or description.region,
        "awslogs-stream-prefix": prefix,
    }
    return {"logDriver": "awslogs", "options": options}


def wish(description: Description) -> Wish:
    """What ``outrider task protect`` is asked for. Raises UserError for a server or a secret that cannot be."""
    profile = find_profile("outrider")
    environment, secrets = agent_variables(
        profile, key=None, token=None, token_secret=token_secret(description), server=description.server
    )
    image = description.image
    return Wish(profile, agent_image=image, router_image=image, environment=environment, secrets=secrets)


def protected(task: TaskDefinition, description: Description) -> TaskDefinition:
    """A task definition as ``outrider task protect`` makes it, with limits, console and health of both sidecars.

    The applications wait for the router, so that it has their first line and stops after them.
    """
    asked = wish(description)
    result = protect(task_source(json.dumps(task), "the exported task definition"), asked).source.task
    for container in result["containerDefinitions"]:
        if container["name"] == asked.profile.agent_name:
            container |= AGENT
        elif "firelensConfiguration" not in container:
            container["dependsOn"] = [{"containerName": ROUTER_NAME, "condition": "START"}]
            continue
        container |= limits(description)
        container["logConfiguration"] = console(description, "outrider")
    return result


def limits(description: Description) -> Container:
    """The memory of a container of Outrider's."""
    return {"memoryReservation": description.memory_reservation, "memory": description.memory}


def application(description: Description, log: Container | None = None) -> Container:
    """An example of what is protected: a web server that is not root; ``log`` is its log configuration."""
    return {
        "name": "app",
        "image": APPLICATION_IMAGE,
        "essential": True,
        "portMappings": [{"containerPort": APPLICATION_PORT, "protocol": "tcp"}],
        "memoryReservation": APPLICATION_MEMORY,
        **({"logConfiguration": log} if log else {}),
    }


def fargate_task(description: Description, log: Container | None = None) -> TaskDefinition:
    """A task definition for Fargate with an application and both sidecars.

    Only an application whose ``log`` goes to AWS as well needs a task role.
    """
    cpu, memory = fargate_size(description)
    task = {
        "family": description.name,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": str(cpu),
        "memory": str(memory),
        "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"},
        **({"taskRoleArn": role_arn(description, TASK)} if log else {}),
        "executionRoleArn": role_arn(description, EXECUTION),
        "containerDefinitions": [application(description, log)],
    }
    return protected(task, description)


def fargate_size(description: Description) -> tuple[int, int]:
    """CPU and memory of a task whose sidecars may use all that they may. Raises UserError if there is none."""
    needed = 2 * description.memory + APPLICATION_MEMORY
    memory = -(-needed // 1024) * 1024
    for most, cpu in _SIZES:
        if memory <= most:
            return cpu, max(memory, 1024)
    raise UserError(f"memory: two sidecars of {description.memory} MiB are too much for a task", fix="set less memory")


def policies(task: TaskDefinition, description: Description) -> dict[str, Any]:
    """The least that each role of a task definition needs, by role."""
    view = Task(task)
    found = rights_of(view, scope_of(view, account=description.account, region=description.region))
    return {role: policy(found.of(role)) for role in found.roles}


def as_json(value: Any) -> str:
    """Text of a JSON file."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
"""Who may take a role of a task."""
