"""What endpoints say of machines and tasks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.aws import metadata

ID = "79c796ed2a7f864f485c76f83f3165488097279d296a7c05bd5201a1c69b2920"
INSTANCE = {
    "Cluster": "prod",
    "ContainerInstanceArn": "arn:aws:ecs:eu-west-1:111122223333:container-instance/prod/abc",
    "Version": "Amazon ECS Agent - v1.30.0 (02ff320c)",
}
TASK_ARN = "arn:aws:ecs:eu-west-1:111122223333:task/prod/0123456789abcdef"
TASKS = {
    "Tasks": [
        {
            "Arn": TASK_ARN,
            "Family": "web",
            "Version": "7",
            "Containers": [{"DockerId": ID, "DockerName": "ecs-web-7-app-1", "Name": "app", "Ports": None}],
        },
        {"Arn": "arn:x/other", "Containers": []},
    ]
}
OWN = {
    "Cluster": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod",
    "TaskARN": TASK_ARN,
    "Family": "web",
    "Revision": "7",
    "AvailabilityZone": "eu-west-1a",
    "LaunchType": "FARGATE",
    "Containers": [
        {"DockerId": "0123456789abcdef-1", "Name": "log_router", "DockerName": "log_router"},
        {
            "DockerId": "0123456789abcdef-2",
            "Name": "app",
            "DockerName": "app",
            "Networks": [{"IPv4Addresses": ["10.0.2.100"], "PrivateDNSName": "ip-10-0-2-100.internal"}],
        },
    ],
    "TaskTags": {"team": "a"},
}
OF_TASK = {
    "TaskARN": TASK_ARN,
    "TaskID": "0123456789abcdef",
    "TaskDefinitionFamily": "web",
    "TaskDefinitionVersion": "7",
}


def packed(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_a_machine_and_its_containers() -> None:
    common = metadata.instance(packed(INSTANCE))
    assert common == {
        "ClusterName": "prod",
        "ContainerInstanceArn": INSTANCE["ContainerInstanceArn"],
        "ContainerInstanceID": "abc",
        "ECSAgentVersion": INSTANCE["Version"],
    }
    known = metadata.tasks(packed(TASKS), common)
    assert known.common == common
    assert known.by_name == {}
    of_container = {"ContainerID": ID, "DockerContainerName": "ecs-web-7-app-1", "ECSContainerName": "app"}
    assert known.by_id == {ID[:12]: {**of_container, **OF_TASK, **common}}


def test_the_own_task() -> None:
    known = metadata.own_task(packed(OWN))
    assert known.common == {**OF_TASK, "ClusterName": "prod"}
    assert known.by_name["app"]["ContainerID"] == "0123456789abcdef-2"
    assert set(known.by_name) == {"app", "log_router"}
    assert metadata.host_of_task(packed(OWN)) == {
        "az": "eu-west-1a",
        "private_ip": "10.0.2.100",
        "account_id": "111122223333",
        "hostname": "ip-10-0-2-100.internal",
    }
    assert metadata.tags_of_task(packed(OWN)) == {"team": "a"}


def test_the_variables_of_a_task() -> None:
    found = metadata.variables_of_task(packed(OWN))
    assert found == {
        "AWS_REGION": "eu-west-1",
        "AWS_AVAILABILITY_ZONE": "eu-west-1a",
        "ECS_CLUSTER": "prod",
        "ECS_TASK_ARN": TASK_ARN,
        "ECS_TASK_ID": "0123456789abcdef",
        "ECS_FAMILY": "web",
        "ECS_LAUNCH_TYPE": "FARGATE",
        "ECS_REVISION": "7",
        "ECS_TASK_DEFINITION": "web:7",
    }
    assert tuple(found) == metadata.TASK_VARIABLES


def test_variables_that_are_not_known_or_cannot_be_are_left_out() -> None:
    found = metadata.variables_of_task(packed({**OWN, "LaunchType": "", "Cluster": "c\0d"}))
    assert {"ECS_LAUNCH_TYPE", "ECS_CLUSTER"} & {*found} == set()
    with pytest.raises(ValueError, match="'x' is not the ARN of a task"):
        metadata.variables_of_task(packed({**OWN, "TaskARN": "x"}))


def test_the_account() -> None:
    assert metadata.account(b'{"accountId": "111122223333", "region": "x"}') == "111122223333"


@pytest.mark.parametrize(
    ("tag", "prefix", "expected"),
    [
        (f"ecs.var.log.{ID}.log", "ecs.var.log.", (ID[:12], "")),
        (ID, "", (ID[:12], "")),
        ("short", "", ("", "")),
        ("ecs.short", "ecs.", ("", "")),
        ("other.0123456789abc", "ecs.", ("", "")),
        ("app-firelens-0123456789abcdef", "", ("app-firelens", "app")),
        ("my-firelens-app-firelens-0123", "ecs.", ("", "my-firelens-app")),
    ],
)
def test_containers_in_tags(tag: str, prefix: str, expected: tuple[str, str]) -> None:
    assert metadata.container_in(tag, prefix) == expected


KEYS = ["Cluster", "TaskARN", "Tasks", "Containers", "DockerId", "Networks", "TaskTags", "Version", "accountId"]
JSON: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner)),
)
READERS: list[Any] = [
    metadata.instance,
    lambda body: metadata.tasks(body, {}),
    metadata.own_task,
    metadata.host_of_task,
    metadata.variables_of_task,
    metadata.tags_of_task,
    metadata.account,
]


@given(st.one_of(st.binary(), JSON.map(packed), st.integers(1, 100_000).map(lambda n: b"[" * n)))
def test_any_answer_is_read_or_refused(body: bytes) -> None:
    for read in READERS:
        try:
            read(body)
        except ValueError:
            continue
