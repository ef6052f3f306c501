"""The image as a log router: under the launcher, in its own image and in an empty one, and in the article's place."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.helpers import free_port, wait_for
from tests.integration.image.conftest import Containers, docker, logs
from tests.integration.launcher.conftest import router as router  # a fixture
from tests.integration.server.conftest import Server

from outrider.server import admin
from outrider.taskdef.firelens import render
from outrider.taskdef.protect.profile import find_profile, router_members

pytestmark = [pytest.mark.docker, pytest.mark.compiler, pytest.mark.root]

LOCKED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
TASK = {
    "family": "shop",
    "networkMode": "awsvpc",
    "containerDefinitions": [
        {"name": "web", "logConfiguration": {"logDriver": "awsfirelens"}},
        {"name": "log_router", "firelensConfiguration": {"type": "fluentbit"}, "memoryReservation": 100},
    ],
}
S3 = """\
[INPUT]
    Name forward
    unix_path /var/run/fluent.sock
    Mem_Buf_Limit 100MB

[OUTPUT]
    Name                         s3
    Match                        *
    bucket                       fluent-bit-log-12345
    region                       us-east-1
    s3_key_format                /$TAG[2]/$TAG[0]/%Y/%m/%d/%H/%M/%S/$UUID.gz
    s3_key_format_tag_delimiters .-
"""
ARTICLE = """\
FROM {image}
ADD s3.conf /fluent-bit/alt/fluent-bit.conf
CMD ["/fluent-bit/bin/fluent-bit", "-c", "/fluent-bit/alt/fluent-bit.conf"]
"""


def socket_folder(folder: Path, owner: int) -> Path:
    """What ECS mounts at /var/run of a router; it is root's, or that of the ``user`` in the task definition."""
    made = folder / "socket"
    made.mkdir()
    made.chmod(0o755)
    subprocess.run(["chown", f"{owner}:{owner}", made], check=True)
    return made


def driver(folder: Path, tag: str) -> tuple[str, ...]:
    """Docker's log driver as ECS sets it."""
    address = f"fluentd-address=unix://{folder}/fluent.sock"
    return ("--log-driver", "fluentd", "--log-opt", address, "--log-opt", f"tag={tag}")


@pytest.mark.parametrize("user", ["0", "10001"])
def test_a_protected_task(
    image: str, containers: Containers, server: Server, busybox: str, short: Path, user: str
) -> None:
    """Agent and router from one image, as ``outrider task protect`` writes them; the application's lines arrive."""
    short.chmod(0o755)
    syslog, text = free_port(), f"from a task of {user}"
    settings = {"SERVER": server.ingest, "TOKEN": admin.create_token(server.data), "SYSLOG_PORT": str(syslog)}
    variables = [word for name, value in settings.items() for word in ("--env", f"OUTRIDER_{name}={value}")]
    agent = containers.run("agent", "--network", "host", *variables, "--health-interval", "1s", image)
    containers.wait_healthy(agent)
    (short / "etc").mkdir()
    generated = render(TASK).replace("24224", str(free_port())).replace("8877", str(free_port()))
    (short / "etc" / "fluent-bit.conf").write_text(generated)
    sockets = socket_folder(short, int(user))
    members = router_members(find_profile("outrider"), image, ())
    words = [word.replace("Port=1514", f"Port={syslog}") for word in members["command"]]
    mounts = ("--volumes-from", agent, "-v", f"{short / 'etc'}:/fluent-bit/etc:ro", "-v", f"{sockets}:/var/run")
    options = (*LOCKED, "--tmpfs", "/tmp", "--user", user, "--network", "host", *mounts, "--health-interval", "1s")
    log_router = containers.run("router", *options, "--entrypoint", members["entryPoint"][0], image, *words)
    wait_for((sockets / "fluent.sock").exists, lambda: containers.log(log_router))
    containers.run("web", *driver(sockets, "web-firelens-0123"), busybox, f"echo {text}; echo error >&2")
    wait_for(lambda: logs(server, text), lambda: containers.log(log_router) + containers.log(agent))
    containers.wait_healthy(log_router)
    for name in (log_router, agent):
        docker("stop", "--time", "30", name)
        assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == "0", containers.log(name)
    (found,) = logs(server, text)
    assert found["container"].endswith("-web")


@pytest.mark.parametrize("volume", ["/var/outrider/lib/fluent-bit", "/var/alertlogic/lib/fluent-bit"])
def test_the_launcher_in_an_image_with_nothing(
    image: str, containers: Containers, router: Path, tmp_path: Path, volume: str
) -> None:
    (tmp_path / "fluent-bit").write_bytes(router.read_bytes())
    (tmp_path / "fluent-bit").chmod(0o755)
    empty = containers.image("router", "FROM scratch\nCOPY fluent-bit /fluent-bit/bin/fluent-bit\n", tmp_path)
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "fluent-bit.conf").write_text("[INPUT]\n    Name dummy\n")
    agent = containers.run("agent", image, "sleep", "1000")
    launch = ("--volumes-from", agent, "-v", f"{etc}:/fluent-bit/etc:ro", "--entrypoint", f"{volume}/fluent-launch")
    said = docker("run", "--rm", *launch, empty, "-m", f"{volume}/made.conf", "-i", "Mem_Buf_Limit", "50M", "--", "-q")
    assert said.splitlines()[:2] == ["pid 1", "argument /fluent-bit/bin/fluent-bit"]
    assert f"argument {volume}/made.conf" in said
    assert "    Mem_Buf_Limit 50M" in said
    assert docker("exec", agent, "cat", f"{volume}/made.conf") == "[INPUT]\n    Name dummy\n    Mem_Buf_Limit 50M"


@pytest.fixture
def amazon() -> Iterator[Any]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket="fluent-bit-log-12345")
    yield client
    server.stop()


def test_the_image_of_the_article(
    image: str, containers: Containers, busybox: str, amazon: Any, short: Path, tmp_path: Path
) -> None:
    """A router with a configuration of its own, made for another image: only the FROM line is ours."""
    short.chmod(0o755)
    (tmp_path / "s3.conf").write_text(S3)
    made = containers.image("s3", ARTICLE.format(image=image), tmp_path)
    sockets = socket_folder(short, 10001)
    keys = {
        "AWS_ENDPOINT_URL_S3": amazon.meta.endpoint_url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    variables = [word for name, value in keys.items() for word in ("--env", f"{name}={value}")]
    options = ("--network", "host", "-v", f"{sockets}:/var/run", "--health-interval", "1s")
    name = containers.run("router", *options, *variables, made)
    wait_for((sockets / "fluent.sock").exists, lambda: containers.log(name))
    containers.run("web", *driver(sockets, "nginx-firelens-0123"), busybox, "echo 'GET / 200'")
    wait_for(lambda: "fluentd" not in docker("ps", "--format", "{{.Image}}", "--filter", f"name={containers.name}-web"))
    containers.wait_healthy(name)
    docker("stop", "--time", "30", name)
    listed = amazon.list_objects_v2(Bucket="fluent-bit-log-12345").get("Contents", [])
    assert [key["Key"].split("/")[:2] for key in listed] == [["0123", "nginx"]], containers.log(name)
    text = amazon.get_object(Bucket="fluent-bit-log-12345", Key=listed[0]["Key"])["Body"].read()
    record = json.loads(gzip.decompress(text) if text[:2] == b"\x1f\x8b" else text)
    assert (record["log"], record["source"]) == ("GET / 200", "stdout")
