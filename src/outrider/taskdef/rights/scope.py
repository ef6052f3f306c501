"""Partition, region and account: where a task runs, as far as its definition tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from outrider.aws.partitions import partition_of
from outrider.taskdef.view import Task

ACCOUNT: Final = "${AccountId}"
REGION: Final = "${TaskRegion}"
"""Stand in ARNs for what is not known; the user puts it in."""

_ARN: Final = re.compile(r"arn:(aws[a-z-]*):[a-z0-9-]+:([a-z0-9-]*):([0-9]{12})?:")


class Scope(Struct, frozen=True):
    """Where resources are that are given by name alone."""

    partition: str = "aws"
    region: str = REGION
    account: str = ACCOUNT

    def arn(self, service: str, resource: str, region: str = "") -> str:
        """The ARN of a resource in this account; in the task's own region if no other is given."""
        region = region or self.region
        return f"arn:{partition_of(region) or self.partition}:{service}:{region}:{self.account}:{resource}"

    def without_region(self, service: str, resource: str, region: str = "") -> str:
        """The ARN of what needs neither region nor account, such as a bucket."""
        return f"arn:{partition_of(region) or self.partition}:{service}:::{resource}"

    def of_role(self, arn: str) -> Scope:
        """That of a role's account."""
        found = _ARN.match(arn)
        return self if found is None else replace(self, partition=found[1], account=found[3] or ACCOUNT)


def scope_of(task: Task, *, account: str = "", region: str = "", partition: str = "") -> Scope:
    """What is given, else what the ARNs of the task definition say of the task itself.

    Account and partition are those of the task definition and its roles. Without an ARN of the task definition the
    region is the one that all its ARNs and log drivers agree on.
    """
    own = [found for key in ("taskDefinitionArn", "taskRoleArn", "executionRoleArn") if (found := _arn(task, key))]
    region = region or next((found[2] for found in own if found[2]), "") or _agreed(task)
    partition = partition or next((found[1] for found in own), "") or partition_of(region) or "aws"
    return Scope(partition, region or REGION, account or next((found[3] for found in own if found[3]), ACCOUNT))


def _arn(task: Task, key: str) -> re.Match[str] | None:
    return _ARN.match(task.text(key) or "")


def _agreed(task: Task) -> str:
    found = {region for region in _regions(task) if region}
    return found.pop() if len(found) == 1 else ""


def _regions(task: Task) -> Iterator[str]:
    for container in task:
        region = container.options.text("awslogs-region") or container.options.text("region") or ""
        if partition_of(region):
            yield region
        for secret in [*container.parts("secrets"), *container.log.parts("secretOptions")]:
            found = _ARN.match(secret.text("valueFrom") or "")
            yield found[2] if found else ""
