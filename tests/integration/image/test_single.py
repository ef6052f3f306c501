"""The one sidecar of ``protect --style single`` in the image, with ECS's mounts and Docker's log driver."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.helpers import free_port, wait_for
from tests.integration.image.conftest import Containers, docker, logs
from tests.integration.server.conftest import Server

from outrider.server import admin
from outrider.taskdef.firelens import driver_options, render
from outrider.taskdef.protect import Wish, find_profile, protect
from outrider.taskdef.source import task_source

pytestmark = [pytest.mark.docker, pytest.mark.compiler, pytest.mark.root]

ARN = "arn:aws:ecs:eu-west-1:123456789012:task/default/0123456789abcdef0123456789abcdef"
TASK = {"family": "shop", "networkMode": "awsvpc", "containerDefinitions": [{"name": "web", "image": "busybox"}]}


def test_it_takes_what_docker_sends_and_is_healthy(
    image: str, busybox: str, containers: Containers, server: Server, tmp_path: Path
) -> None:
    wish = Wish(find_profile("outrider"), agent_image=image, single=True)
    task = protect(task_source(json.dumps(TASK), "task.json"), wish).source.task
    single = task["containerDefinitions"][1]
    text = render(task)
    for port in ("24224", "8877"):  # the container has this machine's network, where the server is
        text = text.replace(port, str(free_port()))
    (tmp_path / "fluent.conf").write_text(text)
    (tmp_path / "socket").mkdir()
    settings = {
        "OUTRIDER_SERVER": server.ingest,
        "OUTRIDER_TOKEN": admin.create_token(server.data),
        "OUTRIDER_SYSLOG_PORT": str(free_port()),
        "OUTRIDER_NAME": containers.name,
    }
    agent = containers.run(
        "outrider",
        *("--network", "host", "--user", "0"),
        *(word for name, value in settings.items() for word in ("--env", f"{name}={value}")),
        *("--volume", f"{tmp_path / 'fluent.conf'}:/fluent-bit/etc/fluent-bit.conf"),
        *("--volume", f"{tmp_path / 'socket'}:/var/run"),
        *("--health-cmd", " ".join(single["healthCheck"]["command"][1:]), "--health-interval", "1s"),
        *("--entrypoint", single["entryPoint"][0], single["image"], *single["entryPoint"][1:], *single["command"]),
    )
    containers.wait_healthy(agent)
    options = driver_options("web", ARN, {}) | {"fluentd-address": f"unix://{tmp_path}/socket/fluent.sock"}
    driver = ("--log-driver", "fluentd", *(word for pair in options.items() for word in ("--log-opt", "=".join(pair))))
    web = containers.run("web", *driver, busybox, "echo one for the sidecar; echo two for the sidecar >&2")
    wait_for(lambda: len(logs(server, "for the sidecar")) == 2, lambda: containers.log(agent))
    found = logs(server, "for the sidecar")
    assert {(each["stream"], each["message"]) for each in found} == {
        ("stdout", "one for the sidecar"),
        ("stderr", "two for the sidecar"),
    }
    assert {each["container"] for each in found} == {web}
    docker("stop", "--time", "20", agent)
    assert docker("inspect", "--format", "{{.State.ExitCode}}", agent) == "0"
