"""What the endpoints of a machine or task say about themselves. Pure; every function raises ValueError.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ (task-metadata-endpoint-v4-response,
ecs-agent-introspection). Names of the fields are those that Fluent Bit's ecs filter knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import msgspec

T = TypeVar("T")

Fields: TypeAlias = dict[str, str]
TASK_VARIABLES: Final = (
    "AWS_REGION",
    "AWS_AVAILABILITY_ZONE",
    "ECS_CLUSTER",
    "ECS_TASK_ARN",
    "ECS_TASK_ID",
    "ECS_FAMILY",
    "ECS_LAUNCH_TYPE",
    "ECS_REVISION",
    "ECS_TASK_DEFINITION",
)
"""What a task says as variables, in the names of AWS's ``init`` images."""
SHORT: Final = 12
"""Letters of a container's id that tags carry."""


class _Network(msgspec.Struct):
    addresses: list[str] = msgspec.field(name="IPv4Addresses", default_factory=list)
    name: str = msgspec.field(name="PrivateDNSName", default="")


class _Container(msgspec.Struct, rename="pascal"):
    docker_id: str = ""
    docker_name: str = ""
    name: str = ""
    networks: list[_Network] = []


class _Task(msgspec.Struct, rename="pascal"):
    arn: str = ""
    family: str = ""
    version: str = ""
    containers: list[_Container] = []


class _Tasks(msgspec.Struct, rename="pascal"):
    tasks: list[_Task] = []


class _Instance(msgspec.Struct, rename="pascal"):
    cluster: str
    container_instance_arn: str
    version: str


class _OwnTask(msgspec.Struct, rename="pascal"):
    cluster: str
    task_arn: str = msgspec.field(name="TaskARN")
    family: str = ""
    revision: str = ""
    availability_zone: str = ""
    launch_type: str = ""
    vpc: str = msgspec.field(name="VPCID", default="")
    containers: list[_Container] = []
    task_tags: dict[str, str] = {}


class _Identity(msgspec.Struct):
    account: str = msgspec.field(name="accountId")


@dataclass(frozen=True, slots=True)
class Known:
    """Metadata of one machine or task: fields of the cluster (or task), and of each container by short id and name.

    ``by_name`` is for a task that knows itself alone: names of containers are unique only there.
    """

    common: Fields
    by_id: dict[str, Fields]
    by_name: dict[str, Fields]


def instance(body: bytes) -> Fields:
    """The agent's ``/v1/metadata``."""
    found = _read(body, _Instance)
    return {
        "ClusterName": _last(found.cluster),
        "ContainerInstanceArn": found.container_instance_arn,
        "ContainerInstanceID": _last(found.container_instance_arn),
        "ECSAgentVersion": found.version,
    }


def tasks(body: bytes, common: Fields) -> Known:
    """The agent's ``/v1/tasks``: every container of the machine."""
    by_id = {}
    for task in _read(body, _Tasks).tasks:
        of_task = {**_of_task(task.arn, task.family, task.version), **common}
        for container in task.containers:
            by_id[container.docker_id[:SHORT]] = {**_of_container(container), **of_task}
    return Known(common, by_id, {})


def own_task(body: bytes) -> Known:
    """The task metadata endpoint's ``/task``: the task that this process is part of."""
    found = _read(body, _OwnTask)
    common = {**_of_task(found.task_arn, found.family, found.revision), "ClusterName": _last(found.cluster)}
    all_ = [{**_of_container(container), **common} for container in found.containers]
    return Known(
        common,
        {fields["ContainerID"][:SHORT]: fields for fields in all_},
        {fields["ECSContainerName"]: fields for fields in all_},
    )


def host_of_task(body: bytes) -> Fields:
    """``/task``: what the aws filter can say of a task, by the names of its fields; what is not known is left out."""
    found = _read(body, _OwnTask)
    network = next((network for item in found.containers for network in item.networks), _Network())
    arn = found.task_arn.split(":")
    fields = {
        "az": found.availability_zone,
        "private_ip": network.addresses[0] if network.addresses else "",
        "vpc_id": found.vpc,
        "account_id": arn[4] if len(arn) > 5 else "",
        "hostname": network.name,
    }
    return {key: value for key, value in fields.items() if value}


def variables_of_task(body: bytes) -> Fields:
    """``/task`` as TASK_VARIABLES; what is not known, and what no variable can hold, is left out."""
    found = _read(body, _OwnTask)
    arn = found.task_arn.split(":")
    if len(arn) < 6:
        raise ValueError(f"metadata cannot be read: '{found.task_arn}' is not the ARN of a task")
    values = {
        "AWS_REGION": arn[3],
        "AWS_AVAILABILITY_ZONE": found.availability_zone,
        "ECS_CLUSTER": _last(found.cluster),
        "ECS_TASK_ARN": found.task_arn,
        "ECS_TASK_ID": _last(found.task_arn),
        "ECS_FAMILY": found.family,
        "ECS_LAUNCH_TYPE": found.launch_type,
        "ECS_REVISION": found.revision,
        "ECS_TASK_DEFINITION": f"{found.family}:{found.revision}",
    }
    return {name: value for name, value in values.items() if value and value.isprintable()}


def tags_of_task(body: bytes) -> Fields:
    """The tags in ``/taskWithTags``."""
    return _read(body, _OwnTask).task_tags


def account(body: bytes) -> str:
    """The account in the instance identity document."""
    return _read(body, _Identity).account


def container_in(tag: str, prefix: str) -> tuple[str, str]:
    """The short id that stands in a tag after the prefix, and the name of a container before ``-firelens-``.

    Either is empty where there is none.
    """
    rest = tag.removeprefix(prefix)
    short = rest[:SHORT] if tag.startswith(prefix) and len(rest) >= SHORT else ""
    name, firelens, _ = rest.rpartition("-firelens-")
    return short, name if firelens else ""


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"metadata cannot be read: {error}") from error


def _of_task(arn: str, family: str, version: str) -> Fields:
    return {"TaskARN": arn, "TaskID": _last(arn), "TaskDefinitionFamily": family, "TaskDefinitionVersion": version}


def _of_container(container: _Container) -> Fields:
    return {
        "ContainerID": container.docker_id,
        "DockerContainerName": container.docker_name,
        "ECSContainerName": container.name,
    }


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]
