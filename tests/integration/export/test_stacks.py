"""The exported stacks, made in moto's AWS: what comes of their functions and parameters."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

import pytest

from outrider.export.description import Description
from outrider.export.kinds import ecs_daemon
from outrider.export.kinds.cloudformation import KIND
from outrider.export.tasks import fargate_task
from outrider.taskdef.ports import closing, groups_in
from outrider.taskdef.rights import EXECUTION, TASK, Need, compare, read_granted, rights_of, scope_of
from outrider.taskdef.shape import TaskDefinition
from outrider.taskdef.source import Source
from outrider.taskdef.view import Task

REGION = "eu-west-1"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/outrider:1.0"
FILES = KIND.make(Description(name="shop", image=IMAGE))
WANTED = Description(
    name="shop",
    image=IMAGE,
    region=REGION,
    token_secret=f"arn:aws:ssm:{REGION}:123456789012:parameter/my/token",
)
"""What the stacks amount to with the parameters of these tests."""


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes clients of moto's AWS by service."""
    import boto3
    from moto import mock_aws

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with mock_aws():
        yield lambda service: boto3.client(service, region_name=REGION)


def make(clients: Any, name: str, **parameters: str) -> dict[str, str]:
    """A stack with these parameters: resources by their names in the template."""
    clients("ecs").create_cluster(clusterName="prod")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    stacks = clients("cloudformation")
    stacks.create_stack(StackName="s", TemplateBody=FILES[name], Parameters=given, Capabilities=["CAPABILITY_IAM"])
    (stack,) = stacks.describe_stacks(StackName="s")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    resources = stacks.describe_stack_resources(StackName="s")["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}


def difference(clients: Any, role: str, needs: list[Need]) -> tuple[list[str], list[str]]:
    """What the role's policies lack, and what they allow beyond."""
    iam, statements = clients("iam"), []
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        whole = ast.literal_eval(document)  # moto keeps a stack's policies as Python writes them
        statements += read_granted(Source(json.dumps(whole), "policy.json")).statements
    found = compare(needs, statements)
    return [f"{one.action} {one.resource}" for one in found.missing], [one.text for one in found.excess]


def needs(task: TaskDefinition, role: str) -> list[Need]:
    return rights_of(Task(task), scope_of(Task(task))).of(role)


def test_the_service_on_fargate(clients: Any) -> None:
    ec2 = clients("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    lb = ec2.create_security_group(GroupName="lb", Description="lb", VpcId=vpc)["GroupId"]
    made = make(clients, "fargate.yaml", Cluster="prod", Vpc=vpc, Subnets=subnet, Clients=lb, JoinToken="/my/token")
    options = {"Name": "cloudwatch_logs", "region": REGION, "log_group_name": "/ecs/shop-app"}
    log = {"logDriver": "awsfirelens", "options": {**options, "log_stream_prefix": "app/"}}
    task = fargate_task(WANTED, log)
    assert difference(clients, made["TaskRole"], needs(task, TASK)) == ([], [])
    assert difference(clients, made["ExecutionRole"], needs(task, EXECUTION)) == ([], [])
    (found,) = groups_in(json.dumps(ec2.describe_security_groups(GroupIds=[made["SecurityGroup"]])), "groups.json")
    assert not closing(found).open
    assert [(rule.first, [one.name for one in rule.senders]) for rule in found.rules] == [(8080, [lb])]
    groups = clients("logs").describe_log_groups()["logGroups"]
    assert {group["logGroupName"]: group["retentionInDays"] for group in groups} == {
        "/ecs/shop": 30,
        "/ecs/shop-app": 30,
    }
    (service,) = clients("ecs").describe_services(cluster="prod", services=[made["Service"]])["services"]
    assert service["taskDefinition"] == made["TaskDefinition"]


def test_the_daemon_service(clients: Any) -> None:
    made = make(clients, "daemon.yaml", Cluster="prod", JoinToken="/my/token")
    task = ecs_daemon.task(WANTED)
    assert difference(clients, made["ExecutionRole"], needs(task, EXECUTION)) == ([], [])
    assert "TaskRole" not in made
    (service,) = clients("ecs").describe_services(cluster="prod", services=[made["Service"]])["services"]
    assert service["taskDefinition"] == made["TaskDefinition"]
