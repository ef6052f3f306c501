"""The rules, one a file, in the order of their names."""

from __future__ import annotations

from typing import Final

from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.agent_key_missing import AgentKeyMissing
from outrider.taskdef.lint.rules.agent_key_placeholder import AgentKeyPlaceholder
from outrider.taskdef.lint.rules.awslogs_multiline_twice import AwslogsMultilineTwice
from outrider.taskdef.lint.rules.awslogs_option_unknown import AwslogsOptionUnknown
from outrider.taskdef.lint.rules.awslogs_option_value import AwslogsOptionValue
from outrider.taskdef.lint.rules.awslogs_options_missing import AwslogsOptionsMissing
from outrider.taskdef.lint.rules.awsvpc_parameter import AwsvpcParameter
from outrider.taskdef.lint.rules.buffer_limit_invalid import BufferLimitInvalid
from outrider.taskdef.lint.rules.buffer_limit_memory import BufferLimitMemory
from outrider.taskdef.lint.rules.buffer_limit_unit import BufferLimitUnit
from outrider.taskdef.lint.rules.cloudwatch_name_invalid import CloudwatchNameInvalid
from outrider.taskdef.lint.rules.cloudwatch_stream_name import CloudwatchStreamName
from outrider.taskdef.lint.rules.cloudwatch_template import CloudwatchTemplate
from outrider.taskdef.lint.rules.compatibility_unknown import CompatibilityUnknown
from outrider.taskdef.lint.rules.config_file_arn import ConfigFileArn
from outrider.taskdef.lint.rules.config_file_generated import ConfigFileGenerated
from outrider.taskdef.lint.rules.config_file_on_fargate import ConfigFileOnFargate
from outrider.taskdef.lint.rules.config_file_type_unknown import ConfigFileTypeUnknown
from outrider.taskdef.lint.rules.config_file_value_missing import ConfigFileValueMissing
from outrider.taskdef.lint.rules.config_file_without_type import ConfigFileWithoutType
from outrider.taskdef.lint.rules.container_name import ContainerName
from outrider.taskdef.lint.rules.container_name_overlap import ContainerNameOverlap
from outrider.taskdef.lint.rules.cpu_over_task import CpuOverTask
from outrider.taskdef.lint.rules.dependency_condition import DependencyCondition
from outrider.taskdef.lint.rules.dependency_cycle import DependencyCycle
from outrider.taskdef.lint.rules.dependency_on_the_end import DependencyOnTheEnd
from outrider.taskdef.lint.rules.dependency_unknown import DependencyUnknown
from outrider.taskdef.lint.rules.dependency_without_health_check import DependencyWithoutHealthCheck
from outrider.taskdef.lint.rules.driver_option_in_output import DriverOptionInOutput
from outrider.taskdef.lint.rules.environment_name_twice import EnvironmentNameTwice
from outrider.taskdef.lint.rules.execution_role_missing import ExecutionRoleMissing
from outrider.taskdef.lint.rules.family_name import FamilyName
from outrider.taskdef.lint.rules.fargate_log_driver import FargateLogDriver
from outrider.taskdef.lint.rules.fargate_network_mode import FargateNetworkMode
from outrider.taskdef.lint.rules.fargate_parameter import FargateParameter
from outrider.taskdef.lint.rules.fargate_size import FargateSize
from outrider.taskdef.lint.rules.go_plugin_not_in_image import GoPluginNotInImage
from outrider.taskdef.lint.rules.go_plugin_not_loaded import GoPluginNotLoaded
from outrider.taskdef.lint.rules.health_check_invalid import HealthCheckInvalid
from outrider.taskdef.lint.rules.health_check_words import HealthCheckWords
from outrider.taskdef.lint.rules.host_port_mismatch import HostPortMismatch
from outrider.taskdef.lint.rules.image_invalid import ImageInvalid
from outrider.taskdef.lint.rules.image_missing import ImageMissing
from outrider.taskdef.lint.rules.image_mutable import ImageMutable
from outrider.taskdef.lint.rules.init_image_tag import InitImageTag
from outrider.taskdef.lint.rules.launcher_option_unknown import LauncherOptionUnknown
from outrider.taskdef.lint.rules.launcher_option_value import LauncherOptionValue
from outrider.taskdef.lint.rules.launcher_without_dashes import LauncherWithoutDashes
from outrider.taskdef.lint.rules.log_driver_unknown import LogDriverUnknown
from outrider.taskdef.lint.rules.log_port_open import LogPortOpen
from outrider.taskdef.lint.rules.long_lines_split import LongLinesSplit
from outrider.taskdef.lint.rules.member_missing import MemberMissing
from outrider.taskdef.lint.rules.member_out_of_range import MemberOutOfRange
from outrider.taskdef.lint.rules.member_type import MemberType
from outrider.taskdef.lint.rules.member_unknown import MemberUnknown
from outrider.taskdef.lint.rules.member_value_unknown import MemberValueUnknown
from outrider.taskdef.lint.rules.memory_below_minimum import MemoryBelowMinimum
from outrider.taskdef.lint.rules.memory_hard_below_soft import MemoryHardBelowSoft
from outrider.taskdef.lint.rules.memory_missing import MemoryMissing
from outrider.taskdef.lint.rules.memory_over_task import MemoryOverTask
from outrider.taskdef.lint.rules.memory_overcommitted import MemoryOvercommitted
from outrider.taskdef.lint.rules.metadata_switch_invalid import MetadataSwitchInvalid
from outrider.taskdef.lint.rules.mount_without_volume import MountWithoutVolume
from outrider.taskdef.lint.rules.network_mode_unknown import NetworkModeUnknown
from outrider.taskdef.lint.rules.no_essential_container import NoEssentialContainer
from outrider.taskdef.lint.rules.output_key_missing import OutputKeyMissing
from outrider.taskdef.lint.rules.output_key_of_other_router import OutputKeyOfOtherRouter
from outrider.taskdef.lint.rules.output_key_spelling import OutputKeySpelling
from outrider.taskdef.lint.rules.output_match_set import OutputMatchSet
from outrider.taskdef.lint.rules.output_missing import OutputMissing
from outrider.taskdef.lint.rules.output_not_built_in import OutputNotBuiltIn
from outrider.taskdef.lint.rules.output_option_ignored import OutputOptionIgnored
from outrider.taskdef.lint.rules.output_option_missing import OutputOptionMissing
from outrider.taskdef.lint.rules.output_option_unknown import OutputOptionUnknown
from outrider.taskdef.lint.rules.output_option_value import OutputOptionValue
from outrider.taskdef.lint.rules.output_to_itself import OutputToItself
from outrider.taskdef.lint.rules.output_unknown import OutputUnknown
from outrider.taskdef.lint.rules.pattern_invalid import PatternInvalid
from outrider.taskdef.lint.rules.port_collision import PortCollision
from outrider.taskdef.lint.rules.port_used_twice import PortUsedTwice
from outrider.taskdef.lint.rules.role_invalid import RoleInvalid
from outrider.taskdef.lint.rules.router_arguments import RouterArguments
from outrider.taskdef.lint.rules.router_health_check_tcp import RouterHealthCheckTcp
from outrider.taskdef.lint.rules.router_logs_to_itself import RouterLogsToItself
from outrider.taskdef.lint.rules.router_on_windows import RouterOnWindows
from outrider.taskdef.lint.rules.router_port_mapped import RouterPortMapped
from outrider.taskdef.lint.rules.router_read_only import RouterReadOnly
from outrider.taskdef.lint.rules.router_section_unknown import RouterSectionUnknown
from outrider.taskdef.lint.rules.router_type_unknown import RouterTypeUnknown
from outrider.taskdef.lint.rules.router_user_name import RouterUserName
from outrider.taskdef.lint.rules.router_without_log import RouterWithoutLog
from outrider.taskdef.lint.rules.router_without_sender import RouterWithoutSender
from outrider.taskdef.lint.rules.secret_in_environment import SecretInEnvironment
from outrider.taskdef.lint.rules.secret_in_options import SecretInOptions
from outrider.taskdef.lint.rules.secret_name_used_twice import SecretNameUsedTwice
from outrider.taskdef.lint.rules.secret_options_of_other_driver import SecretOptionsOfOtherDriver
from outrider.taskdef.lint.rules.secret_source_invalid import SecretSourceInvalid
from outrider.taskdef.lint.rules.sender_before_router import SenderBeforeRouter
from outrider.taskdef.lint.rules.sender_without_router import SenderWithoutRouter
from outrider.taskdef.lint.rules.sidecar_memory_small import SidecarMemorySmall
from outrider.taskdef.lint.rules.sidecar_not_essential import SidecarNotEssential
from outrider.taskdef.lint.rules.stop_timeout_below_grace import StopTimeoutBelowGrace
from outrider.taskdef.lint.rules.task_role_missing import TaskRoleMissing
from outrider.taskdef.lint.rules.task_role_of_instance import TaskRoleOfInstance
from outrider.taskdef.lint.rules.task_too_large import TaskTooLarge
from outrider.taskdef.lint.rules.timeout_out_of_range import TimeoutOutOfRange
from outrider.taskdef.lint.rules.too_many_containers import TooManyContainers
from outrider.taskdef.lint.rules.two_routers import TwoRouters
from outrider.taskdef.lint.rules.volumes_from_unknown import VolumesFromUnknown

RULES: Final[tuple[Rule, ...]] = (
    AgentKeyMissing(),
    AgentKeyPlaceholder(),
    AwslogsMultilineTwice(),
    AwslogsOptionUnknown(),
    AwslogsOptionValue(),
    AwslogsOptionsMissing(),
    AwsvpcParameter(),
    BufferLimitInvalid(),
    BufferLimitMemory(),
    BufferLimitUnit(),
    CloudwatchNameInvalid(),
    CloudwatchStreamName(),
    CloudwatchTemplate(),
    CompatibilityUnknown(),
    ConfigFileArn(),
    ConfigFileGenerated(),
    ConfigFileOnFargate(),
    ConfigFileTypeUnknown(),
    ConfigFileValueMissing(),
    ConfigFileWithoutType(),
    ContainerName(),
    ContainerNameOverlap(),
    CpuOverTask(),
    DependencyCondition(),
    DependencyCycle(),
    DependencyOnTheEnd(),
    DependencyUnknown(),
    DependencyWithoutHealthCheck(),
    DriverOptionInOutput(),
    EnvironmentNameTwice(),
    ExecutionRoleMissing(),
    FamilyName(),
    FargateLogDriver(),
    FargateNetworkMode(),
    FargateParameter(),
    FargateSize(),
    GoPluginNotInImage(),
    GoPluginNotLoaded(),
    HealthCheckInvalid(),
    HealthCheckWords(),
    HostPortMismatch(),
    ImageInvalid(),
    ImageMissing(),
    ImageMutable(),
    InitImageTag(),
    LauncherOptionUnknown(),
    LauncherOptionValue(),
    LauncherWithoutDashes(),
    LogDriverUnknown(),
    LogPortOpen(),
    LongLinesSplit(),
    MemberMissing(),
    MemberOutOfRange(),
    MemberType(),
    MemberUnknown(),
    MemberValueUnknown(),
    MemoryBelowMinimum(),
    MemoryHardBelowSoft(),
    MemoryMissing(),
    MemoryOverTask(),
    MemoryOvercommitted(),
    MetadataSwitchInvalid(),
    MountWithoutVolume(),
    NetworkModeUnknown(),
    NoEssentialContainer(),
    OutputKeyMissing(),
    OutputKeyOfOtherRouter(),
    OutputKeySpelling(),
    OutputMatchSet(),
    OutputMissing(),
    OutputNotBuiltIn(),
    OutputOptionIgnored(),
    OutputOptionMissing(),
    OutputOptionUnknown(),
    OutputOptionValue(),
    OutputToItself(),
    OutputUnknown(),
    PatternInvalid(),
    PortCollision(),
    PortUsedTwice(),
    RoleInvalid(),
    RouterArguments(),
    RouterHealthCheckTcp(),
    RouterLogsToItself(),
    RouterOnWindows(),
    RouterPortMapped(),
    RouterReadOnly(),
    RouterSectionUnknown(),
    RouterTypeUnknown(),
    RouterUserName(),
    RouterWithoutLog(),
    RouterWithoutSender(),
    SecretInEnvironment(),
    SecretInOptions(),
    SecretNameUsedTwice(),
    SecretOptionsOfOtherDriver(),
    SecretSourceInvalid(),
    SenderBeforeRouter(),
    SenderWithoutRouter(),
    SidecarMemorySmall(),
    SidecarNotEssential(),
    StopTimeoutBelowGrace(),
    TaskRoleMissing(),
    TaskRoleOfInstance(),
    TaskTooLarge(),
    TimeoutOutOfRange(),
    TooManyContainers(),
    TwoRouters(),
    VolumesFromUnknown(),
)
