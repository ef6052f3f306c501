"""Why a task stopped: what ECS's words and a container's exit status stand for, and what to do. Pure.

Sources: the words of the ECS agent around FireLens, of ECS's own validation, and of AWS's list of stopped task errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from outrider.taskdef.shape import TaskDefinition


class Cause(Struct, frozen=True):
    """What lies behind some words of ECS's."""

    words: str
    """Regular expression, found anywhere, upper and lower case alike."""
    why: str
    fix: str


_NO_MEMORY = Cause(
    r"OutOfMemory|out of memory",
    "a container used more memory than it may",
    "raise the task's memory, or the container's; the log router needs its Mem_Buf_Limit twice",
)
CAUSES: Final = (
    Cause(
        r"missing output key (Name|@type)",
        "a container has log options, but none names the output",
        'add "Name" (Fluent Bit) or "@type" (Fluentd), in just this spelling, to its logConfiguration.options; secrets '
        "of another log driver count as options too",
    ),
    Cause(
        r"invalid value .* is specified for option config-file-type",
        "config-file-type is neither file nor s3",
        "write file, or s3 where tasks run on EC2",
    ),
    Cause(
        r"config-file-value is not specified",
        "config-file-type stands without config-file-value",
        "add config-file-value, or remove config-file-type",
    ),
    Cause(
        r"(unsupported|invalid) firelens config(uration)? type",
        "the router's type is neither fluentbit nor fluentd",
        "write fluentbit or fluentd in firelensConfiguration.type",
    ),
    Cause(
        r"unable to get execution role credentials",
        "ECS cannot use the execution role",
        "set executionRoleArn to a role that ecs-tasks.amazonaws.com may assume",
    ),
    Cause(
        r"invalid s3 arn|invalid arn syntax",
        "config-file-value is no ARN of an object in S3",
        "write arn:aws:s3:::BUCKET/KEY, not s3://",
    ),
    Cause(
        r"unable to (download s3 config|initialize s3 client|download firelens s3 config)",
        "the router's configuration cannot be fetched from S3",
        "allow s3:GetObject on it to the execution role (not the task role), and see that bucket and key are right",
    ),
    Cause(
        r"unable to (initialize resource directory|create (config|socket) directory|set socket directory ownership)",
        "the ECS agent cannot make the router's folders on the instance",
        "see that the instance's disk has room and that ECS_DATADIR can be written",
    ),
    Cause(
        r"unable to determine the user ID",
        "the router's user is a name",
        "write the user of the FireLens container as a number, or as UID:GID",
    ),
    Cause(
        r"'?UID'? has to be '?0'?",
        "this ECS does not run a log router as another user than root",
        "remove user from the FireLens container, or set it to 0",
    ),
    Cause(
        r"a firelens configuration object must be configured",
        "a container logs to awsfirelens and no container is a log router",
        "add a router with firelensConfiguration (outrider task protect does)",
    ),
    Cause(
        r"at least one container has to be configured with the awsfirelens log driver",
        "there is a log router and nobody logs to it",
        'give an application "logConfiguration": {"logDriver": "awsfirelens"}',
    ),
    Cause(
        r"requested capabilities are not supported|does not satisfy the task definition's required capabilities",
        "the platform lacks what the definition asks for",
        "on Fargate, config-file-type must be file: put the configuration into the image",
    ),
    Cause(
        r"failed to get fluentd logdriver arguments",
        "an old Fargate platform asks for log options",
        "set the service's platform version to LATEST; an output forward to localhost would send logs in a circle",
    ),
    Cause(
        r"failed to initialize logging driver.*(fluent\.sock|fluentd)",
        "the application started before the log router listened",
        "make it depend on the router (dependsOn, condition START or HEALTHY), and see why the router does not listen",
    ),
    Cause(
        r"bridge IP not available|unable to get BridgeIP",
        "the log router's address is not known: it does not start, or ended at once",
        "see why the router ends: its exit status, and its own log",
    ),
    Cause(
        r"toomanyrequests|pull rate limit|rate exceeded.*pull",
        "the registry has had too many pulls from this address",
        "take the image from Amazon's public registry or a mirror of yours (ECR's pull-through cache), or log in with "
        "repositoryCredentials",
    ),
    Cause(
        r"CannotPull(Container|ImageManifest)?Error|pull image",
        "the image cannot be fetched",
        "see that it exists for this CPU, that the execution role may pull it (ecr:GetAuthorizationToken, "
        "ecr:BatchGetImage, ecr:GetDownloadUrlForLayer), and that the subnet reaches the registry",
    ),
    Cause(
        r"unable to pull secrets|unable to retrieve secret|fetching secret data|invalid ssm parameters",
        "a secret cannot be fetched",
        "see that it exists, that the execution role may read it (secretsmanager:GetSecretValue or ssm:GetParameters, "
        "kms:Decrypt for a key of yours), and that the subnet reaches the service",
    ),
    _NO_MEMORY,
    Cause(
        r"failed (ELB|container) health checks",
        "the health check failed",
        "see the container's log; give it time (startPeriod, healthCheckGracePeriodSeconds), and do not let the "
        "router's health depend on a destination",
    ),
    Cause(
        r"unable to place a task",
        "no instance has room or fits",
        "see the event's own reason: CPU, memory, ports or capabilities of the instances",
    ),
    Cause(
        r"unable to assume (the )?(service linked )?role|unable to assume role",
        "ECS cannot assume a role",
        "let ecs-tasks.amazonaws.com assume taskRoleArn and executionRoleArn",
    ),
    Cause(
        r"RESOURCE:ENI|network interface provision",
        "the task gets no network interface",
        "see that the subnet has free addresses, and on EC2 the instance free interfaces",
    ),
)

_KILL = 137
_STOPPED = (0, 143, _KILL)
_KILLED = Cause(
    "",
    "killed: out of memory, or not ended within its stopTimeout",
    "raise the memory of task or container; raise stopTimeout if it was told to stop",
)
_CRASHED = Cause("", "crashed (segmentation fault)", "take another version of the image; check that it is for this CPU")
_ENDED = Cause(
    "", "a container that the task needs ended by itself", "keep it running, or give it essential false if it may end"
)
_PROPERTY = Cause(
    "",
    "Fluent Bit ends so for a property or an output that it does not know",
    "check logConfiguration.options and the router's command; outrider firelens render shows the configuration, "
    "outrider route --dry-run checks it; Amazon's own outputs need -e",
)
_ARGUMENTS = Cause(
    "",
    "the launcher does not take its arguments",
    'write "--" before the arguments that are Fluent Bit\'s',
)
_EXECUTABLE = Cause(
    "",
    "what it should run is not there or cannot be executed",
    "see that entryPoint is in the image or in the agent's volume (volumesFrom), and that the image has Fluent Bit",
)
_AGENT = Cause(
    "",
    "the agent ends when its token or registration key is wrong or it cannot reach its server",
    "check token or key, the way out of the subnet, and the task's memory",
)
_ROUTER_EXITS = {1: _PROPERTY, 255: _PROPERTY, 2: _ARGUMENTS, 126: _EXECUTABLE, 127: _EXECUTABLE}
_EXITS = {126: _EXECUTABLE, 127: _EXECUTABLE, 139: _CRASHED}


class Roles(Struct, frozen=True):
    """Which container is which; empty where there is none."""

    router: str = ""
    agent: str = ""
    essential: frozenset[str] = frozenset()


NO_ROLES: Final = Roles()


def roles_of(task: TaskDefinition) -> Roles:
    """The log router, the agent whose volume it mounts, and the containers whose end is the task's."""
    containers = task["containerDefinitions"]
    essential = frozenset(item["name"] for item in containers if item.get("essential") is not False)
    for container in containers:
        if container.get("firelensConfiguration"):
            sources = [str(item.get("sourceContainer") or "") for item in container.get("volumesFrom") or ()]
            return Roles(container["name"], sources[0] if sources else "", essential)
    return Roles(essential=essential)


def explain(words: str) -> Iterator[Cause]:
    """The causes that ECS's words stand for."""
    for cause in CAUSES:
        if re.search(cause.words, words, re.IGNORECASE | re.DOTALL):
            yield cause


def explain_exits(containers: Sequence[dict[str, Any]], roles: Roles) -> Iterator[tuple[str, Cause]]:
    """Who ended the task, by name, and what that stands for.

    ``containers`` are those of a stopped task. With the first that ends, ECS stops the others, which end with 0, 143 or
    137: so these count only where there is no other. Nothing comes for whom its log alone can tell.
    """
    ended = [item for item in containers if item.get("exitCode") is not None]
    told = [item for item in ended if item["exitCode"] not in _STOPPED or _no_memory(item)]
    killed = [item for item in ended if item["exitCode"] == _KILL]
    done = [item for item in ended if item["exitCode"] == 0 and item.get("name") in roles.essential]
    for item in told or killed or done:
        cause = _explain_exit(item, roles)
        if cause is not None:
            yield str(item.get("name")), cause


def _no_memory(container: dict[str, Any]) -> bool:
    return "OutOfMemory" in str(container.get("reason"))


def _explain_exit(container: dict[str, Any], roles: Roles) -> Cause | None:
    name, code = container.get("name"), container["exitCode"]
    if _no_memory(container):
        return _NO_MEMORY
    if code in (_KILL, 0):
        return _KILLED if code else _ENDED
    if name == roles.router and code in _ROUTER_EXITS:
        return _ROUTER_EXITS[code]
    return _EXITS.get(code) or (_AGENT if name == roles.agent else None)
