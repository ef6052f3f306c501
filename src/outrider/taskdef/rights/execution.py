"""The rights of the execution role: what ECS itself fetches and writes for a task.

Sources: the ECS developer guide ("task execution IAM role", "specifying sensitive data", "environment files"), and the
ECS agent for FireLens configurations in S3. Values are as they are written: nothing expands them.
"""

from __future__ import annotations

import re
from typing import Final

from outrider.taskdef.rights.need import EXECUTION, Need, Reason, Rights
from outrider.taskdef.rights.scope import Scope
from outrider.taskdef.shape import Path
from outrider.taskdef.view import Container, Part, Task

PULL: Final = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
_ECR: Final = re.compile(r"([^./]+)\.dkr[.-]ecr(?:-fips)?\.([^./]+)\.[^/]+/([^:@]+)")
_SUFFIX: Final = re.compile(r".*-[A-Za-z0-9]{6}", re.DOTALL)
"""What Secrets Manager puts after the name of a secret."""


def add_execution(rights: Rights, task: Task, scope: Scope, kms_keys: tuple[str, ...] = ()) -> None:
    """Add what starting the containers needs; ``kms_keys`` are ARNs of keys that secrets are encrypted with."""
    secrets: list[Reason] = []
    for container in task:
        _add_image(rights, container, scope)
        _add_log_driver(rights, container, scope)
        _add_files(rights, container, scope)
        secrets += _add_secrets(rights, container, scope)
    if secrets and not kms_keys:
        text = "secrets that are encrypted with KMS keys of yours need kms:Decrypt too: name them with --kms-key"
        rights.note(text, secrets[0].where)
    for key in kms_keys if secrets else ():
        rights.needs += [Need(EXECUTION, "DecryptSecrets", ("kms:Decrypt",), key, reason) for reason in secrets]


def _need(rights: Rights, purpose: str, actions: str, resource: str, text: str, path: Path) -> None:
    rights.needs.append(Need(EXECUTION, purpose, tuple(actions.split()), resource, Reason(text, path)))


def _add_image(rights: Rights, container: Container, scope: Scope) -> None:
    text, path = f"container '{container.name}', image", container.at("image")
    _note_open(rights, container, "image", text)
    found = _ECR.match(container.image)
    if found is None:
        return
    _need(rights, "AuthorizePulls", "ecr:GetAuthorizationToken", "*", text, path)
    account, region, repository = found.groups()
    owner = scope.arn("ecr", f"repository/{repository}", region).split(":")
    _need(rights, "PullImages", " ".join(PULL), ":".join([*owner[:4], account, *owner[5:]]), text, path)


def _add_log_driver(rights: Rights, container: Container, scope: Scope) -> None:
    """The ``awslogs`` driver, which names streams ``PREFIX/CONTAINER/TASK``, or after the container's id."""
    options = container.options
    if container.driver != "awslogs":
        return
    group, prefix = options.text("awslogs-group") or "*", options.text("awslogs-stream-prefix")
    stream = f"{prefix}/{container.name or '*'}/*" if prefix else "*"
    region, of = options.text("awslogs-region") or "", f"container '{container.name}', option"
    if (options.text("awslogs-create-group") or "").lower() == "true":
        text, path = f"{of} awslogs-create-group", options.at("awslogs-create-group")
        _need(rights, "CreateLogGroups", "logs:CreateLogGroup", _log_arn(scope, region, group), text, path)
    text, path = f"{of} awslogs-group", options.at("awslogs-group")
    _note_open(rights, options, "awslogs-group", text)
    streams = _log_arn(scope, region, group, f"log-stream:{stream}")
    _need(rights, "WriteLogStreams", "logs:CreateLogStream logs:PutLogEvents", streams, text, path)


def _log_arn(scope: Scope, region: str, group: str, rest: str = "*") -> str:
    return scope.arn("logs", f"log-group:{group}:{rest}", region)


def _add_files(rights: Rights, container: Container, scope: Scope) -> None:
    """Configurations and environment files that ECS fetches from S3."""
    options, of = container.firelens.part("options"), f"container '{container.name}',"
    arn = options.text("config-file-value")
    if options.text("config-file-type") == "s3" and arn:
        text, path = f"{of} option config-file-value", options.at("config-file-value")
        _need(rights, "ReadRouterConfiguration", "s3:GetObject", arn, text, path)
        rights.note(f"{text}: older ECS agents need s3:GetBucketLocation on the bucket too", path)
    for item in container.parts("environmentFiles"):
        arn = item.text("value")
        if arn:
            text, path = f"{of} environmentFiles", item.at("value")
            _need(rights, "ReadEnvironmentFiles", "s3:GetObject", arn, text, path)
            _need(rights, "LocateEnvironmentFiles", "s3:GetBucketLocation", arn.partition("/")[0], text, path)


def _add_secrets(rights: Rights, container: Container, scope: Scope) -> list[Reason]:
    """Everything that ECS fetches from Secrets Manager or SSM; the reasons."""
    found: list[tuple[str, str, Path]] = []
    for what, items in (
        ("secret", container.parts("secrets")),
        ("secret option", container.log.parts("secretOptions")),
    ):
        for item in items:
            text = f"container '{container.name}', {what} {item.text('name') or ''}"
            _note_open(rights, item, "valueFrom", text)
            found.append((item.text("valueFrom") or "", text, item.at("valueFrom")))
    registry = container.part("repositoryCredentials")
    login = registry.text("credentialsParameter") or ""
    found.append((login, f"container '{container.name}', repositoryCredentials", registry.at("credentialsParameter")))
    for value, text, path in found:
        if value:
            _need(rights, *secret(value, scope), text, path)
    return [Reason(text, path) for value, text, path in found if value]


def _note_open(rights: Rights, part: Part, key: str, text: str) -> None:
    if part.has(key) and part.text(key) is None:
        rights.note(f"{text}: only the deployment knows the value, so its rights are not here or wide", part.at(key))


def secret(value: str, scope: Scope) -> tuple[str, str, str]:
    """Purpose, action and resource for a ``valueFrom``: an ARN, or the name of a parameter in the task's region."""
    if not value.startswith("arn:"):
        return "ReadParameters", "ssm:GetParameters", scope.arn("ssm", f"parameter/{value.lstrip('/')}")
    parts = value.split(":")
    if parts[2:3] == ["ssm"]:
        return "ReadParameters", "ssm:GetParameters", value
    arn = ":".join(parts[:7])  # what follows names a key and a version inside the secret
    complete = _SUFFIX.fullmatch(arn) or arn.endswith(("*", "}"))
    return "ReadSecrets", "secretsmanager:GetSecretValue", arn if complete else f"{arn}-??????"
