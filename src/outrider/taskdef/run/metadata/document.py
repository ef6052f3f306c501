"""What the task metadata endpoint answers of a task and its containers. Pure.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html and
its examples; the ECS agent (``ecs-agent/tmds/handlers/v4/state/response.go``) for names, and for what is left out where
there is nothing to say.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from outrider.taskdef.shape import TaskDefinition

RUNNING: Final = "RUNNING"
STOPPED: Final = "STOPPED"
_NOT_YET: Final = "NONE"
_CREATED: Final = "CREATED"
_LABEL: Final = "com.amazonaws.ecs."
_NAMES: Final = uuid.NAMESPACE_OID
_CPU_UNITS: Final = 1024
_CLOUDS: Final = {"FARGATE": "FARGATE", "MANAGED_INSTANCES": "MANAGED_INSTANCES", "EXTERNAL": "EXTERNAL"}


@dataclass(frozen=True, slots=True)
class Network:
    """Where a task is reached: its address, and what is known of the network around it."""

    address: str
    mac: str = ""
    subnet: str = ""
    gateway: str = ""
    name: str = ""

    def document(self) -> dict[str, Any]:
        """A member of ``Networks``."""
        known = {
            "MACAddress": self.mac,
            "IPv4SubnetCIDRBlock": self.subnet,
            "PrivateDNSName": self.name,
            "SubnetGatewayIpv4Address": self.gateway,
        }
        found = {key: value for key, value in known.items() if value}
        return {"NetworkMode": "awsvpc", "IPv4Addresses": [self.address], "AttachmentIndex": 0, **found}


@dataclass(frozen=True, slots=True)
class Health:
    """What a container's health check last said: ``status`` is HEALTHY, UNHEALTHY or UNKNOWN."""

    status: str
    since: float | None = None
    output: str = ""

    def document(self) -> dict[str, Any]:
        """``Health``."""
        known = {"statusSince": _time(self.since), "output": self.output}
        return {"status": self.status, **{key: value for key, value in known.items() if value}}


@dataclass(frozen=True, slots=True)
class ContainerNow:
    """One container at this moment; times are seconds since the epoch, None for what has not happened."""

    definition: Mapping[str, Any]
    docker_id: str
    docker_name: str
    image_id: str = ""
    created_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    status: int | None = None
    health: Health | None = None

    @property
    def name(self) -> str:
        """Its name in the task definition."""
        return str(self.definition["name"])

    @property
    def known(self) -> str:
        """``KnownStatus``."""
        if self.ended_at is not None:
            return STOPPED
        if self.started_at is not None:
            return RUNNING
        return _NOT_YET if self.created_at is None else _CREATED


@dataclass(frozen=True, slots=True)
class TaskNow:
    """The task at this moment: ``prepared_at`` is when its images were sought, ``stopping_at`` when its end began."""

    definition: TaskDefinition
    arn: str
    cluster: str
    revision: int
    network: Network
    containers: tuple[ContainerNow, ...]
    prepared_at: float
    stopping_at: float | None = None

    @property
    def launch_type(self) -> str:
        """``LaunchType``: what the definition asks for first."""
        asked: Iterable[str] = self.definition.get("requiresCompatibilities") or ()
        return next((_CLOUDS[name] for name in asked if name in _CLOUDS), "EC2")

    @property
    def _cluster(self) -> str:
        """On Fargate ECS tells the ARN, elsewhere the name."""
        if self.launch_type != "FARGATE":
            return self.cluster
        return f"{self.arn.partition(':task/')[0]}:cluster/{self.cluster}"

    @property
    def known(self) -> str:
        """``KnownStatus``: as far as every container has come."""
        states = {container.known for container in self.containers}
        if states == {STOPPED}:
            return STOPPED
        order = (_NOT_YET, _CREATED, RUNNING)
        return next((state for state in order if state in states), RUNNING)

    def container(self, name: str) -> dict[str, Any]:
        """What is answered of one container. Raises KeyError."""
        for container in self.containers:
            if container.name == name:
                return self._document(container)
        raise KeyError(name)

    def task(self) -> dict[str, Any]:
        """What ``/task`` answers."""
        desired = RUNNING if self.stopping_at is None else STOPPED
        region = self.arn.split(":")[3]
        found: dict[str, Any] = {
            "Cluster": self._cluster,
            "TaskARN": self.arn,
            "Family": str(self.definition.get("family")),
            "Revision": str(self.revision),
            "DesiredStatus": desired,
            "KnownStatus": self.known,
            "Limits": task_limits(self.definition),
            "PullStartedAt": _time(self.prepared_at),
            "PullStoppedAt": _time(self._pulled_at),
            "ExecutionStoppedAt": _time(self.stopping_at),
            "AvailabilityZone": f"{region}a",
            "LaunchType": self.launch_type,
            "Containers": [self._document(container) for container in self.containers],
        }
        return _said(found)

    def task_with_tags(self) -> dict[str, Any]:
        """What ``/taskWithTags`` answers: the tags that the task definition hands on to its tasks."""
        tags = {str(tag.get("key")): str(tag.get("value", "")) for tag in _objects(self.definition.get("tags"))}
        return {**self.task(), **({"TaskTags": tags} if tags else {})}

    @property
    def _pulled_at(self) -> float | None:
        """When the last image was there; None before that."""
        times = [container.created_at for container in self.containers]
        return max((time for time in times if time is not None), default=None) if None not in times else None

    def _document(self, container: ContainerNow) -> dict[str, Any]:
        definition = container.definition
        log = _members(definition.get("logConfiguration"))
        ended = self.stopping_at is not None or container.ended_at is not None
        found: dict[str, Any] = {
            "DockerId": container.docker_id,
            "Name": container.name,
            "DockerName": container.docker_name,
            "Image": str(definition.get("image") or ""),
            "ImageID": container.image_id,
            "Ports": _ports(definition),
            "Labels": {**self._labels(container.name), **_members(definition.get("dockerLabels"))},
            "DesiredStatus": STOPPED if ended else RUNNING,
            "KnownStatus": container.known,
            "ExitCode": container.status,
            "Limits": container_limits(definition),
            "CreatedAt": _time(container.created_at),
            "StartedAt": _time(container.started_at),
            "FinishedAt": _time(container.ended_at),
            "Type": "NORMAL",
            "Health": container.health.document() if container.health else None,
            "LogDriver": log.get("logDriver"),
            "LogOptions": _members(log.get("options")),
            "ContainerARN": f"{self.arn.replace(':task/', ':container/')}/{uuid.uuid5(_NAMES, container.docker_name)}",
            "Networks": [self.network.document()],
        }
        return {"ImageID": container.image_id, **_said(found)}

    def _labels(self, name: str) -> dict[str, str]:
        return {
            f"{_LABEL}cluster": self._cluster,
            f"{_LABEL}container-name": name,
            f"{_LABEL}task-arn": self.arn,
            f"{_LABEL}task-definition-family": str(self.definition.get("family")),
            f"{_LABEL}task-definition-version": str(self.revision),
        }


def endpoint_id(task_id: str, name: str) -> str:
    """What stands for a container in the endpoint's paths, in the form that Fargate has."""
    return f"{task_id}-{zlib.crc32(name.encode()):010d}"


def task_limits(definition: TaskDefinition) -> dict[str, float]:
    """``Limits`` of the task: virtual CPUs and MiB; what the definition does not limit by a number is left out."""
    cpu, memory = str(definition.get("cpu") or "").lower(), str(definition.get("memory") or "").lower()
    found: dict[str, float] = {}
    number = _number(cpu.removesuffix("vcpu"))
    if number:
        found["CPU"] = number if cpu.endswith("vcpu") else number / _CPU_UNITS
    number = _number(memory.removesuffix("gb"))
    if number:
        found["Memory"] = int(number * 1024) if memory.endswith("gb") else int(number)
    return found


def container_limits(definition: Mapping[str, Any]) -> dict[str, int]:
    """``Limits`` of a container: CPU units, 2 at least as on Linux, and MiB if it has them."""
    memory = int(_number(str(definition.get("memory") or "")))
    found = {"CPU": max(2, int(_number(str(definition.get("cpu") or ""))))}
    return {**found, "Memory": memory} if memory else found


def _number(text: str) -> float:
    """Zero for what is no number."""
    text = text.strip()
    return float(text) if text.replace(".", "", 1).isdecimal() else 0


def _members(value: object) -> dict[str, Any]:
    """An object of the definition, whose shape nobody has checked; empty for what is none."""
    return dict(value) if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    """The objects of an array, likewise."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _ports(definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """``Ports``: with awsvpc the port of the container is that of the host."""
    return [
        {
            "ContainerPort": mapping["containerPort"],
            "Protocol": mapping.get("protocol") or "tcp",
            "HostPort": mapping["containerPort"],
        }
        for mapping in _objects(definition.get("portMappings"))
        if "containerPort" in mapping
    ]


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _said(found: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known; an exit status of 0 is."""
    return {key: value for key, value in found.items() if value or value == 0}
