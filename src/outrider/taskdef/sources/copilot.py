"""Manifests of AWS Copilot as the task definition that Copilot makes of them, as far as the manifest tells it.

Overrides (``environments``, ``taskdef_overrides``) are not applied. What Copilot makes itself (roles, the family, log
groups, the image that it builds) is ``UNKNOWN``. Source: the manifest's documentation, and the tasks that Copilot
makes: with ``logging`` the main container writes to FireLens, sidecars and the log router write to CloudWatch.
"""

from __future__ import annotations

import re
from typing import Any, Final

from outrider.taskdef.jsontree import Node, Value
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.source import Source
from outrider.taskdef.sources.nodes import array, entries, leaf, member, obj, unknown, with_texts
from outrider.taskdef.sources.reading import CONTAINERS, Reading
from outrider.taskdef.sources.words import arguments, health_check, pairs, string, strings

ROUTER: Final = "firelens_log_router"
_KINDS: Final = ("Load Balanced Web Service", "Backend Service", "Worker Service", "Scheduled Job")
_ROUTES: Final = ("image", "destination", "enableMetadata", "secretOptions", "configFilePath", "variables", "secrets")
"""Members of ``logging`` that make Copilot add a log router; ``retention`` and ``env_file`` alone do not."""
_PORT: Final = re.compile(r"([0-9]{1,5})(?:/(tcp|udp))?")


def is_manifest(value: Any) -> bool:
    """Whether it is a manifest of a service or job that Copilot runs on ECS."""
    return isinstance(value, dict) and value.get("type") in _KINDS and CONTAINERS not in value


def task_in_manifest(source: Source, root: Node) -> Reading:
    """The task definition of a manifest. Raises UserError with line and column."""
    root = with_texts(root, _interpolated)
    kind = member(root, "type") or root
    containers = [_main(root), *_router(member(root, "logging"))]
    containers += [_sidecar(name, sidecar) for name, sidecar in entries(member(root, "sidecars"))]
    ephemeral = member(root, "storage", "ephemeral")
    platform = member(root, "platform")
    task = {
        **{key: unknown(kind) for key in ("family", "taskRoleArn", "executionRoleArn")},
        "networkMode": leaf(kind, "awsvpc"),
        "requiresCompatibilities": array(kind, [leaf(kind, "FARGATE")]),
        "runtimePlatform": unknown(platform) if platform else None,
        "ephemeralStorage": obj(ephemeral, {"sizeInGiB": ephemeral}) if ephemeral else None,
        **{key: string(node) for key in ("cpu", "memory") if (node := member(root, key))},
        CONTAINERS: array(root, containers),
        "volumes": array(kind, [_volume(*entry) for entry in entries(member(root, "storage", "volumes"))]),
    }
    found = Reading(source, (), obj(root, task), "a manifest of Copilot")
    _ = found.task
    return found


def _interpolated(text: str) -> Value:
    return UNKNOWN if "${" in text else text


def _main(root: Node) -> Node:
    name = member(root, "name")
    image = member(root, "image")
    port, location = member(image, "port"), member(image, "location")
    read_only = member(root, "storage", "readonly_fs")
    volumes = entries(member(root, "storage", "volumes"))
    mounts = [_mount(volume, name) for name, volume in volumes if member(volume, "path")]
    return obj(
        image or root,
        {
            "name": name or unknown(root),
            "image": location or unknown(image or root),
            **_common(root),
            "portMappings": array(port, [_port(port)]) if port else None,
            "healthCheck": health_check(member(image, "healthcheck"), "command"),
            "dependsOn": _dependencies(member(image, "depends_on")),
            "dockerLabels": strings(member(image, "labels")),
            "readonlyRootFilesystem": read_only,
            "mountPoints": array(root, mounts) if mounts else None,
            "logConfiguration": _log(root),
        },
    )


def _common(holder: Node) -> dict[str, Node | None]:
    """What every container may have; Copilot adds variables of its own."""
    variables, secrets = member(holder, "variables"), member(holder, "secrets")
    return {
        "environment": array(variables or holder, [*pairs(entries(variables)), unknown(holder)]),
        "secrets": array(secrets, pairs(entries(secrets), "valueFrom")) if secrets else None,
        "entryPoint": arguments(member(holder, "entrypoint")),
        "command": arguments(member(holder, "command")),
    }


def _routes(logging: Node | None) -> bool:
    return logging is not None and any(member(logging, key) for key in _ROUTES)


def _log(root: Node) -> Node:
    """Where the main container writes to."""
    logging = member(root, "logging")
    if logging is None or not _routes(logging):
        return _to_cloudwatch(member(root, "name") or root)
    destination, secrets = member(logging, "destination"), member(logging, "secretOptions")
    return obj(
        destination or logging,
        {
            "logDriver": leaf(logging, "awsfirelens"),
            "options": strings(destination),
            "secretOptions": array(secrets, pairs(entries(secrets), "valueFrom")) if secrets else None,
        },
    )


def _to_cloudwatch(at: Node) -> Node:
    return obj(at, {"logDriver": leaf(at, "awslogs"), "options": unknown(at)})


def _router(logging: Node | None) -> list[Node]:
    """The log router that Copilot adds."""
    if logging is None or not _routes(logging):
        return []
    path = member(logging, "configFilePath")
    metadata = member(logging, "enableMetadata") or leaf(logging, True)
    options = {
        "enable-ecs-log-metadata": string(metadata),
        "config-file-type": leaf(path, "file") if path else None,
        "config-file-value": path,
    }
    firelens = {"type": leaf(logging, "fluentbit"), "options": obj(logging, options)}
    members = {
        "name": leaf(logging, ROUTER),
        "image": member(logging, "image") or unknown(logging),
        **_common(logging),
        "firelensConfiguration": obj(logging, firelens),
        "logConfiguration": _to_cloudwatch(logging),
    }
    return [obj(logging, members)]


def _sidecar(name: Node, sidecar: Node) -> Node:
    if not isinstance(sidecar.value, dict):
        return sidecar
    image, port = member(sidecar, "image"), member(sidecar, "port")
    credentials = member(sidecar, "credentialsParameter")
    mounts = [_mount(mount) for mount in getattr(member(sidecar, "mount_points"), "items", ())]
    members = {
        "name": name,
        "image": (member(image, "location") or unknown(image)) if image and image.members else image,
        "essential": member(sidecar, "essential"),
        **_common(sidecar),
        "portMappings": array(port, [_port(port)]) if port else None,
        "healthCheck": health_check(member(sidecar, "healthcheck"), "command"),
        "dependsOn": _dependencies(member(sidecar, "depends_on")),
        "dockerLabels": strings(member(sidecar, "labels")),
        "repositoryCredentials": obj(credentials, {"credentialsParameter": credentials}) if credentials else None,
        "mountPoints": array(sidecar, mounts) if mounts else None,
        "logConfiguration": _to_cloudwatch(name),
    }
    return obj(sidecar, members)


def _port(node: Node) -> Node:
    found = _PORT.fullmatch(str(node.value)) if isinstance(node.value, str | int) else None
    if found is None:
        return unknown(node)
    protocol = leaf(node, found[2]) if found[2] else None
    return obj(node, {"containerPort": leaf(node, int(found[1])), "protocol": protocol})


def _dependencies(node: Node | None) -> Node | None:
    if node is None or not node.members:
        return node
    found = [(name, with_texts(state, str.upper)) for name, state in entries(node)]
    return array(node, [obj(name, {"containerName": name, "condition": state}) for name, state in found])


def _volume(name: Node, volume: Node) -> Node:
    efs = member(volume, "efs")
    return obj(name, {"name": name, "efsVolumeConfiguration": unknown(efs) if efs else None})


def _mount(node: Node, name: Node | None = None) -> Node:
    source = name or member(node, "source_volume") or unknown(node)
    members = {"sourceVolume": source, "containerPath": member(node, "path"), "readOnly": member(node, "read_only")}
    return obj(node, members)
