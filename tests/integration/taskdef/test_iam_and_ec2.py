"""Policies and commands as moto's IAM and EC2 take them, and AWS's own examples."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from outrider.model.errors import UserError
from outrider.taskdef.ports import closing, read_groups
from outrider.taskdef.ports.close import permissions
from outrider.taskdef.rights import EXECUTION, TASK, compare, policy, read_granted, rights_of, scope_of
from outrider.taskdef.source import Source, read_source, task_source
from outrider.taskdef.templates import read_tasks
from outrider.taskdef.view import Task

EXAMPLES = Path(__file__).resolve().parents[4] / "shared" / "firelens-examples" / "fluent-bit"
DEFINITIONS = sorted(EXAMPLES.glob("**/task*.json")) + sorted(EXAMPLES.glob("**/*task-def.json"))
REGION = "eu-west-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A session whose calls stay in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.Session(region_name=REGION)


def every_kind() -> Task:
    """A task that needs every kind of right."""
    role = "arn:aws:iam::210987654321:role/far"
    outputs: list[dict[str, str]] = [
        {"Name": "cloudwatch_logs", "region": REGION, "log_group_name": "/a/b", "log_stream_prefix": "p"},
        {"Name": "cloudwatch", "region": REGION, "log_group_name": "$(x)", "auto_create_group": "true"},
        {"Name": "s3", "bucket": "b", "canned_acl": "private", "region": REGION},
        {"Name": "firehose", "region": REGION, "delivery_stream": "d", "role_arn": role, "external_id": "e"},
        {"Name": "kinesis", "region": REGION, "stream": "k"},
        {"Name": "es", "Host": "search-x-1.eu-west-1.es.amazonaws.com", "aws_auth": "on", "aws_region": REGION},
    ]
    secret = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:x"
    containers: list[dict[str, Any]] = [
        {
            "name": f"app{number}",
            "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b:1",
            "logConfiguration": {"logDriver": "awsfirelens", "options": options},
            "secrets": [{"name": "A", "valueFrom": secret}, {"name": "B", "valueFrom": "/b"}],
        }
        for number, options in enumerate(outputs)
    ]
    access = {"iam": "ENABLED", "accessPointId": "fsap-1"}
    volume = {"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "authorizationConfig": access}}
    value = {"containerDefinitions": containers, "volumes": [volume]}
    return Task(task_source(json.dumps(value), "task.json").task)


def test_iam_takes_the_policies_and_gives_them_back(aws: Any) -> None:
    task = every_kind()
    rights = rights_of(task, scope_of(task, account="123456789012"))
    iam = aws.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}", Path="/")
    assert len(rights.roles) == 3
    for number, role in enumerate(rights.roles):
        document = json.dumps(policy(rights.of(role)))
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=document)  # which reads it as IAM does
        iam.put_role_policy(RoleName="r", PolicyName=f"p{number}", PolicyDocument=document)
        answer = iam.get_role_policy(RoleName="r", PolicyName=f"p{number}")
        answer.pop("ResponseMetadata")
        granted = read_granted(Source(json.dumps(answer), "answer.json"))
        assert granted.role == "r"
        assert compare(rights.of(role), granted.statements).missing == []


def test_the_commands_close_a_group(aws: Any) -> None:
    client, ec2 = aws.client("ec2"), aws.resource("ec2")
    group = ec2.create_security_group(GroupName="g", Description="d")
    world = {"IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "web"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    group.authorize_ingress(
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **world},
            {"IpProtocol": "tcp", "FromPort": 1024, "ToPort": 30000, **world},
            {"IpProtocol": "tcp", "FromPort": 1515, "ToPort": 24223, "IpRanges": world["IpRanges"]},
            {"IpProtocol": "udp", "FromPort": 1514, "ToPort": 1514, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group.id}]},
        ]
    )

    def described() -> Any:
        answer = client.describe_security_groups(GroupIds=[group.id])
        (found,) = read_groups(Source(json.dumps(answer), "groups.json"))
        return found

    done = closing(described())
    assert len(done.open) == 3
    client.authorize_security_group_ingress(GroupId=group.id, IpPermissions=permissions(done.added, described=True))
    client.revoke_security_group_ingress(GroupId=group.id, IpPermissions=permissions(done.open, described=False))
    after = described()
    assert closing(after).open == ()
    left = {(rule.protocol, rule.first, rule.last) for rule in after.rules}
    assert {("tcp", 443, 443), ("tcp", 1024, 1513), ("tcp", 24225, 30000), ("udp", 1515, 65535)} <= left


@pytest.mark.golden
def test_rights_of_the_examples() -> None:
    """Every task definition of AWS's examples that is JSON; its permissions.json is enough where it has one."""
    looked_at = 0
    for file in DEFINITIONS:
        with contextlib.suppress(UserError):  # one of them lacks a comma
            (source,) = read_tasks(str(file))
            looked_at += 1
            task = Task(source.task)
            rights = rights_of(task, scope_of(task))
            assert all(source.place(need.reason.where).line for need in [*rights.of(TASK), *rights.of(EXECUTION)])
            permissions_file = file.parent / "permissions.json"
            if permissions_file.exists():
                granted = read_granted(read_source(str(permissions_file), "a policy"))
                assert compare(rights.of(TASK), granted.statements).missing == [], file
    assert looked_at > 25
