"""What of the module comes from the description: containers, policies, defaults of variables. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from outrider.export.description import Description
from outrider.export.kinds.terraform.hcl import Expression, value
from outrider.export.tasks import (
    APPLICATION_IMAGE,
    APPLICATION_PORT,
    LOG_DAYS,
    TRUST,
    arn,
    fargate_size,
    fargate_task,
    log_group,
    policies,
    token_secret,
)
from outrider.model.errors import UserError
from outrider.taskdef.lint.routing import tag_of
from outrider.taskdef.rights import EXECUTION, TASK
from outrider.taskdef.shape import TaskDefinition

_NAME_LIMIT: Final = 24
"""Names of load balancers have up to 32 characters, prefixes of buckets up to 37."""
_BUCKET: Final = "the-bucket"
_GROUP: Final = "aws_cloudwatch_log_group.outrider"
_REPOSITORY: Final = "aws_ecr_repository.outrider"
_SECRETS: Final = {
    ":ssm:": ("parameter in SSM's parameter store", "arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/.+"),
    ":secretsmanager:": (
        "secret in Secrets Manager, with the six characters at its end",
        "arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^:]+-[A-Za-z0-9]{6}",
    ),
}


def filled(text: str, description: Description) -> str:
    """A file of the module with ``<<NAME>>`` replaced. Raises UserError for a name that is too long."""
    if len(description.name) > _NAME_LIMIT:
        raise UserError(f"name: '{description.name}' has more than {_NAME_LIMIT} characters", fix="set a shorter name")
    for name, found in _values(description).items():
        text = text.replace(f"<<{name}>>", found)
    return text


def _values(given: Description) -> dict[str, str]:
    tag = tag_of(given.image) or "latest"
    description = replace(given, image=f"{given.account}.dkr.ecr.{given.region}.amazonaws.com/{given.name}:{tag}")
    task = _task(description)
    cpu, memory = fargate_size(description)
    what, pattern = _SECRETS[":secretsmanager:" if ":secretsmanager:" in token_secret(description) else ":ssm:"]
    found = {role: _policy(document, description) for role, document in policies(task, description).items()}
    return {
        "NAME": description.name,
        "IMAGE": given.image,
        "TAG": tag,
        "SERVER": description.server.rstrip("/"),
        "TOKEN": what,
        "TOKEN_PATTERN": pattern,
        "APP_IMAGE": APPLICATION_IMAGE,
        "APP_PORT": str(APPLICATION_PORT),
        "DAYS": str(LOG_DAYS),
        "CPU": str(cpu),
        "MEMORY": str(memory),
        "TRUST": value(TRUST, 2),
        "TASK_POLICY": found[TASK],
        "EXECUTION_POLICY": found[EXECUTION],
        "CONTAINERS": _containers(task, description),
    }


def _task(description: Description) -> TaskDefinition:
    """The application's logs go to the bucket, one file a minute and task, and to the agent."""
    options = {
        "Name": "s3",
        "region": description.region,
        "bucket": _BUCKET,
        "s3_key_format": "/$TAG[0]/%Y/%m/%d/%H/%M-$UUID.gz",
        "s3_key_format_tag_delimiters": "-",
        "compression": "gzip",
        "use_put_object": "On",
        "total_file_size": "50M",
        "upload_timeout": "1m",
    }
    return fargate_task(description, {"logDriver": "awsfirelens", "options": options})


def _containers(task: TaskDefinition, description: Description) -> str:
    known = {
        description.image: Expression(f'"${{{_REPOSITORY}.repository_url}}:${{var.image_tag}}"'),
        APPLICATION_IMAGE: Expression("var.app_image"),
        description.server: Expression("var.server"),
        token_secret(description): Expression("var.join_token_arn"),
        description.region: Expression("data.aws_region.current.region"),
        log_group(description): Expression(f"{_GROUP}.name"),
        _BUCKET: Expression("aws_s3_bucket.logs.bucket"),
    }
    containers = _replaced(task["containerDefinitions"], lambda text: known.get(text, text))
    containers[0]["portMappings"][0]["containerPort"] = Expression("var.app_port")
    return value(containers, 2)


def _policy(document: dict[str, Any], description: Description) -> str:
    group = f"{arn(description, 'logs', f'log-group:{log_group(description)}')}:"
    token = token_secret(description)

    def change(text: str) -> Any:
        if text.startswith(group):
            return Expression(f'"${{{_GROUP}.arn}}:{text.removeprefix(group)}"')
        if ":repository/" in text:
            return Expression(f"{_REPOSITORY}.arn")
        if ":s3:::" in text:
            return Expression('"${aws_s3_bucket.logs.arn}/*"')
        secret = token if token.startswith("arn:") else arn(description, "ssm", f"parameter{token}")
        return Expression("var.join_token_arn") if text in (secret, f"{secret}-??????") else text

    return value(_replaced(document, change), 2)


def _replaced(of: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(of, dict):
        return {name: _replaced(member, change) for name, member in of.items()}
    if isinstance(of, list):
        return [_replaced(item, change) for item in of]
    return change(of) if isinstance(of, str) else of
