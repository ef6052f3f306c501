"""The rights that a task definition needs, both roles. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from outrider.pipeline.config.configuration import Configuration
from outrider.taskdef.rights.destinations import add_output
from outrider.taskdef.rights.execution import add_execution
from outrider.taskdef.rights.need import EXECUTION, TASK, Need, Reason, Rights
from outrider.taskdef.rights.outputs import included_files, outputs_in, outputs_of
from outrider.taskdef.rights.scope import ACCOUNT, REGION, Scope
from outrider.taskdef.view import Container, Task

_INIT_S3: Final = re.compile(r"aws_fluent_bit_init_[sS]3")
"""What the start program of aws-for-fluent-bit looks for in the names of variables."""
EXEC: Final = (
    *("ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel"),
    *("ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"),
)


def rights_of(
    task: Task,
    scope: Scope,
    included: Iterable[tuple[str, Configuration]] = (),
    *,
    kms_keys: tuple[str, ...] = (),
    execute_command: Reason | None = None,
) -> Rights:
    """What the task definition needs.

    ``included`` are configurations that the router includes, each with its file's name; ``execute_command`` says
    who switches ECS Exec on.
    """
    rights, router, included = Rights(), task.router, list(included)
    for output in outputs_of(task, rights):
        add_output(rights, output, scope)
    for file, configuration in included:
        for output in outputs_in(configuration, file, router):
            add_output(rights, output, scope)
    if router is not None:
        _add_init_files(rights, router)
        if not included:
            _note_includes(rights, router)
    _add_file_systems(rights, task, scope)
    if execute_command is not None:
        rights.needs.append(Need(TASK, "ExecuteCommand", EXEC, "*", execute_command))
    add_execution(rights, task, scope, kms_keys)
    _note_roles(rights, task)
    _note_placeholders(rights)
    return rights


def _note_includes(rights: Rights, router: Container) -> None:
    for path, part in included_files(router):
        text = f"the router reads {path}, which is not in the task definition: give it with --config if it has outputs"
        rights.note(text, part.path)


def _add_init_files(rights: Rights, router: Container) -> None:
    """Configurations that the image's start program fetches, with the task role."""
    for item in router.parts("environment"):
        name, arn = item.text("name") or "", item.text("value")
        if _INIT_S3.search(name) and arn:
            reason = Reason(f"container '{router.name}', variable {name}", item.at("value"))
            rights.needs.append(Need(TASK, "ReadInitFiles", ("s3:GetObject",), arn, reason))
            if not _is_outrider(router):
                bucket = arn.partition("/")[0]
                rights.needs.append(Need(TASK, "LocateInitFiles", ("s3:GetBucketLocation",), bucket, reason))


def _is_outrider(router: Container) -> bool:
    """Whether Outrider's router reads the variables, which learns a bucket's region from its answers.

    Under the launcher the image's own start program does not run, so that nothing else could read them.
    """
    launched = any(word.rpartition("/")[2] == "fluent-launch" for word in router.texts("entryPoint"))
    return launched or router.is_agent or "outrider" in router.image


def _add_file_systems(rights: Rights, task: Task, scope: Scope) -> None:
    """EFS volumes that are mounted with the task role."""
    mounts = [mount for container in task for mount in container.parts("mountPoints")]
    for volume in task.parts("volumes"):
        efs = volume.part("efsVolumeConfiguration")
        access = efs.part("authorizationConfig")
        system = efs.text("fileSystemId")
        if not system or access.text("iam") != "ENABLED":
            continue
        name = volume.text("name") or ""
        writes = any(m.text("sourceVolume") == name and m.flag("readOnly", default=False) is not True for m in mounts)
        actions = ["elasticfilesystem:ClientMount", *(["elasticfilesystem:ClientWrite"] if writes else [])]
        reason = Reason(f"volume '{name}', fileSystemId", efs.at("fileSystemId"))
        point = access.text("accessPointId")
        arn = scope.arn("elasticfilesystem", f"access-point/{point}")
        condition = (("StringEquals", "elasticfilesystem:AccessPointArn", arn),) if point else ()
        resource = scope.arn("elasticfilesystem", f"file-system/{system}")
        rights.needs.append(Need(TASK, "MountFileSystems", tuple(actions), resource, reason, condition))
        if not point:
            text = "add elasticfilesystem:ClientRootAccess if containers write as root to folders that are root's"
            rights.note(f"{reason.text}: {text}", reason.where)


def _note_roles(rights: Rights, task: Task) -> None:
    for role, key, who in (
        (TASK, "taskRoleArn", "the containers get no keys"),
        (EXECUTION, "executionRoleArn", "Fargate does not start the task, and EC2 takes the role of the instance"),
    ):
        needs = rights.of(role)
        if needs and not task.has(key):
            rights.note(f"{key} is not set: {who}", ())


def _note_placeholders(rights: Rights) -> None:
    texts = [text for need in rights.needs for text in (need.resource, *(value for _, _, value in need.condition))]
    for placeholder, option, where in ((ACCOUNT, "--account", "its roles"), (REGION, "--region", "its log drivers")):
        if any(placeholder in text for text in texts):
            text = f"{placeholder} stands for what neither the task definition nor {where} tell: give {option}"
            rights.note(text, ())
