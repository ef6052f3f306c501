"""The documents have AWS's names and types, and our own readers understand them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.aws import metadata
from outrider.taskdef.run.metadata.document import (
    ContainerNow,
    Health,
    Network,
    TaskNow,
    container_limits,
    endpoint_id,
    task_limits,
)

ARN = "arn:aws:ecs:local:000000000000:task/default/" + "ab" * 16
ID = "cd" * 32
STARTED = 1_600_000_000.5


def container(name: str = "web", **known: Any) -> ContainerNow:
    definition = {"name": name, "image": "web:1", "cpu": 256, "memory": 128, **known.pop("members", {})}
    return ContainerNow(definition, ID, f"ecs-shop-3-{name}-x", **known)


def task(*containers: ContainerNow, **known: Any) -> TaskNow:
    definition = {"family": "shop", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
    definition |= known.pop("members", {})
    return TaskNow(
        definition, ARN, "default", 3, Network("127.9.8.7"), containers or (container(),), STARTED - 2, **known
    )


def test_a_container_that_runs() -> None:
    members = {
        "portMappings": [{"containerPort": 80}],
        "dockerLabels": {"team": "x"},
        "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "s3"}},
    }
    found = task(container(members=members, created_at=STARTED - 1, started_at=STARTED)).container("web")
    assert found.pop("ContainerARN").startswith("arn:aws:ecs:local:000000000000:container/default/" + "ab" * 16 + "/")
    assert found == {
        "DockerId": ID,
        "Name": "web",
        "DockerName": "ecs-shop-3-web-x",
        "Image": "web:1",
        "ImageID": "",
        "Ports": [{"ContainerPort": 80, "Protocol": "tcp", "HostPort": 80}],
        "Labels": {
            "com.amazonaws.ecs.cluster": "arn:aws:ecs:local:000000000000:cluster/default",
            "com.amazonaws.ecs.container-name": "web",
            "com.amazonaws.ecs.task-arn": ARN,
            "com.amazonaws.ecs.task-definition-family": "shop",
            "com.amazonaws.ecs.task-definition-version": "3",
            "team": "x",
        },
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Limits": {"CPU": 256, "Memory": 128},
        "CreatedAt": "2020-09-13T12:26:39.500000Z",
        "StartedAt": "2020-09-13T12:26:40.500000Z",
        "Type": "NORMAL",
        "LogDriver": "awsfirelens",
        "LogOptions": {"Name": "s3"},
        "Networks": [{"NetworkMode": "awsvpc", "IPv4Addresses": ["127.9.8.7"], "AttachmentIndex": 0}],
    }


def test_a_container_that_has_ended_says_how_also_with_0() -> None:
    ended = container(created_at=STARTED, started_at=STARTED, ended_at=STARTED + 1, status=0)
    found = task(ended).container("web")
    assert (found["KnownStatus"], found["DesiredStatus"], found["ExitCode"]) == ("STOPPED", "STOPPED", 0)
    assert found["FinishedAt"] == "2020-09-13T12:26:41.500000Z"


def test_what_has_not_happened_is_left_out() -> None:
    found = task(container()).container("web")
    assert found["KnownStatus"] == "NONE"
    assert not {"CreatedAt", "StartedAt", "FinishedAt", "ExitCode", "Health", "Ports", "LogDriver"} & set(found)


def test_health() -> None:
    found = task(container(started_at=STARTED, health=Health("UNHEALTHY", STARTED, "no"))).container("web")
    assert found["Health"] == {"status": "UNHEALTHY", "statusSince": "2020-09-13T12:26:40.500000Z", "output": "no"}


def test_the_task() -> None:
    now = task(container(created_at=STARTED, started_at=STARTED), container("worker", created_at=STARTED + 1))
    found = now.task()
    assert [one["Name"] for one in found.pop("Containers")] == ["web", "worker"]
    assert found == {
        "Cluster": "arn:aws:ecs:local:000000000000:cluster/default",
        "TaskARN": ARN,
        "Family": "shop",
        "Revision": "3",
        "DesiredStatus": "RUNNING",
        "KnownStatus": "CREATED",
        "Limits": {"CPU": 0.25, "Memory": 512},
        "PullStartedAt": "2020-09-13T12:26:38.500000Z",
        "PullStoppedAt": "2020-09-13T12:26:41.500000Z",
        "AvailabilityZone": "locala",
        "LaunchType": "FARGATE",
    }


@pytest.mark.parametrize(
    ("times", "known"),
    [
        ([{}, {"created_at": 1.0}], "NONE"),
        ([{"started_at": 1.0}, {"created_at": 1.0}], "CREATED"),
        ([{"started_at": 1.0}, {"started_at": 1.0}], "RUNNING"),
        ([{"started_at": 1.0, "ended_at": 2.0}, {"started_at": 1.0}], "RUNNING"),
        ([{"started_at": 1.0, "ended_at": 2.0}], "STOPPED"),
    ],
)
def test_the_task_is_as_far_as_all_its_containers(times: list[dict[str, float]], known: str) -> None:
    assert task(*(container(f"c{n}", **each) for n, each in enumerate(times))).known == known


def test_a_task_that_ends_wants_its_containers_stopped() -> None:
    found = task(container(started_at=STARTED), stopping_at=STARTED + 5).task()
    assert (found["DesiredStatus"], found["ExecutionStoppedAt"]) == ("STOPPED", "2020-09-13T12:26:45.500000Z")
    assert found["Containers"][0]["DesiredStatus"] == "STOPPED"


def test_on_ec2_the_cluster_has_its_name() -> None:
    found = task(members={"requiresCompatibilities": ["EC2"]}).task()
    assert (found["Cluster"], found["LaunchType"]) == ("default", "EC2")


def test_tags() -> None:
    now = task(members={"tags": [{"key": "env", "value": "test"}, {"key": "empty"}]})
    assert metadata.tags_of_task(json.dumps(now.task_with_tags()).encode()) == {"env": "test", "empty": ""}
    assert "TaskTags" not in task().task_with_tags()


def test_our_own_readers_understand_it() -> None:
    now = task(container(started_at=STARTED))
    now = dataclasses.replace(now, network=Network("10.0.0.5", "02:42:00:00:00:05", "10.0.0.0/24", "10.0.0.1", "h"))
    body = json.dumps(now.task()).encode()
    assert metadata.own_task(body).by_name["web"] == {
        "ContainerID": ID,
        "DockerContainerName": "ecs-shop-3-web-x",
        "ECSContainerName": "web",
        "TaskARN": ARN,
        "TaskID": "ab" * 16,
        "TaskDefinitionFamily": "shop",
        "TaskDefinitionVersion": "3",
        "ClusterName": "default",
    }
    assert metadata.variables_of_task(body)["ECS_LAUNCH_TYPE"] == "FARGATE"
    assert metadata.host_of_task(body) == {
        "az": "locala",
        "private_ip": "10.0.0.5",
        "account_id": "000000000000",
        "hostname": "h",
    }


@pytest.mark.parametrize(
    ("cpu", "memory", "limits"),
    [
        ("256", "512", {"CPU": 0.25, "Memory": 512}),
        ("1 vCPU", "2 GB", {"CPU": 1.0, "Memory": 2048}),
        (".5 vcpu", "0.5GB", {"CPU": 0.5, "Memory": 512}),
        (None, None, {}),
        ("many", "much", {}),
    ],
)
def test_limits_of_the_task(cpu: str | None, memory: str | None, limits: dict[str, float]) -> None:
    assert task_limits({"cpu": cpu, "memory": memory}) == limits


def test_limits_of_a_container() -> None:
    assert container_limits({}) == {"CPU": 2}
    assert container_limits({"cpu": 0, "memory": 64}) == {"CPU": 2, "Memory": 64}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_MEMBERS = st.sampled_from(["cpu", "memory", "tags", "dockerLabels", "logConfiguration", "portMappings", "image"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_MEMBERS, _VALUES), st.dictionaries(_MEMBERS, _VALUES))
def test_members_that_nobody_has_checked_do_no_harm(of_task: dict[str, Any], of_container: dict[str, Any]) -> None:
    found = task(container(members=of_container), members=of_task).task_with_tags()
    assert metadata.variables_of_task(json.dumps(found).encode())["ECS_FAMILY"] == "shop"


def test_ids_have_the_form_of_fargate_and_differ() -> None:
    first, second = endpoint_id("ab" * 16, "web"), endpoint_id("ab" * 16, "worker")
    assert first != second
    task_id, _, number = first.partition("-")
    assert (task_id, len(number), number.isdecimal()) == ("ab" * 16, 10, True)
