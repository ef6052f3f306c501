"""Driver options, environment, mounts, owner and start order."""

import pytest

from outrider.model.errors import LocalError, UserError
from outrider.taskdef.firelens import (
    binds,
    container_environment,
    dependencies,
    driver_options,
    router_environment,
    router_secrets,
    socket_owner,
)

ARN = "arn:aws:ecs:eu-west-1:1:task/c/abc"
APP = {"name": "app", "logConfiguration": {"logDriver": "awsfirelens"}}
ROUTER = {"name": "r", "firelensConfiguration": {"type": "fluentbit"}}


def test_driver_options_replace_those_of_the_container():
    assert driver_options("app", ARN, {"Name": "stdout", "log-driver-buffer-limit": "2097152"}) == {
        "tag": "app-firelens-abc",
        "fluentd-address": "unix:///var/lib/ecs/data/firelens/abc/socket/fluent.sock",
        "fluentd-sub-second-precision": "true",
        "fluentd-async": "true",
        "fluentd-buffer-limit": "2097152",
    }
    assert driver_options("app", ARN, {}, asynchronous=False)["fluentd-async"] == "false"
    assert "fluentd-buffer-limit" not in driver_options("app", ARN, {})


@pytest.mark.parametrize(
    ("version", "key"),
    [
        ("19.03.13-ce", "fluentd-async-connect"),
        ("1.13.1", "fluentd-async-connect"),
        ("20.9.9", "fluentd-async-connect"),
        ("20.10.0", "fluentd-async"),
        ("20.10.24+dfsg1", "fluentd-async"),
        ("25.0.3", "fluentd-async"),
        ("", "fluentd-async"),
        ("dev", "fluentd-async"),
    ],
)
def test_the_name_of_the_asynchronous_switch(version, key):
    assert key in driver_options("app", ARN, {}, docker_version=version)


def test_environment():
    assert container_environment("awsvpc") == {"FLUENT_HOST": "127.0.0.1", "FLUENT_PORT": "24224"}
    assert container_environment("bridge", "172.17.0.2") == {"FLUENT_HOST": "172.17.0.2", "FLUENT_PORT": "24224"}
    assert container_environment("host") == container_environment("none") == {}
    with pytest.raises(LocalError, match="unable to get BridgeIP"):
        container_environment("bridge")


def test_router_environment_and_secrets():
    secrets = [{"name": "api-key", "valueFrom": "arn:x"}]
    task = {
        "containerDefinitions": [
            ROUTER,
            {"name": "a", "logConfiguration": {"logDriver": "awsfirelens", "secretOptions": secrets}},
            {"name": "b", "logConfiguration": {"logDriver": "splunk", "secretOptions": secrets}},
        ]
    }
    assert router_secrets(task) == {"api-key_1": "arn:x", "api-key_2": "arn:x"}
    assert router_environment("fluentd") == {"FLUENT_UID": "0"}
    assert router_environment("fluentbit") == {}


def test_binds():
    own = ["/d/data/firelens/t/config/fluent.conf:/fluent-bit/etc/fluent-bit.conf"]
    socket = ["/d/data/firelens/t/socket/:/var/run/"]
    assert binds("fluentbit", {}, "t", "/d") == own + socket
    options = {"config-file-type": "file", "config-file-value": "/x"}
    assert binds("fluentbit", options, "t", "/d") == own + socket
    options = {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::b/k"}
    assert binds("fluentd", options, "t", "/d")[2] == (
        "/d/data/firelens/t/config/external.conf:/fluentd/etc/external.conf"
    )
    with pytest.raises(UserError, match="encounter invalid firelens configuration type nginx"):
        binds("nginx", {}, "t")


@pytest.mark.parametrize(
    ("user", "owner"),
    [(None, None), ("", None), ("1", (1, 9)), ("1:2", (1, 2)), ("1:staff", (1, 9)), ("0", (0, 9)), ("1:", (1, 9))],
)
def test_socket_owner(user, owner):
    assert socket_owner(user, 9) == owner


@pytest.mark.parametrize("user", ["root", ":5", "-1", "1:2:3", "\u0661", "9" * 30])
def test_socket_owner_needs_a_number(user):
    with pytest.raises(UserError, match="unable to"):
        socket_owner(user, 9)


def waits(router_waits, app_waits):
    containers = [ROUTER | {"dependsOn": router_waits}, APP | {"dependsOn": app_waits}, {"name": "plain"}]
    return dependencies({"containerDefinitions": containers})


def test_an_application_waits_for_the_router():
    assert waits([], []) == {"r": [], "app": [{"containerName": "r", "condition": "START"}], "plain": []}


def test_its_own_wait_for_the_router_stays():
    own = [{"containerName": "r", "condition": "HEALTHY"}]
    assert waits([], own)["app"] == own


def test_other_waits_stay_before():
    own = [{"containerName": "plain", "condition": "START"}]
    assert waits([], own)["app"] == [*own, {"containerName": "r", "condition": "START"}]


def test_nothing_is_added_if_the_router_waits_itself():
    own = [{"containerName": "plain", "condition": "START"}]
    assert waits(own, []) == {"r": own, "app": [], "plain": []}


def test_a_router_that_logs_through_itself_does_not_wait_for_itself():
    task = {"containerDefinitions": [ROUTER | {"logConfiguration": {"logDriver": "awsfirelens"}}]}
    assert dependencies(task) == {"r": []}
