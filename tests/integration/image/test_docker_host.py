"""The exported agent of a Docker host, started as the files say: it reads the containers of this host."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.helpers import free_port, wait_for
from tests.integration.image.conftest import ROOT, Containers, docker, logs
from tests.integration.server.conftest import Server

from outrider.export.description import Description, describe
from outrider.export.kinds import beanstalk, compose, docker_run
from outrider.server import admin

pytestmark = [pytest.mark.docker, pytest.mark.compiler, pytest.mark.root]

CONFIG = ROOT / "tools" / "image" / "docker-host.yaml"


class Host:
    """This host, with ports of the test's own."""

    def __init__(self, image: str, server: Server, containers: Containers, folder: Path) -> None:
        self.description = describe({"name": containers.name, "image": image, "server": server.ingest})
        self.token = admin.create_token(server.data)
        self.syslog, self.forward = free_port(), free_port()
        self.config = folder / "docker-host.yaml"
        self.config.write_text(CONFIG.read_text().replace("24224", str(self.forward)))
        self.agent = f"{containers.name}-agent"
        containers.names.append(self.agent)
        self.server, self.containers = server, containers

    def check(self, busybox: str) -> None:
        """Lines of both log drivers arrive, those from before the agent too, and a restart makes none twice."""
        name = self.containers.name
        self.containers.wait_healthy(self.agent)
        self.containers.run("later", "--log-opt", "tag={{.Name}}", busybox, f"echo {name} later")
        address = f"fluentd-address=127.0.0.1:{self.forward}"
        self.containers.run("driver", "--log-driver", "fluentd", "--log-opt", address, busybox, f"echo {name} driver")
        for text in ("early", "later", "driver"):
            wait_for(lambda text=text: logs(self.server, f"{name} {text}"), lambda: self.containers.log(self.agent))
        docker("restart", "--time", "30", self.agent)
        self.containers.wait_healthy(self.agent)
        docker("stop", "--time", "30", self.agent)
        found = {text: logs(self.server, f"{name} {text}") for text in ("early", "later", "driver")}
        assert {text: len(records) for text, records in found.items()} == {"early": 1, "later": 1, "driver": 1}
        assert found["later"][0]["container"] == f"{name}-later"
        assert found["driver"][0]["container"] == f"{name}-driver"
        assert {records[0]["stream"] for records in found.values()} == {"stdout"}
        assert found["early"][0]["container_id"] == docker("inspect", "--format", "{{.Id}}", f"{name}-early")[:12]


@pytest.fixture
def host(image: str, server: Server, containers: Containers, busybox: str, tmp_path: Path) -> Host:
    containers.run("early", busybox, f"echo {containers.name} early")
    return Host(image, server, containers, tmp_path)


def test_docker_run(host: Host, busybox: str, tmp_path: Path) -> None:
    own = f"--env OUTRIDER_TOKEN --env OUTRIDER_SYSLOG_PORT={host.syslog} -v {host.config}:{docker_run.CONFIG}:ro"
    script = docker_run.make(host.description)["run.sh"]
    script = script.replace("--env OUTRIDER_TOKEN ", f"{own} --health-interval 1s ", 1)
    (tmp_path / "run.sh").write_text(script)
    environment = os.environ | {"OUTRIDER_TOKEN": host.token}
    subprocess.run(["sh", tmp_path / "run.sh"], env=environment, check=True, timeout=120)
    host.check(busybox)


@pytest.mark.compose
def test_compose(host: Host, busybox: str, tmp_path: Path) -> None:
    program = ["docker", "compose"] if shutil.which("docker-compose") is None else ["docker-compose"]
    (tmp_path / "compose.yaml").write_text(compose.make(host.description)["compose.yaml"])
    (tmp_path / "outrider-token").write_text(host.token)
    (tmp_path / "outrider-token").chmod(0o400)
    own = {
        "container_name": host.agent,
        "environment": {"OUTRIDER_SYSLOG_PORT": str(host.syslog)},
        "volumes": [f"{host.config}:{docker_run.CONFIG}:ro"],
        "healthcheck": {"interval": "1s"},
    }
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({"services": {host.agent: own}}))
    command = [*program, "-p", host.containers.name, "-f", tmp_path / "compose.yaml", "-f", tmp_path / "own.yaml"]
    subprocess.run([*command, "up", "-d"], check=True, capture_output=True, timeout=120, cwd=tmp_path)
    host.check(busybox)


def test_beanstalks_rsyslog_drop_in_is_understood(tmp_path: Path) -> None:
    files = beanstalk.make(Description())
    written = yaml.safe_load(files[".ebextensions/99-outrider-syslog.config"])["files"]
    (content,) = (entry["content"] for entry in written.values())
    (tmp_path / "rsyslog.conf").write_text(f'global(workDirectory="{tmp_path}")\n{content}')
    done = subprocess.run(
        ["rsyslogd", "-N1", "-f", tmp_path / "rsyslog.conf"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr.lower()
