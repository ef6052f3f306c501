"""Which rights a task definition needs, of which role, and why."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import Place, UserError
from outrider.pipeline.config.configuration import Configuration, PluginSection
from outrider.pipeline.options import Property
from outrider.taskdef.rights import EXECUTION, TASK, Reason, Rights, compare, policy, read_granted, rights_of, scope_of
from outrider.taskdef.source import Source, task_source
from outrider.taskdef.view import Task

ACCOUNT = "123456789012"
ROLES = {"taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/app", "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/start"}
LOGS = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group"


def rights(*containers: dict[str, Any], router: dict[str, Any] | None = None, **options: Any) -> Rights:
    """Those of a task with a router and these containers; ``task`` has more members of the task definition."""
    members = options.pop("task", ROLES)
    scope = {key: options.pop(key) for key in ("account", "region", "partition") if key in options}
    made = {"name": "router", "image": "r", "firelensConfiguration": {"type": "fluentbit"}, **(router or {})}
    named = [{"name": f"app{number}", "image": "i", **container} for number, container in enumerate(containers)]
    value = {"family": "f", **members, "containerDefinitions": [made, *named]}
    task = Task(task_source(json.dumps(value), "task.json").task)
    return rights_of(task, scope_of(task, **scope), **options)


def sends(plugin: str, **options: str) -> dict[str, Any]:
    return {"logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": plugin, **options}}}


def allowed(found: Rights, role: str = TASK) -> set[tuple[str, str]]:
    return {(action, need.resource) for need in found.of(role) for action in need.actions}


def notes(found: Rights) -> str:
    return "\n".join(note.text for note in found.notes)


def test_cloudwatch_logs() -> None:
    found = rights(
        sends(
            "cloudwatch_logs",
            region="eu-west-1",
            log_group_name="g",
            log_stream_prefix="app/",
            auto_create_group="true",
            log_retention_days="7",
        )
    )
    assert allowed(found) == {
        ("logs:CreateLogGroup", f"{LOGS}:g:*"),
        ("logs:PutRetentionPolicy", f"{LOGS}:g:*"),
        ("logs:CreateLogStream", f"{LOGS}:g:log-stream:app/*"),
        ("logs:PutLogEvents", f"{LOGS}:g:log-stream:app/*"),
    }
    assert not found.of(EXECUTION)
    (put,) = [need for need in found.needs if need.purpose == "WriteLogStreams"]
    assert put.reason.text == "container 'app0', output cloudwatch_logs, option log_stream_prefix"
    assert put.reason.where == ("containerDefinitions", 1, "logConfiguration", "options", "log_stream_prefix")


def test_cloudwatch_logs_with_a_template_allows_what_it_may_become() -> None:
    found = rights(
        sends(
            "cloudwatch_logs",
            region="eu-west-1",
            log_group_name="fallback",
            log_stream_name="s",
            log_group_template="app-$TAG[1]-$kubernetes['pod']",
        )
    )
    puts = {resource for action, resource in allowed(found) if action == "logs:PutLogEvents"}
    assert puts == {f"{LOGS}:fallback:log-stream:s", f"{LOGS}:app-*-*:log-stream:s"}


def test_the_go_plugin_looks_streams_up_and_falls_back() -> None:
    options = {"region": "eu-west-1", "log_group_name": "/x/$(ecs_cluster)/y", "log_stream_name": "$(pod)"}
    found = allowed(rights(sends("cloudwatch", **options)))
    assert found == {
        ("logs:DescribeLogStreams", f"{LOGS}:/x/*/y:*"),
        ("logs:CreateLogStream", f"{LOGS}:/x/*/y:log-stream:*"),
        ("logs:PutLogEvents", f"{LOGS}:/x/*/y:log-stream:*"),
    }
    found = allowed(
        rights(sends("cloudwatch", **{**options, "log_group_name": "$(team)", "auto_create_stream": "false"}))
    )
    assert ("logs:PutLogEvents", f"{LOGS}:fluentbit-default:log-stream:*") in found
    assert not any(action == "logs:CreateLogStream" for action, _ in found)


@pytest.mark.parametrize(
    ("plugin", "options", "expected"),
    [
        (
            "s3",
            {"bucket": "b", "s3_key_format": "/logs/$TAG/%Y/x.gz"},
            {("s3:PutObject", "arn:aws:s3:::b/logs/*")},
        ),
        ("s3", {"bucket": "b"}, {("s3:PutObject", "arn:aws:s3:::b/fluent-bit-logs/*")}),
        (
            "s3",
            {"bucket": "b", "s3_key_format": "/one", "canned_acl": "private"},
            {("s3:PutObject", "arn:aws:s3:::b/one*"), ("s3:PutObjectAcl", "arn:aws:s3:::b/one*")},
        ),
        (
            "firehose",
            {"region": "eu-west-1", "delivery_stream": "d"},
            {("firehose:PutRecordBatch", f"arn:aws:firehose:eu-west-1:{ACCOUNT}:deliverystream/d")},
        ),
        (
            "kinesis_streams",
            {"region": "cn-north-1", "stream": "s"},
            {("kinesis:PutRecords", f"arn:aws-cn:kinesis:cn-north-1:{ACCOUNT}:stream/s")},
        ),
        (
            "opensearch",
            {"Host": "vpc-my-domain-abc123.eu-west-1.es.amazonaws.com", "AWS_Auth": "On"},
            {("es:ESHttpPost", f"arn:aws:es:eu-west-1:{ACCOUNT}:domain/my-domain/*")},
        ),
        ("opensearch", {"Host": "search.example.com"}, set()),
        (
            "es",
            {"Host": "abc.eu-west-1.aoss.amazonaws.com", "aws_auth": "on", "aws_service_name": "aoss"},
            {("aoss:APIAccessAll", f"arn:aws:aoss:eu-west-1:{ACCOUNT}:collection/abc")},
        ),
        (
            "prometheus_remote_write",
            {"aws_auth": "true", "aws_region": "eu-west-1", "uri": "/workspaces/ws-1-a/api/v1/remote_write"},
            {("aps:RemoteWrite", f"arn:aws:aps:eu-west-1:{ACCOUNT}:workspace/ws-1-a")},
        ),
        (
            "kafka",
            {"aws_msk_iam": "true", "aws_msk_iam_cluster_arn": "arn:aws:kafka:r:1:cluster/c/u", "topics": "a, b"},
            {
                ("kafka-cluster:Connect", "arn:aws:kafka:r:1:cluster/c/u"),
                ("kafka-cluster:DescribeTopic", "arn:aws:kafka:r:1:topic/c/u/a"),
                ("kafka-cluster:WriteData", "arn:aws:kafka:r:1:topic/c/u/a"),
                ("kafka-cluster:DescribeTopic", "arn:aws:kafka:r:1:topic/c/u/b"),
                ("kafka-cluster:WriteData", "arn:aws:kafka:r:1:topic/c/u/b"),
            },
        ),
        ("datadog", {"Host": "h"}, set()),
        ("nobody-knows", {"role_arn": "x"}, set()),
    ],
)
def test_destinations(plugin: str, options: dict[str, str], expected: set[tuple[str, str]]) -> None:
    assert allowed(rights(sends(plugin, **options))) == expected


def test_a_service_that_is_not_known_is_told() -> None:
    assert "signed for lambda" in notes(rights(sends("http", Host="h", aws_auth="on", aws_service="lambda")))


def test_an_assumed_role_gets_the_rights_in_its_own_account() -> None:
    role = "arn:aws:iam::999999999999:role/far"
    found = rights(
        sends("firehose", region="eu-west-1", delivery_stream="d", role_arn=role, external_id="e"),
        sends("firehose", region="eu-west-1", delivery_stream="near"),
    )
    assert allowed(found, role) == {
        ("firehose:PutRecordBatch", "arn:aws:firehose:eu-west-1:999999999999:deliverystream/d")
    }
    assert found.roles == [TASK, role]
    statement = policy(found.of(TASK))["Statement"][0]
    assert statement == {
        "Sid": "AssumeRoles",
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": role,
        "Condition": {"StringEquals": {"sts:ExternalId": "e"}},
    }
    assert f"the trust policy of {role}" in notes(found)


def test_variables_come_from_the_routers_environment_and_others_stay_open() -> None:
    router = {"environment": [{"name": "STREAM", "value": "known"}]}
    found = rights(
        sends("firehose", region="${AWS_REGION}", delivery_stream="${STREAM}-${OTHER}-${X:-x}"),
        router=router,
        region="eu-west-1",
    )
    assert allowed(found) == {
        ("firehose:PutRecordBatch", f"arn:aws:firehose:eu-west-1:{ACCOUNT}:deliverystream/known-*-x")
    }
    assert "not in the task definition" in notes(found)


def test_a_secret_option_stays_open() -> None:
    container = sends("s3", region="eu-west-1")
    secret = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:b-AbCdEf"
    container["logConfiguration"]["secretOptions"] = [{"name": "bucket", "valueFrom": secret}]
    found = rights(container)
    assert allowed(found) == {("s3:PutObject", "arn:aws:s3:::*/fluent-bit-logs/*")}
    assert allowed(found, EXECUTION) == {("secretsmanager:GetSecretValue", secret)}


def test_the_routers_command_names_outputs() -> None:
    command = [
        "-i",
        "Mem_Buf_Limit",
        "50M",
        "--",
        "-o",
        "s3",
        "-m",
        "*",
        "-p",
        "Bucket=b",
        "-F",
        "grep",
        "-p",
        "bucket=no",
    ]
    found = rights(router={"command": command})
    assert allowed(found) == {("s3:PutObject", "arn:aws:s3:::b/fluent-bit-logs/*")}
    assert found.needs[0].reason.where == ("containerDefinitions", 0, "command", 9)


def test_the_launcher_sets_options_of_generated_outputs() -> None:
    command = ["-o", "Region", "eu-west-2", "-s", "Flush", "1", "--", "-o", "firehose", "-p", "region=eu-west-1"]
    found = rights(sends("firehose", region="eu-west-1", delivery_stream="d"), router={"command": command})
    assert {resource.split(":")[3] for _, resource in allowed(found)} == {"eu-west-1", "eu-west-2"}
    assert found.needs[0].resource.endswith(":deliverystream/d")
    assert found.needs[0].resource.split(":")[3] == "eu-west-2"


def test_a_configuration_that_the_router_includes() -> None:
    place = Place("extra.conf", 3, 5)
    properties = [Property("name", "firehose", place), Property("region", "eu-west-1", place)]
    properties.append(Property("delivery_stream", "${S}", place))
    section = PluginSection("output", properties, place)
    router = {"firelensConfiguration": {"type": "fluentbit", "options": S3_CONFIGURATION}}
    configuration = Configuration([section], variables={"S": "set"})
    found = rights(router=router, included=[("extra.conf", configuration)])
    assert allowed(found) == {("firehose:PutRecordBatch", f"arn:aws:firehose:eu-west-1:{ACCOUNT}:deliverystream/set")}
    assert found.needs[0].reason == Reason("extra.conf, output firehose, option delivery_stream", place)
    assert allowed(found, EXECUTION) == {("s3:GetObject", "arn:aws:s3:::b/extra.conf")}
    assert "with --config" not in notes(found)
    assert "with --config" in notes(rights(router=router))


@pytest.mark.parametrize(
    "command", [["/fluent-bit/bin/fluent-bit", "-c", "/fluent-bit/etc/fluent-bit.conf"], ["sh", "-c", "exec router"]]
)
def test_what_ecs_generates_and_what_a_shell_runs_is_no_included_file(command: list[str]) -> None:
    assert "with --config" not in notes(rights(router={"command": command}))


S3_CONFIGURATION = {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::b/extra.conf"}


def test_files_of_the_init_image_are_the_task_roles() -> None:
    value = "arn:aws:s3:::b/c.conf"
    found = rights(router={"environment": [{"name": "aws_fluent_bit_init_s3_1", "value": value}]})
    assert allowed(found) == {("s3:GetObject", value), ("s3:GetBucketLocation", "arn:aws:s3:::b")}


@pytest.mark.parametrize(
    "router",
    [{"image": "registry.example.com/outrider:1"}, {"entryPoint": ["/var/alertlogic/lib/fluent-bit/fluent-launch"]}],
)
def test_outriders_router_does_not_ask_where_a_bucket_is(router: dict[str, Any]) -> None:
    value = "arn:aws:s3:::b/c.conf"
    environment = [{"name": "aws_fluent_bit_init_s3_1", "value": value}]
    assert allowed(rights(router=router | {"environment": environment})) == {("s3:GetObject", value)}


def test_what_ecs_fetches_and_writes_is_the_execution_roles() -> None:
    found = rights(
        {
            "image": f"{ACCOUNT}.dkr.ecr.us-gov-west-1.amazonaws.com/team/app@sha256:0",
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "g",
                    "awslogs-region": "eu-west-1",
                    "awslogs-stream-prefix": "p",
                    "awslogs-create-group": "true",
                },
            },
            "secrets": [
                {"name": "A", "valueFrom": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:a-AbCdEf:key::"},
                {"name": "B", "valueFrom": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:b"},
                {"name": "C", "valueFrom": "/path/c"},
            ],
            "repositoryCredentials": {"credentialsParameter": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:r"},
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::b/x.env"}],
        },
        kms_keys=("key",),
    )
    repository = f"arn:aws-us-gov:ecr:us-gov-west-1:{ACCOUNT}:repository/team/app"
    secret = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret"
    assert allowed(found, EXECUTION) == {
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchCheckLayerAvailability", repository),
        ("ecr:GetDownloadUrlForLayer", repository),
        ("ecr:BatchGetImage", repository),
        ("logs:CreateLogGroup", f"{LOGS}:g:*"),
        ("logs:CreateLogStream", f"{LOGS}:g:log-stream:p/app0/*"),
        ("logs:PutLogEvents", f"{LOGS}:g:log-stream:p/app0/*"),
        ("secretsmanager:GetSecretValue", f"{secret}:a-AbCdEf"),
        ("secretsmanager:GetSecretValue", f"{secret}:b-??????"),
        ("secretsmanager:GetSecretValue", f"{secret}:r-??????"),
        ("ssm:GetParameters", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/path/c"),
        ("kms:Decrypt", "key"),
        ("s3:GetObject", "arn:aws:s3:::b/x.env"),
        ("s3:GetBucketLocation", "arn:aws:s3:::b"),
    }
    assert not found.of(TASK)


def test_public_images_need_nothing() -> None:
    assert not rights({"image": "public.ecr.aws/nginx/nginx:latest"}).needs


def test_file_systems_and_ecs_exec() -> None:
    access = {"iam": "ENABLED", "accessPointId": "fsap-1"}
    volume = {"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "authorizationConfig": access}}
    plain = {"name": "w", "efsVolumeConfiguration": {"fileSystemId": "fs-2"}}
    mounts = [{"sourceVolume": "v", "containerPath": "/v", "readOnly": True}]
    who = Reason("enableExecuteCommand", Place("task.json", 1, 1))
    members = {**ROLES, "volumes": [volume, plain]}
    found = rights({"mountPoints": mounts}, task=members, region="eu-west-1", execute_command=who)
    system = f"arn:aws:elasticfilesystem:eu-west-1:{ACCOUNT}:file-system/fs-1"
    assert ("elasticfilesystem:ClientMount", system) in allowed(found)
    assert {action for action, resource in allowed(found) if resource == "*"} == {
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    }
    assert not any(action.endswith("ClientWrite") for action, _ in allowed(found))
    mounts[0]["readOnly"] = False
    found = rights({"mountPoints": mounts}, task=members, region="eu-west-1")
    assert ("elasticfilesystem:ClientWrite", system) in allowed(found)
    point = f"arn:aws:elasticfilesystem:eu-west-1:{ACCOUNT}:access-point/fsap-1"
    assert found.needs[0].condition == (("StringEquals", "elasticfilesystem:AccessPointArn", point),)


def test_what_is_not_known_has_a_name_and_a_note() -> None:
    found = rights({"secrets": [{"name": "C", "valueFrom": "c"}]}, task={})
    assert allowed(found, EXECUTION) == {("ssm:GetParameters", "arn:aws:ssm:${TaskRegion}:${AccountId}:parameter/c")}
    assert "give --account" in notes(found)
    assert "give --region" in notes(found)
    assert "executionRoleArn is not set" in notes(found)
    given_ = rights({"secrets": [{"name": "C", "valueFrom": "c"}]}, task={}, account="1", region="eu-west-1")
    assert allowed(given_, EXECUTION) == {("ssm:GetParameters", "arn:aws:ssm:eu-west-1:1:parameter/c")}


def test_fluentd_is_told() -> None:
    log = {"logDriver": "awsfirelens", "options": {"@type": "s3"}}
    found = rights({"logConfiguration": log}, router={"firelensConfiguration": {"type": "fluentd"}})
    assert not found.needs
    assert "Fluentd's s3" in notes(found)


words = st.sampled_from(["*", "a-*", "${X}", "$(tag)", "x", "arn:aws:iam::1:role/r", "true", ""]) | st.text(max_size=8)
plugins = st.sampled_from(["cloudwatch", "cloudwatch_logs", "s3", "kafka", "es", "firehose", "kinesis", "http"])
keys = st.sampled_from(
    (
        *("region", "log_group_name", "log_stream_name", "log_stream_prefix", "log_group_template"),
        *("auto_create_group", "bucket", "s3_key_format", "role_arn", "aws_role_arn", "external_id", "aws_auth"),
        *("aws_msk_iam", "topics", "Host", "delivery_stream", "stream", "log_retention_days", "new_log_group_tags"),
        "aws_msk_iam_cluster_arn",
    )
)


@given(st.lists(st.tuples(plugins, st.dictionaries(keys, words)), max_size=3))
def test_a_printed_policy_lacks_nothing_and_has_nothing_beyond(outputs: list[tuple[str, dict[str, str]]]) -> None:
    found = rights(*(sends(plugin, **options) for plugin, options in outputs))
    for role in found.roles:
        printed = read_granted(Source(json.dumps(policy(found.of(role))), "policy.json"))
        difference = compare(found.of(role), printed.statements)
        assert difference.missing == []
        assert difference.doubts == []
        labels = [statement.label for statement in printed.statements]
        assert len(labels) == len(set(labels))


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | words, lambda v: st.lists(v, max_size=3) | st.dictionaries(words, v)
)
members = st.sampled_from(
    (
        *("image", "secrets", "environment", "environmentFiles", "repositoryCredentials", "logConfiguration"),
        *("mountPoints", "command", "entryPoint", "firelensConfiguration"),
    )
)


@given(st.dictionaries(members, junk), junk)
def test_odd_values_are_refused_or_passed_over(container: dict[str, Any], volumes: Any) -> None:
    with contextlib.suppress(UserError):
        rights(container, task={**ROLES, "volumes": volumes})
