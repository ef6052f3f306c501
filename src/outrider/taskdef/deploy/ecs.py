"""The calls of ECS that a deployment needs, through boto3, which is imported here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import Any, Final

from outrider.model.errors import PeerError, UserError
from outrider.taskdef.deploy.definition import clean
from outrider.taskdef.deploy.faults import fault, invalid
from outrider.taskdef.deploy.rollout import Answer
from outrider.taskdef.shape import Locate, TaskDefinition, check_shape, nowhere

_TASKS_A_CALL: Final = 100


class Ecs:
    """ECS of one region, with the keys that AWS's own tools find. Raises UserError and PeerError."""

    def __init__(self, *, region: str | None = None, profile: str | None = None) -> None:
        try:
            import boto3
            import botocore.config
        except ImportError as error:
            fix = "install outrider with its extra: pip install '.[deploy]' in its source"
            raise UserError("boto3 is not installed", fix=fix) from error
        config = botocore.config.Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard"})
        with _told("session"):
            session = boto3.Session(profile_name=profile, region_name=region or os.environ.get("AWS_REGION"))
            self._client: Any = session.client("ecs", config=config)

    def definition(self, name: str) -> tuple[str, TaskDefinition, bool]:
        """ARN, definition with its tags, and whether services may use it, of ``family:revision`` or an ARN."""
        with _told("DescribeTaskDefinition", about=f"'{name}'"):
            answer = self._client.describe_task_definition(taskDefinition=name, include=["TAGS"])
        found = answer["taskDefinition"]
        task = clean({**found, "tags": answer.get("tags") or []})
        return found["taskDefinitionArn"], check_shape(task), found.get("status") != "INACTIVE"

    def register(self, definition: TaskDefinition, locate: Locate = nowhere) -> str:
        """A new revision; its ARN."""
        taken = {key: value for key, value in definition.items() if key != "tags" or value}
        with _told("RegisterTaskDefinition", locate):
            answer = self._client.register_task_definition(**taken)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def service(self, cluster: str, service: str) -> Answer:
        """The service. Raises UserError if there is none."""
        with _told("DescribeServices", about=_called(cluster, service)):
            answer = self._client.describe_services(cluster=cluster, services=[service])
        if not answer["services"]:
            raise UserError(
                f"there is no service '{service}' in the cluster '{cluster}'",
                fix="check --service, --cluster, --region and --profile; aws ecs list-services names them",
            )
        found: Answer = answer["services"][0]
        return found

    def update(self, cluster: str, service: str, definition: str) -> Answer:
        """Let the service run this definition; the service with its new deployment."""
        with _told("UpdateService", about=_called(cluster, service)):
            answer = self._client.update_service(cluster=cluster, service=service, taskDefinition=definition)
        found: Answer = answer["service"]
        return found

    def tasks(self, cluster: str, service: str, known: Set[str] = frozenset()) -> list[Answer]:
        """The service's tasks, those that stopped lately too, except ``known`` ARNs."""
        arns: list[str] = []
        for status in ("RUNNING", "STOPPED"):
            with _told("ListTasks", about=_called(cluster, service)):
                pages = self._client.get_paginator("list_tasks").paginate(
                    cluster=cluster, serviceName=service, desiredStatus=status
                )
                arns += [arn for page in pages for arn in page["taskArns"] if arn not in known]
        found: list[Answer] = []
        for start in range(0, len(arns), _TASKS_A_CALL):
            with _told("DescribeTasks"):
                answer = self._client.describe_tasks(cluster=cluster, tasks=arns[start : start + _TASKS_A_CALL])
            found += answer["tasks"]
        return found


def _called(cluster: str, service: str) -> str:
    return f"service '{service}' in cluster '{cluster}'"


@contextmanager
def _told(operation: str, locate: Locate = nowhere, about: str = "") -> Iterator[None]:
    """Around a call ``about`` something: what boto3 raises is told in our words."""
    from botocore import exceptions as told

    try:
        yield
    except told.ParamValidationError as error:
        raise invalid(error.kwargs["report"], locate) from error
    except told.ClientError as error:
        said = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise fault(said.get("Code", ""), said.get("Message", ""), status, operation, about) from error
    except told.NoRegionError as error:
        raise UserError("no region is set", fix="give --region, or set AWS_REGION") from error
    except told.ProfileNotFound as error:
        raise UserError(str(error), fix="give a profile of ~/.aws/config with --profile") from error
    except (
        told.NoCredentialsError,
        told.PartialCredentialsError,
        told.CredentialRetrievalError,
        told.SSOError,
        told.TokenRetrievalError,
    ) as error:
        fix = "run aws configure or aws sso login, or name a profile with --profile"
        raise UserError(f"no credentials for AWS: {error}", fix=fix) from error
    except (told.HTTPClientError, told.ConnectionError) as error:
        fix = "see that this machine reaches AWS (a proxy, a VPC endpoint), and check --region and AWS_ENDPOINT_URL"
        raise PeerError(f"{operation}: {error}; fix: {fix}") from error
    except told.BotoCoreError as error:
        raise UserError(f"{operation}: {error}", fix="check ~/.aws/config and the environment") from error
