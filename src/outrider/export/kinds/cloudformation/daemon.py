"""The template of a daemon service on EC2 instances."""

from __future__ import annotations

from typing import Final

from outrider.export.description import Description
from outrider.export.kinds import ecs_daemon
from outrider.export.kinds.cloudformation.blocks import EXECUTION_ROLE, LOG_GROUP, PARAMETERS, TASK_DEFINITION
from outrider.export.kinds.cloudformation.fill import properties, roles, token_parameter
from outrider.export.tasks import LOG_DAYS, log_group

_TEMPLATE: Final = f"""\
AWSTemplateFormatVersion: "2010-09-09"
Description: Outrider's agent and log router once on each EC2 instance of a cluster, for the logs of all its containers.

# The router follows Docker's folder, which the driver json-file writes: containers with another log driver are not in
# it. It is root, because that folder is root's, without any capability; both root file systems are read-only. Both
# share the network of the instance and listen on its loopback alone, so that its security group may stay closed.
# Identity, spool and positions are in volumes of Docker, which the next task on the instance gets too.

{PARAMETERS}
Resources:
  # What agent and router print themselves. It is no file of json-file, so that the router does not read itself. For
  # this with the role below, /etc/ecs/ecs.config of the instances must have
  # ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true, else ECS places no task there.
{LOG_GROUP}
  # What ECS itself may do to start them: read the join token, write the log group, pull the image. The containers
  # call nothing in AWS, and have no role.
{EXECUTION_ROLE}
{TASK_DEFINITION}
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      TaskDefinition: !Ref TaskDefinition
      LaunchType: EC2
      SchedulingStrategy: DAEMON

Outputs:
  Service:
    Value: !GetAtt Service.Name
"""


def template(description: Description) -> str:
    """The text of the template."""
    task, group = ecs_daemon.task(description), log_group(description)
    groups = {group: "LogGroup"}
    return _TEMPLATE % {
        "server": description.server.rstrip("/"),
        "token": token_parameter(description),
        "group": group,
        "days": LOG_DAYS,
        "task": properties(task, description, groups),
        **roles(task, description, groups),
    }
