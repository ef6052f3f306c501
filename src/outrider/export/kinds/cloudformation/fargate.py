"""The template of a service on Fargate."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from outrider.export.description import Description
from outrider.export.kinds.cloudformation.blocks import EXECUTION_ROLE, LOG_GROUP, PARAMETERS, ROLE, TASK_DEFINITION
from outrider.export.kinds.cloudformation.fill import properties, roles, token_parameter
from outrider.export.tasks import APPLICATION_PORT, LOG_DAYS, fargate_task, log_group

_TEMPLATE: Final = f"""\
AWSTemplateFormatVersion: "2010-09-09"
Description: >-
  A service on Fargate whose logs go to Outrider's server through the log router and the agent in its task, and to
  CloudWatch Logs besides.

# Put your own application in the place of the container "app". Agent and router are what 'outrider task protect'
# makes; 'outrider task lint' and 'outrider task iam' read this file.

{PARAMETERS}  Vpc:
    Type: AWS::EC2::VPC::Id
  Subnets:
    Type: List<AWS::EC2::Subnet::Id>
    Description: Private subnets with a way out, for the image, the secret and the server.
  Clients:
    Type: AWS::EC2::SecurityGroup::Id
    Description: Security group of those who use the application, such as a load balancer's.
  Tasks:
    Type: Number
    Default: 1
    MinValue: 0

Resources:
  # What agent and router print themselves: here one sees why a sidecar has ended.
{LOG_GROUP}
  # What the application prints. It stays when the stack goes.
  ApplicationLogGroup:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      LogGroupName: %(group)s-app
      RetentionInDays: %(days)s

  # What the containers may do: the router writes the application's log group.
  TaskRole:
{ROLE}        - PolicyName: task
          PolicyDocument:
%(TaskRole)s

  # What ECS itself may do to start them: read the join token, write the sidecars' log group, pull the image.
{EXECUTION_ROLE}
  # Nobody but the clients gets in, and they reach the application alone: who reaches 1514 (the agent) or 24224 (the
  # router) can forge logs. Out go HTTPS and the way to the server.
  SecurityGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: The application for its clients, and nothing else
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - Description: The application
          IpProtocol: tcp
          FromPort: %(application)s
          ToPort: %(application)s
          SourceSecurityGroupId: !Ref Clients
      SecurityGroupEgress:
        - Description: Images, secrets, CloudWatch Logs
          IpProtocol: tcp
          FromPort: 443
          ToPort: 443
          CidrIp: 0.0.0.0/0
%(egress)s
{TASK_DEFINITION}
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      TaskDefinition: !Ref TaskDefinition
      LaunchType: FARGATE
      DesiredCount: !Ref Tasks
      DeploymentConfiguration:
        # A revision whose tasks do not stay up goes back by itself.
        DeploymentCircuitBreaker:
          Enable: true
          Rollback: true
      NetworkConfiguration:
        AwsvpcConfiguration:
          AssignPublicIp: DISABLED
          Subnets: !Ref Subnets
          SecurityGroups: [!GetAtt SecurityGroup.GroupId]

Outputs:
  Service:
    Value: !GetAtt Service.Name
  SecurityGroup:
    Description: Let the application out to what it needs besides.
    Value: !GetAtt SecurityGroup.GroupId
"""

_EGRESS: Final = """\
        - Description: Outrider's server
          IpProtocol: tcp
          FromPort: %(port)s
          ToPort: %(port)s
          CidrIp: 0.0.0.0/0
"""


def template(description: Description) -> str:
    """The text of the template."""
    group, application = log_group(description), f"{log_group(description)}-app"
    log = {
        "logDriver": "awsfirelens",
        "options": {
            "Name": "cloudwatch_logs",
            "region": description.region,
            "log_group_name": application,
            "log_stream_prefix": "app/",
            "log_key": "log",
        },
    }
    task = fargate_task(description, log)
    groups = {group: "LogGroup", application: "ApplicationLogGroup"}
    port = urlsplit(description.server).port or 443
    return _TEMPLATE % {
        "server": description.server.rstrip("/"),
        "token": token_parameter(description),
        "group": group,
        "days": LOG_DAYS,
        "application": APPLICATION_PORT,
        "egress": _EGRESS % {"port": port} if port != 443 else "",
        "task": properties(task, description, groups),
        **roles(task, description, groups),
    }
