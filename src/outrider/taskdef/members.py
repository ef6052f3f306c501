"""The members that RegisterTaskDefinition takes, and what stands in them: the API's model of November 2026. Pure.

A member's kind is the name of an object, ``map`` for one whose members are the user's words, either in brackets for an
array, ``[]`` for an array of plain values, and empty for a plain value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from outrider.taskdef.shape import Path

TASK: Final = "RegisterTaskDefinitionRequest"

_PLAIN: Final = {
    "RegisterTaskDefinitionRequest": (
        "family taskRoleArn executionRoleArn networkMode cpu memory pidMode ipcMode enableFaultInjection"
    ),
    "ContainerDefinition": (
        "name image cpu memory memoryReservation essential startTimeout stopTimeout versionConsistency "
        "hostname user workingDirectory disableNetworking privileged readonlyRootFilesystem interactive "
        "pseudoTerminal"
    ),
    "RepositoryCredentials": "credentialsParameter",
    "PortMapping": "containerPort hostPort protocol name appProtocol containerPortRange",
    "ContainerRestartPolicy": "enabled restartAttemptPeriod",
    "KeyValuePair": "name value",
    "EnvironmentFile": "value type",
    "MountPoint": "sourceVolume containerPath readOnly",
    "VolumeFrom": "sourceContainer readOnly",
    "LinuxParameters": "initProcessEnabled sharedMemorySize maxSwap swappiness",
    "Device": "hostPath containerPath",
    "Tmpfs": "containerPath size",
    "Secret": "name valueFrom",
    "ContainerDependency": "containerName condition",
    "HostEntry": "hostname ipAddress",
    "Ulimit": "name softLimit hardLimit",
    "LogConfiguration": "logDriver",
    "HealthCheck": "interval timeout retries startPeriod",
    "SystemControl": "namespace value",
    "ResourceRequirement": "value type",
    "NvidiaMpsAllocation": "memory maxComputePercent",
    "FirelensConfiguration": "type",
    "Volume": "name configuredAtLaunch",
    "HostVolumeProperties": "sourcePath",
    "DockerVolumeConfiguration": "scope autoprovision driver",
    "EFSVolumeConfiguration": "fileSystemId rootDirectory transitEncryption transitEncryptionPort",
    "EFSAuthorizationConfig": "accessPointId iam",
    "S3FilesVolumeConfiguration": "fileSystemArn rootDirectory transitEncryptionPort accessPointArn",
    "FSxWindowsFileServerVolumeConfiguration": "fileSystemId rootDirectory",
    "FSxWindowsFileServerAuthorizationConfig": "credentialsParameter domain",
    "TaskDefinitionPlacementConstraint": "type expression",
    "Tag": "key value",
    "ProxyConfiguration": "type containerName",
    "InferenceAccelerator": "deviceName deviceType",
    "EphemeralStorage": "sizeInGiB",
    "RuntimePlatform": "cpuArchitecture operatingSystemFamily",
    "TrustedExecutionConfiguration": "isolationMode attestationPolicy",
}
"""Object to the members that hold a plain value."""
_INNER: Final = {
    "RegisterTaskDefinitionRequest": {
        "containerDefinitions": "[ContainerDefinition]",
        "volumes": "[Volume]",
        "placementConstraints": "[TaskDefinitionPlacementConstraint]",
        "requiresCompatibilities": "[]",
        "tags": "[Tag]",
        "proxyConfiguration": "ProxyConfiguration",
        "inferenceAccelerators": "[InferenceAccelerator]",
        "ephemeralStorage": "EphemeralStorage",
        "runtimePlatform": "RuntimePlatform",
        "trustedExecutionConfiguration": "TrustedExecutionConfiguration",
    },
    "ContainerDefinition": {
        "repositoryCredentials": "RepositoryCredentials",
        "links": "[]",
        "portMappings": "[PortMapping]",
        "restartPolicy": "ContainerRestartPolicy",
        "entryPoint": "[]",
        "command": "[]",
        "environment": "[KeyValuePair]",
        "environmentFiles": "[EnvironmentFile]",
        "mountPoints": "[MountPoint]",
        "volumesFrom": "[VolumeFrom]",
        "linuxParameters": "LinuxParameters",
        "secrets": "[Secret]",
        "dependsOn": "[ContainerDependency]",
        "dnsServers": "[]",
        "dnsSearchDomains": "[]",
        "extraHosts": "[HostEntry]",
        "dockerSecurityOptions": "[]",
        "dockerLabels": "map",
        "ulimits": "[Ulimit]",
        "logConfiguration": "LogConfiguration",
        "healthCheck": "HealthCheck",
        "systemControls": "[SystemControl]",
        "resourceRequirements": "[ResourceRequirement]",
        "firelensConfiguration": "FirelensConfiguration",
        "credentialSpecs": "[]",
    },
    "ContainerRestartPolicy": {"ignoredExitCodes": "[]"},
    "LinuxParameters": {"capabilities": "KernelCapabilities", "devices": "[Device]", "tmpfs": "[Tmpfs]"},
    "KernelCapabilities": {"add": "[]", "drop": "[]"},
    "Device": {"permissions": "[]"},
    "Tmpfs": {"mountOptions": "[]"},
    "LogConfiguration": {"options": "map", "secretOptions": "[Secret]"},
    "HealthCheck": {"command": "[]"},
    "ResourceRequirement": {"sharingStrategy": "SharingStrategy"},
    "SharingStrategy": {"nvidiaMps": "NvidiaMpsAllocation"},
    "FirelensConfiguration": {"options": "map"},
    "Volume": {
        "host": "HostVolumeProperties",
        "dockerVolumeConfiguration": "DockerVolumeConfiguration",
        "efsVolumeConfiguration": "EFSVolumeConfiguration",
        "s3filesVolumeConfiguration": "S3FilesVolumeConfiguration",
        "fsxWindowsFileServerVolumeConfiguration": "FSxWindowsFileServerVolumeConfiguration",
    },
    "DockerVolumeConfiguration": {"driverOpts": "map", "labels": "map"},
    "EFSVolumeConfiguration": {"authorizationConfig": "EFSAuthorizationConfig"},
    "FSxWindowsFileServerVolumeConfiguration": {"authorizationConfig": "FSxWindowsFileServerAuthorizationConfig"},
    "ProxyConfiguration": {"properties": "[KeyValuePair]"},
}
"""Object to the members that hold more, each with its kind."""

MEMBERS: Final[dict[str, dict[str, str]]] = {
    name: dict.fromkeys(_PLAIN.get(name, "").split(), "") | _INNER.get(name, {}) for name in {**_PLAIN, **_INNER}
}
"""Object to its members, each with its kind."""

REQUIRED: Final = {
    "RegisterTaskDefinitionRequest": "family containerDefinitions",
    "RepositoryCredentials": "credentialsParameter",
    "ContainerRestartPolicy": "enabled",
    "EnvironmentFile": "value type",
    "Device": "hostPath",
    "Tmpfs": "containerPath size",
    "Secret": "name valueFrom",
    "ContainerDependency": "containerName condition",
    "HostEntry": "hostname ipAddress",
    "Ulimit": "name softLimit hardLimit",
    "LogConfiguration": "logDriver",
    "HealthCheck": "command",
    "ResourceRequirement": "type",
    "NvidiaMpsAllocation": "memory",
    "FirelensConfiguration": "type",
    "EFSVolumeConfiguration": "fileSystemId",
    "S3FilesVolumeConfiguration": "fileSystemArn",
    "FSxWindowsFileServerVolumeConfiguration": "fileSystemId rootDirectory authorizationConfig",
    "FSxWindowsFileServerAuthorizationConfig": "credentialsParameter domain",
    "ProxyConfiguration": "containerName",
    "InferenceAccelerator": "deviceName deviceType",
    "EphemeralStorage": "sizeInGiB",
    "TrustedExecutionConfiguration": "isolationMode",
}
"""Object to the members that it must have."""
ENUMERATIONS: Final = {
    ("RegisterTaskDefinitionRequest", "pidMode"): "host task",
    ("RegisterTaskDefinitionRequest", "ipcMode"): "host task none",
    ("RuntimePlatform", "cpuArchitecture"): "X86_64 ARM64",
    ("RuntimePlatform", "operatingSystemFamily"): (
        "WINDOWS_SERVER_2019_FULL WINDOWS_SERVER_2019_CORE WINDOWS_SERVER_2016_FULL WINDOWS_SERVER_2004_CORE "
        "WINDOWS_SERVER_2022_CORE WINDOWS_SERVER_2022_FULL WINDOWS_SERVER_2025_CORE WINDOWS_SERVER_2025_FULL "
        "WINDOWS_SERVER_20H2_CORE LINUX"
    ),
    ("PortMapping", "protocol"): "tcp udp",
    ("PortMapping", "appProtocol"): "http http2 grpc",
    ("EnvironmentFile", "type"): "s3",
    ("ContainerDefinition", "versionConsistency"): "enabled disabled",
    ("Ulimit", "name"): (
        "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack"
    ),
    ("ResourceRequirement", "type"): "GPU InferenceAccelerator NeuronDevice",
    ("DockerVolumeConfiguration", "scope"): "task shared",
    ("EFSVolumeConfiguration", "transitEncryption"): "ENABLED DISABLED",
    ("EFSAuthorizationConfig", "iam"): "ENABLED DISABLED",
    ("TaskDefinitionPlacementConstraint", "type"): "memberOf",
    ("ProxyConfiguration", "type"): "APPMESH",
    ("TrustedExecutionConfiguration", "isolationMode"): "SHARED ISOLATED_SANDBOX CONFIDENTIAL_SANDBOX",
}
"""Object and member to the values that ECS knows; those that rules of their own are about are not here."""
RANGES: Final = {
    ("PortMapping", "containerPort"): (1, 65_535),
    ("PortMapping", "hostPort"): (0, 65_535),
    ("EphemeralStorage", "sizeInGiB"): (21, 200),
    ("LinuxParameters", "swappiness"): (0, 100),
    ("ContainerRestartPolicy", "restartAttemptPeriod"): (60, 1_800),
    ("EFSVolumeConfiguration", "transitEncryptionPort"): (1, 65_535),
}
"""Object and member to the least and the greatest number that ECS takes, from the API reference."""


def walk(value: Any, kind: str = TASK, path: Path = ()) -> Iterator[tuple[Path, Any, str]]:
    """A value and everything inside that the API knows, each with its path and kind."""
    yield path, value, kind
    if kind.startswith("[") and isinstance(value, list):
        for place, item in enumerate(value):
            yield from walk(item, kind[1:-1], (*path, place))
    elif isinstance(value, dict):
        for name, inner in MEMBERS.get(kind, {}).items():
            if name in value:
                yield from walk(value[name], inner, (*path, name))
