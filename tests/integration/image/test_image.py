"""What is in the image, and its agent: not root, nothing writable but its state, no capability."""

from __future__ import annotations

import json
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.helpers import free_port, wait_for
from tests.integration.image.conftest import Containers, docker, logs
from tests.integration.server.conftest import Server

from outrider import __version__
from outrider.server import admin

pytestmark = [pytest.mark.docker, pytest.mark.compiler, pytest.mark.root]

VOLUMES = ("/var/outrider/lib/fluent-bit", "/var/alertlogic/lib/fluent-bit")
LOCKED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
LISTED = "import importlib.metadata as m; print(*sorted(f'{d.name}=={d.version}' for d in m.distributions()))"


def test_what_the_image_says_of_itself(image: str) -> None:
    config: dict[str, Any] = json.loads(docker("image", "inspect", "--format", "{{json .Config}}", image))
    assert config["User"] == "10001:10001"
    assert set(config["Volumes"]) == set(VOLUMES)
    assert config["Labels"]["org.opencontainers.image.version"] == __version__
    assert config["Labels"]["org.opencontainers.image.revision"]


def test_the_bill_of_materials_lists_every_distribution(image: str) -> None:
    bill = json.loads(docker("run", "--rm", image, "cat", "/usr/share/outrider/sbom.cdx.json"))
    installed = docker("run", "--rm", image, "python3", "-I", "-c", LISTED).split()
    named = {one["name"]: one["version"] for one in bill["components"] if one["purl"].startswith("pkg:pypi/")}
    assert f"outrider=={__version__}" in installed
    installed.remove(f"outrider=={__version__}")
    assert {
        name.lower().replace("_", "-"): version for name, _, version in (one.partition("==") for one in installed)
    } == named
    assert {"botocore", "aiokafka", "uvloop"} <= named.keys()
    assert not {"pip", "setuptools"} & named.keys()
    debian = [one["name"] for one in bill["components"] if one["purl"].startswith("pkg:deb/")]
    assert {"libc6", "python3", "ca-certificates"} <= set(debian)
    assert bill["metadata"]["component"]["version"] == __version__


def test_what_a_container_starts(image: str) -> None:
    alone = subprocess.run(["docker", "run", "--rm", image], capture_output=True, text=True, check=False, timeout=60)
    assert alone.returncode == 2
    assert "outrider agent: there is no identity" in alone.stderr
    assert docker("run", "--rm", image, "outrider", "--version") == f"outrider {__version__}"
    assert "Fluent Bit v" in docker("run", "--rm", image, "/fluent-bit/bin/fluent-bit", "--version")
    assert docker("run", "--rm", image, "id", "-u") == "10001"


def test_the_agent_delivers_and_turns_healthy(image: str, containers: Containers, server: Server) -> None:
    port = free_port()
    settings = {
        "OUTRIDER_SERVER": server.ingest,
        "OUTRIDER_TOKEN": admin.create_token(server.data),
        "OUTRIDER_SYSLOG_PORT": str(port),
        "OUTRIDER_NAME": containers.name,
    }
    variables = [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
    state = ("--volume", f"{containers.name}-state:/var/lib/outrider", "--health-interval", "1s")
    agent = containers.run("agent", "--network", "host", *LOCKED, *state, *variables, image)
    containers.wait_healthy(agent)
    with socket.create_connection(("127.0.0.1", port)) as sender:
        now = datetime.now(UTC).isoformat()
        sender.sendall(f"<13>1 {now} web-1 app 7 - - hello from the image\n".encode())
    wait_for(lambda: logs(server, "hello from the image"), lambda: containers.log(agent))
    (found,) = logs(server, "hello from the image")
    assert found["container"] == "app"
    wait_for(lambda: "delivered  1\n" in docker("exec", agent, "outrider", "agent", "status"))
    assert docker("top", agent, "-o", "pid,uid").split()[3] == "10001"
    docker("stop", "--time", "20", agent)
    assert docker("inspect", "--format", "{{.State.ExitCode}}", agent) == "0"


def test_an_agent_that_does_not_listen_is_unhealthy(image: str, containers: Containers, short: Path) -> None:
    short.chmod(0o755)
    (short / "outrider").write_text("#!/bin/sh\nsleep 1000\n")
    (short / "outrider").chmod(0o755)
    mount = ("--volume", f"{short}:/tmp/frozen:ro", "--health-interval", "1s", "--health-retries", "1")
    name = containers.run("frozen", *mount, "--health-start-period", "1ms", image, "/tmp/frozen/outrider", "agent")
    wait_for(lambda: containers.health(name) == "unhealthy", lambda: containers.log(name))
    assert "does not listen on 127.0.0.1:1514" in containers.log(name)
