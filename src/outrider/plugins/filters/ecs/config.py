"""Options of the ecs filter."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Count, Duration, Port, Repeated, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    add: Repeated = option(
        (),
        "'KEY TEMPLATE': a field with $ClusterName, $TaskARN, $TaskID, $TaskDefinitionFamily, $TaskDefinitionVersion,"
        " $ECSContainerName, $ContainerID, $DockerContainerName, $ContainerInstanceArn, $ContainerInstanceID or"
        " $ECSAgentVersion in it",
    )
    ecs_tag_prefix: str = option("", "what stands before the container's short id in tags")
    cluster_metadata_only: bool = option(False, "do not look for containers")
    ecs_meta_cache_ttl: Duration = option(3600, "forget a container that has not been heard of for so long")
    ecs_meta_host: str = option("127.0.0.1", "host of the ECS agent's introspection endpoint")
    ecs_meta_port: Port = option(51678, "its port")
    agent_endpoint_retries: Count = option(2, "how often to look for a container that is not known")
