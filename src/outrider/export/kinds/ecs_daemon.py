"""``ecs-daemon``: agent and router once on each EC2 instance of a cluster, for the logs of all its containers."""

from __future__ import annotations

from typing import Any, Final

from outrider.export.description import Description
from outrider.export.kind import Files, Kind
from outrider.export.tasks import (
    AGENT,
    LOG_DAYS,
    TRUST,
    Container,
    as_json,
    console,
    limits,
    log_group,
    policies,
    role_arn,
    token_secret,
    wish,
)
from outrider.taskdef.protect.profile import ROUTER_NAME, agent_container
from outrider.taskdef.rights import EXECUTION
from outrider.taskdef.shape import TaskDefinition

LOGS: Final = "/var/lib/docker/containers"
STATE: Final = "/var/lib/outrider-router"
_MONITOR: Final = "2020"
_TMP: Final = {"containerPath": "/tmp", "size": 64, "mountOptions": ["noexec", "nosuid", "nodev"]}
_FIELDS: Final = {
    "container_name": "$ECSContainerName",
    "container_id": "$ContainerID",
    "cluster": "$ClusterName",
    "task": "$TaskARN",
    "task_definition": "$TaskDefinitionFamily:$TaskDefinitionVersion",
}
ROUTER_COMMAND: Final = (
    *("-b", f"{STATE}/spool", "-H", "-L", "127.0.0.1", "-P", _MONITOR),
    # What Docker's driver json-file writes; a line of more than 16 KiB is one record.
    *("-i", "tail", "-t", "ecs.*", "-p", f"Path={LOGS}/*/*-json.log", "-p", "multiline.parser=docker"),
    *("-p", f"DB={STATE}/positions.db", "-p", "Buffer_Max_Size=1M", "-p", "Skip_Long_Lines=On"),
    *("-p", "Mem_Buf_Limit=50M", "-p", "storage.type=filesystem"),
    # The ECS agent of the instance knows whose a container is.
    *("-F", "ecs", "-m", "*", "-p", f"ECS_Tag_Prefix=ecs{LOGS.replace('/', '.')}."),
    *(word for name, template in _FIELDS.items() for word in ("-p", f"ADD={name} {template}")),
    *("-F", "nest", "-m", "*", "-p", "Operation=nest", "-p", "Nest_under=ecs"),
    *("-p", "Wildcard=cluster", "-p", "Wildcard=task*", "-p", "Wildcard=stream"),
    *("-o", "syslog", "-m", "*", "-p", "Mode=tcp", "-p", "Host=127.0.0.1", "-p", "Port=1514"),
    *("-p", "Retry_Limit=False", "-p", "Syslog_Format=rfc5424", "-p", "Syslog_Maxsize=786432"),
    *("-p", "Syslog_Hostname_Key=container_id", "-p", "Syslog_Appname_Key=container_name"),
    *("-p", "Syslog_SD_Key=ecs", "-p", "Syslog_Message_Key=log"),
)
"""The router's words: a tail of Docker's folder, whose containers the ECS agent names, to the agent's listener."""


def task(description: Description) -> TaskDefinition:
    """The task definition."""
    volumes = [
        _volume(f"{description.name}-agent"),
        _volume(f"{description.name}-router"),
        {"name": "docker-containers", "host": {"sourcePath": LOGS}},
    ]
    return {
        "family": description.name,
        "requiresCompatibilities": ["EC2"],
        "networkMode": "host",
        "executionRoleArn": role_arn(description, EXECUTION),
        "containerDefinitions": [_agent(description), _router(description)],
        "volumes": volumes,
    }


def _volume(name: str) -> Container:
    """A volume of Docker's that outlives the task: the next one on the instance gets the same."""
    return {"name": name, "dockerVolumeConfiguration": {"scope": "shared", "autoprovision": True, "driver": "local"}}


def _agent(description: Description) -> Container:
    mounts = [{"sourceVolume": f"{description.name}-agent", "containerPath": "/var/lib/outrider"}]
    return _closed({**agent_container(wish(description)), "cpu": 10, **AGENT, "mountPoints": mounts}, description)


def _router(description: Description) -> Container:
    asked = wish(description)
    alive = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{_MONITOR}/api/v1/uptime', timeout=5)"
    router = {
        "name": ROUTER_NAME,
        "image": asked.new_router_image,
        "cpu": 10,
        "user": "0",
        "dependsOn": [{"containerName": asked.profile.agent_name, "condition": "START"}],
        "entryPoint": ["/fluent-bit/bin/fluent-bit"],
        "command": list(ROUTER_COMMAND),
        "healthCheck": {**AGENT["healthCheck"], "command": ["CMD", "python3", "-c", alive]},
        "mountPoints": [
            {"sourceVolume": "docker-containers", "containerPath": LOGS, "readOnly": True},
            {"sourceVolume": f"{description.name}-router", "containerPath": STATE},
        ],
    }
    return _closed(router, description)


def _closed(container: Container, description: Description) -> Container:
    return {
        **container,
        "essential": True,
        "readonlyRootFilesystem": True,
        "linuxParameters": {**AGENT["linuxParameters"], "tmpfs": [_TMP]},
        **limits(description),
        "logConfiguration": console(description, "outrider"),
    }


def make(description: Description) -> Files:
    """The task definition, what its role may do, and a script that makes a service of it."""
    made = task(description)
    rights: dict[str, Any] = policies(made, description)
    return {
        "task-definition.json": as_json(made),
        "trust-policy.json": as_json(TRUST),
        "execution-policy.json": as_json(rights[EXECUTION]),
        "deploy.sh": _script(description),
    }


def _script(description: Description) -> str:
    d, role, group = description, f"{description.name}-{EXECUTION}", log_group(description)
    return f"""\
#!/bin/sh
# Runs agent and router once on each EC2 instance of the cluster {d.cluster}. Run it again for a new revision.
#
# The router follows {LOGS}, which Docker's driver json-file writes: containers with another log
# driver are not in it. It is root, because that folder is root's, without any capability; both root file systems are
# read-only, and nothing is privileged. Both share the network of the instance: the agent listens on its loopback
# alone, and the router asks the ECS agent there for the names of containers. Their own output goes to CloudWatch
# Logs, so that the router does not read itself; for this with the role below, /etc/ecs/ecs.config of the instances
# must have ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true, else ECS places no task there.
#
# Identity, spool and positions are in the volumes {d.name}-agent and {d.name}-router of Docker, which the next task
# on the instance gets too. Keep the join token where the task definition looks for it, before the first run:
#
#   token=$(outrider server token create --ttl 30d --uses 1000)     # one use for each instance that starts
{_keep_token(token_secret(d), d.region)}
set -eu
cd "$(dirname "$0")"
export AWS_DEFAULT_REGION={d.region}

# What ECS itself may do for the task: write that log group, read that secret, pull the image.
if ! aws iam get-role --role-name {role} >/dev/null 2>&1; then
    aws iam create-role --role-name {role} \\
        --assume-role-policy-document file://trust-policy.json >/dev/null
fi
aws iam put-role-policy --role-name {role} --policy-name {d.name} \\
    --policy-document file://execution-policy.json

aws logs create-log-group --log-group-name {group} 2>/dev/null || true # it may be there
aws logs put-retention-policy --log-group-name {group} --retention-in-days {LOG_DAYS}

revision=$(aws ecs register-task-definition --cli-input-json file://task-definition.json \\
    --query taskDefinition.taskDefinitionArn --output text)
services=$(aws ecs describe-services --cluster {d.cluster} --services {d.name} \\
    --query 'services[?status==`ACTIVE`].serviceName' --output text)
if [ -n "$services" ]; then
    aws ecs update-service --cluster {d.cluster} --service {d.name} --task-definition "$revision" >/dev/null
else
    aws ecs create-service --cluster {d.cluster} --service-name {d.name} --task-definition "$revision" \\
        --scheduling-strategy DAEMON --launch-type EC2 >/dev/null
fi
aws ecs wait services-stable --cluster {d.cluster} --services {d.name}
echo "$revision"
"""


def _keep_token(secret: str, region: str) -> str:
    if ":secretsmanager:" in secret:
        return (
            f'#   aws secretsmanager put-secret-value --region {region} --secret-id {secret} --secret-string "$token"'
        )
    name = f"/{secret.partition(':parameter/')[2] or secret.lstrip('/')}"
    return f'#   aws ssm put-parameter --region {region} --type SecureString --name {name} --value "$token"'


KIND = Kind(
    "ecs-daemon",
    "A daemon service of ECS on EC2: agent and router once on each instance, for the logs of all its containers.",
    "Keep the join token as deploy.sh says, then run it: sh deploy.sh",
    frozenset(
        {
            *("name", "image", "server", "token_secret", "memory", "memory_reservation"),
            *("region", "account", "cluster"),
        }
    ),
    make,
)
