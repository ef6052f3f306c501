"""The exported daemon service: its two containers in Docker, as its task definition says they are to be."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from tests.helpers import free_port, wait_for
from tests.integration.image.conftest import Containers, docker, logs
from tests.integration.server.conftest import Server
from tests.stand_ins.ecs_agent import TASK, EcsAgent, ecs_agent

from outrider.export.description import Description, describe
from outrider.export.kinds import ecs_daemon
from outrider.server import admin

pytestmark = [pytest.mark.docker, pytest.mark.compiler, pytest.mark.root]


def words_of(container: dict[str, Any], volumes: dict[str, str], *more: str) -> list[str]:
    """What ECS makes of a container definition, as words of ``docker run``."""
    assert container["readonlyRootFilesystem"]
    found = ["--network", "host", "--read-only", "--memory", f"{container['memory']}m", *more]
    found += [word for name in container["linuxParameters"]["capabilities"]["drop"] for word in ("--cap-drop", name)]
    for tmpfs in container["linuxParameters"]["tmpfs"]:
        found += ["--tmpfs", f"{tmpfs['containerPath']}:size={tmpfs['size']}m,{','.join(tmpfs['mountOptions'])}"]
    for mount in container["mountPoints"]:
        mode = ":ro" if mount.get("readOnly") else ""
        found += ["--volume", f"{volumes[mount['sourceVolume']]}:{mount['containerPath']}{mode}"]
    for item in container.get("environment", []):
        found += ["--env", f"{item['name']}={item['value']}"]
    found += ["--user", container["user"]] if "user" in container else []
    found += ["--entrypoint", container["entryPoint"][0]] if "entryPoint" in container else []
    kind, *check = container["healthCheck"]["command"]
    assert kind == "CMD"
    found += ["--health-cmd", shlex.join(check), "--health-interval", "1s", "--health-start-period", "30s"]
    return [*found, container["image"], *container.get("command", [])]


class Instance:
    """This machine as an instance of ECS with the daemon's task; ports are the test's own."""

    def __init__(self, description: Description, token: str, agent: EcsAgent, containers: Containers) -> None:
        self.containers, self.token = containers, token
        task = ecs_daemon.task(description)
        self.agent, self.router = task["containerDefinitions"]
        self.volumes = {
            volume["name"]: volume.get("host", {}).get("sourcePath", volume["name"]) for volume in task["volumes"]
        }
        self.own = [name for name, path in self.volumes.items() if name == path]
        self.syslog, monitor = str(free_port()), str(free_port())
        command = []
        for word in self.router["command"]:
            command.append(f"Port={self.syslog}" if word == "Port=1514" else word.replace("2020", monitor))
            if word.startswith("ECS_Tag_Prefix="):
                command += ["-p", f"ECS_Meta_Port={agent.port}"]
        self.router["command"] = command
        self.router["healthCheck"]["command"] = [
            word.replace("2020", monitor) for word in self.router["healthCheck"]["command"]
        ]
        self.names = agent.names
        self.started: list[str] = []

    def start(self, number: int) -> None:
        """A task of the service."""
        more = ("--env", f"OUTRIDER_TOKEN={self.token}", "--env", f"OUTRIDER_SYSLOG_PORT={self.syslog}")
        self.started = [
            self.containers.run(f"agent{number}", *words_of(self.agent, self.volumes, *more)),
            self.containers.run(f"router{number}", *words_of(self.router, self.volumes)),
        ]
        for name in self.started:
            self.containers.wait_healthy(name)

    def stop(self) -> None:
        for name in reversed(self.started):
            docker("stop", "--time", "30", name)
            assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == "0", self.containers.log(name)

    def say(self) -> str:
        return "\n".join(self.containers.log(name) for name in self.started)


@pytest.fixture
def instance(image: str, server: Server, containers: Containers) -> Iterator[Instance]:
    with ecs_agent() as agent:
        description = describe({"name": containers.name, "image": image, "server": server.ingest})
        made = Instance(description, admin.create_token(server.data), agent, containers)
        yield made
        containers.remove()
        subprocess.run(["docker", "volume", "rm", "-f", *made.own], capture_output=True, check=False, timeout=60)


def test_the_logs_of_the_instance_arrive_once(
    instance: Instance, server: Server, containers: Containers, busybox: str
) -> None:
    name = containers.name
    app = containers.run("app", busybox, f"sleep 2; while :; do echo {name} probe; sleep 0.1; done")
    instance.names[docker("inspect", "--format", "{{.Id}}", app)] = "web"
    instance.start(1)
    wait_for(lambda: any(one["container"] == "web" for one in logs(server, f"{name} probe")), instance.say)
    docker("exec", app, "/bin/sh", "-c", f"echo {name} first >/proc/1/fd/2")
    wait_for(lambda: logs(server, f"{name} first"), instance.say)
    instance.stop()
    docker("exec", app, "/bin/sh", "-c", f"echo {name} meanwhile >/proc/1/fd/1")
    instance.start(2)
    wait_for(lambda: logs(server, f"{name} meanwhile"), instance.say)
    instance.stop()
    for text in ("first", "meanwhile"):
        assert len(logs(server, f"{name} {text}")) == 1
    (first,) = logs(server, f"{name} first")
    assert (first["container"], first["message"]) == ("web", f"{name} first")
    assert first["container_id"].startswith(docker("inspect", "--format", "{{.Id}}", app)[:12])
    assert TASK in str(first["attrs"])
    assert "stderr" in str(first)
    assert len(server.call("/api/v1/hosts")["hosts"]) == 1, "both tasks were the same agent"
