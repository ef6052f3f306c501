from typing import Any

from outrider.taskdef.run.imitation import not_for_a_process, not_imitated
from outrider.taskdef.run.plan import Planned, Role


def notes(container: dict[str, Any], *, keys: bool = False, **task: Any) -> list[str]:
    definition = {
        "family": "f",
        "networkMode": "awsvpc",
        "containerDefinitions": [{"name": "web", **container}],
        **task,
    }
    return [f"{name}: {text}" for name, text in not_imitated(definition, shared=True, keys=keys)]


def test_what_is_imitated_needs_no_word() -> None:
    imitated = {"cpu": 1, "ulimits": [{"name": "nofile"}], "linuxParameters": {"initProcessEnabled": True}}
    assert notes(imitated, cpu="256", executionRoleArn="arn:x", requiresCompatibilities=["FARGATE"]) == []


def test_what_is_not_is_told_and_nothing_is_told_of_what_is_empty() -> None:
    found = notes(
        {"restartPolicy": {"enabled": True}, "credentialSpecs": [], "disableNetworking": False, "someday": "x"},
        proxyConfiguration={"containerName": "envoy"},
        volumes=[{"name": "shared", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
    )
    assert found == [
        ": proxyConfiguration is not imitated here",
        ": the volume 'shared' (efsVolumeConfiguration) is an empty volume of Docker's here",
        "web: restartPolicy is not imitated here",
        "web: someday is not imitated here",
    ]


def test_networks_roles_and_platforms() -> None:
    assert "imitated as awsvpc" in notes({}, networkMode="bridge")[0]
    assert "leads nowhere" in notes({}, networkMode="none")[0]
    assert "taskRoleArn" in notes({}, taskRoleArn="arn:x")[0]
    assert notes({}, taskRoleArn="arn:x", keys=True) == []
    strange = notes({}, runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE", "cpuArchitecture": "VAX"})
    assert ["imitated by" in line for line in strange] == [True, True]


def test_awslogs_without_cloudwatch() -> None:
    log = {"logConfiguration": {"logDriver": "awslogs"}}
    assert "--local-aws" in notes(log)[0]
    assert notes(log, keys=True) == []


def test_what_means_nothing_to_a_process() -> None:
    members = {"user": "1", "volumesFrom": [{"sourceContainer": "a"}], "links": []}
    assert not_for_a_process(Planned({"name": "a", **members}, Role.APPLICATION, (), {})) == ["volumesFrom", "user"]
    assert not_for_a_process(Planned({"name": "a", **members}, Role.ROUTER, (), {})) == ["user"]
