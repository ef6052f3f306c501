"""The rules, one a file, in the order of their names."""

from __future__ import annotations

from typing import Final

from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.awslogs_multiline_twice import AwslogsMultilineTwice
from outrider.taskdef.lint.rules.awslogs_option_unknown import AwslogsOptionUnknown
from outrider.taskdef.lint.rules.awslogs_option_value import AwslogsOptionValue
from outrider.taskdef.lint.rules.awslogs_options_missing import AwslogsOptionsMissing
from outrider.taskdef.lint.rules.awsvpc_parameter import AwsvpcParameter
from outrider.taskdef.lint.rules.buffer_limit_invalid import BufferLimitInvalid
from outrider.taskdef.lint.rules.buffer_limit_memory import BufferLimitMemory
from outrider.taskdef.lint.rules.buffer_limit_unit import BufferLimitUnit
from outrider.taskdef.lint.rules.compatibility_unknown import CompatibilityUnknown
from outrider.taskdef.lint.rules.container_name import ContainerName
from outrider.taskdef.lint.rules.container_name_overlap import ContainerNameOverlap
from outrider.taskdef.lint.rules.dependency_condition import DependencyCondition
from outrider.taskdef.lint.rules.dependency_cycle import DependencyCycle
from outrider.taskdef.lint.rules.dependency_on_the_end import DependencyOnTheEnd
from outrider.taskdef.lint.rules.dependency_unknown import DependencyUnknown
from outrider.taskdef.lint.rules.dependency_without_health_check import DependencyWithoutHealthCheck
from outrider.taskdef.lint.rules.execution_role_missing import ExecutionRoleMissing
from outrider.taskdef.lint.rules.fargate_log_driver import FargateLogDriver
from outrider.taskdef.lint.rules.fargate_network_mode import FargateNetworkMode
from outrider.taskdef.lint.rules.fargate_parameter import FargateParameter
from outrider.taskdef.lint.rules.fargate_size import FargateSize
from outrider.taskdef.lint.rules.health_check_invalid import HealthCheckInvalid
from outrider.taskdef.lint.rules.health_check_words import HealthCheckWords
from outrider.taskdef.lint.rules.host_port_mismatch import HostPortMismatch
from outrider.taskdef.lint.rules.image_missing import ImageMissing
from outrider.taskdef.lint.rules.image_mutable import ImageMutable
from outrider.taskdef.lint.rules.launcher_without_dashes import LauncherWithoutDashes
from outrider.taskdef.lint.rules.log_driver_unknown import LogDriverUnknown
from outrider.taskdef.lint.rules.memory_below_minimum import MemoryBelowMinimum
from outrider.taskdef.lint.rules.memory_hard_below_soft import MemoryHardBelowSoft
from outrider.taskdef.lint.rules.memory_missing import MemoryMissing
from outrider.taskdef.lint.rules.memory_over_task import MemoryOverTask
from outrider.taskdef.lint.rules.memory_overcommitted import MemoryOvercommitted
from outrider.taskdef.lint.rules.mount_without_volume import MountWithoutVolume
from outrider.taskdef.lint.rules.network_mode_unknown import NetworkModeUnknown
from outrider.taskdef.lint.rules.no_essential_container import NoEssentialContainer
from outrider.taskdef.lint.rules.router_port_mapped import RouterPortMapped
from outrider.taskdef.lint.rules.router_read_only import RouterReadOnly
from outrider.taskdef.lint.rules.router_user_name import RouterUserName
from outrider.taskdef.lint.rules.router_without_log import RouterWithoutLog
from outrider.taskdef.lint.rules.secret_in_environment import SecretInEnvironment
from outrider.taskdef.lint.rules.sender_without_router import SenderWithoutRouter
from outrider.taskdef.lint.rules.sidecar_not_essential import SidecarNotEssential
from outrider.taskdef.lint.rules.timeout_out_of_range import TimeoutOutOfRange
from outrider.taskdef.lint.rules.too_many_containers import TooManyContainers
from outrider.taskdef.lint.rules.volumes_from_unknown import VolumesFromUnknown

RULES: Final[tuple[Rule, ...]] = (
    AwslogsMultilineTwice(),
    AwslogsOptionUnknown(),
    AwslogsOptionValue(),
    AwslogsOptionsMissing(),
    AwsvpcParameter(),
    BufferLimitInvalid(),
    BufferLimitMemory(),
    BufferLimitUnit(),
    CompatibilityUnknown(),
    ContainerName(),
    ContainerNameOverlap(),
    DependencyCondition(),
    DependencyCycle(),
    DependencyOnTheEnd(),
    DependencyUnknown(),
    DependencyWithoutHealthCheck(),
    ExecutionRoleMissing(),
    FargateLogDriver(),
    FargateNetworkMode(),
    FargateParameter(),
    FargateSize(),
    HealthCheckInvalid(),
    HealthCheckWords(),
    HostPortMismatch(),
    ImageMissing(),
    ImageMutable(),
    LauncherWithoutDashes(),
    LogDriverUnknown(),
    MemoryBelowMinimum(),
    MemoryHardBelowSoft(),
    MemoryMissing(),
    MemoryOverTask(),
    MemoryOvercommitted(),
    MountWithoutVolume(),
    NetworkModeUnknown(),
    NoEssentialContainer(),
    RouterPortMapped(),
    RouterReadOnly(),
    RouterUserName(),
    RouterWithoutLog(),
    SecretInEnvironment(),
    SenderWithoutRouter(),
    SidecarNotEssential(),
    TimeoutOutOfRange(),
    TooManyContainers(),
    VolumesFromUnknown(),
)
