"""The DaemonSet's pod on a node with Docker and containerd: each line of their containers is stored once."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.helpers import free_port, wait_for
from tests.integration.export.cri import Containerd, containerd
from tests.integration.export.pod import Pod
from tests.integration.image.conftest import BUSYBOX, Containers, docker

LINES = 120
PHASES = 5
FAKE = "<13>Nov 21 09:30:00 other fake: x"
LONG = 8 << 12
SCRIPT = rf"""
long=xxxxxxxx; while [ ${{#long}} -lt {LONG} ]; do long=$long$long; done
echo $long; echo; echo '{FAKE}'; echo '{{"log":"json"}}' >&2; printf '\303\244 \377 end\n' >&2
phase=0
while [ $phase -lt {PHASES} ]; do
    phase=$((phase+1))
    while [ ! -e GO/$phase ]; do /bin/busybox sleep 0.02; done
    n=0
    while [ $n -lt {LINES} ]; do n=$((n+1)); echo "$phase out $n"; echo "$phase err $n" >&2; done
    echo > GO/NAME-$phase
done
printf 'no line end'
"""
FIRST = [
    ("stdout", "x" * LONG),
    ("stdout", ""),
    ("stdout", FAKE),
    ("stderr", '{"log":"json"}'),
]
NO_UTF8 = {"postgres": "ä \ufffd end", "nginx": "ä \\xff end"}
"""Docker replaces a byte that is no UTF-8; containerd keeps it, and the server shows it as it shows all of them."""
LAST = [("stdout", "no line end")]


class Node:
    """Containers and the names that the kubelet gives their logs: ``containers`` and ``pods``, as below /var/log."""

    def __init__(self, folder: Path, made: Containers) -> None:
        self.folder, self._made = folder, made
        self.go = folder / "go"
        self.state = folder / "var/lib/outrider"
        for name in ("go", "var/log/containers", "var/log/pods", "var/lib/outrider"):
            (folder / name).mkdir(parents=True)

    def pod_logs(self, pod: str, namespace: str, container: str) -> Path:
        """The folder of a pod's logs."""
        logs = self.folder / "var/log/pods" / f"{namespace}_{pod}_uid"
        (logs / container).mkdir(parents=True)
        return logs

    def name(self, pod: str, namespace: str, container: str, identifier: str) -> None:
        """The link by which logs are found."""
        link = self.folder / "var/log/containers" / f"{pod}_{namespace}_{container}-{identifier}.log"
        link.symlink_to(f"/var/log/pods/{namespace}_{pod}_uid/{container}/0.log")

    def with_docker(self, image: str) -> str:
        """A container of a node with Docker, which rotates its log itself."""
        script = SCRIPT.replace("GO", str(self.go)).replace("NAME", "docker")
        words = ["--log-driver", "json-file", "--log-opt", "max-size=60k", "--log-opt", "max-file=5"]
        words += ["--volume", f"{self.go}:{self.go}", "--entrypoint", "/bin/busybox", image, "sh", "-c", script]
        name = self._made.run("db", *words)
        identifier = docker("inspect", "--format", "{{.Id}}", name)
        (self.pod_logs("db-0", "data", "postgres") / "postgres/0.log").symlink_to(
            docker("inspect", "--format", "{{.LogPath}}", name)
        )
        self.name("db-0", "data", "postgres", identifier)
        return identifier

    def with_containerd(self, runtime: Containerd) -> str:
        """A container of a node with containerd, whose log the kubelet rotates."""
        logs = self.pod_logs("web-7d9f.x", "shop", "nginx")
        script = SCRIPT.replace("GO", str(self.go)).replace("NAME", "containerd")
        identifier = runtime.start("web-7d9f.x", "shop", "nginx", logs, script, self.go)
        self.name("web-7d9f.x", "shop", "nginx", identifier)
        self._web = logs / "nginx"
        return identifier

    def rotate(self, runtime: Containerd, identifier: str) -> None:
        """What the kubelet does with a log that is large."""
        (self._web / "0.log").rename(self._web / f"0.log.{len(list(self._web.iterdir()))}")
        runtime.reopen_log(identifier)

    def write(self, phase: int) -> None:
        """Let all containers write the lines of a phase."""
        (self.go / str(phase)).touch()
        done = [self.go / f"{name}-{phase}" for name in ("docker", "containerd")]
        wait_for(lambda: all(path.exists() for path in done), lambda: f"phase {phase}: {list(self.go.iterdir())}")

    def status(self) -> dict[str, Any]:
        with contextlib.suppress(FileNotFoundError):
            return dict(json.loads((self.state / "status.json").read_text()))
        return {}


@pytest.fixture
def node(short: Path, containers: Containers) -> Node:
    return Node(short, containers)


@pytest.fixture
def pause(containers: Containers, tmp_path: Path) -> str:
    """An image with busybox, whose own command does nothing."""
    (tmp_path / "busybox").write_bytes(BUSYBOX.read_bytes())
    (tmp_path / "busybox").chmod(0o755)
    dockerfile = 'FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT ["/bin/busybox", "sleep", "1000000"]\n'
    return containers.image("pause", dockerfile, tmp_path)


@pytest.fixture
def runtime(node: Node, pause: str) -> Iterator[Containerd]:
    docker("tag", pause, f"local/{pause}:1")
    with containerd(node.folder / "containerd", f"local/{pause}:1") as made:
        yield made
    docker("rmi", f"local/{pause}:1")


def every_record(server: Any, container: str) -> list[dict[str, Any]]:
    """All records of a container; more of them at a time would be cut."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = server.call("/api/v1/logs", limit="200", container=container, **cursor)
        found += page["records"]
        if not page["next"]:
            return found
        cursor = {"cursor": page["next"]}


@pytest.mark.docker
@pytest.mark.root
def test_each_line_of_a_node_is_stored_once(
    make_server: Callable[..., Any], node: Node, runtime: Containerd, pause: str, image: str, containers: Containers
) -> None:
    server = make_server()
    pod = Pod(node.folder, {"server": server.ingest, "image": image}, free_port())
    identifiers = {"postgres": node.with_docker(pause), "nginx": node.with_containerd(runtime)}

    def delivered(phases: int, more: int) -> None:
        """Wait until this start of the agent has delivered the lines of so many phases, and so many more of each."""
        count = phases * 2 * 2 * LINES + 2 * more  # streams, containers
        wait_for(lambda: node.status().get("delivered") == count, lambda: f"{count}: {containers.log(agent)}")

    def stop() -> None:
        docker("stop", agent)
        found = node.status()
        assert (found["buffered"], found["dropped"], found["pipeline"]["balance"]) == (0, {}, True)

    node.write(1)
    words = ["--env", f"OUTRIDER_SYSLOG_PORT={free_port()}", *pod.arguments(server.ready["token"], "node-1")]
    agent = containers.run("agent", *words)
    wait_for(lambda: pod.is_ready(agent), lambda: containers.log(agent))
    first = len(FIRST) + 1
    delivered(1, first)
    node.rotate(runtime, identifiers["nginx"])
    node.write(2)
    delivered(2, first)
    node.write(3)
    delivered(3, first)
    stop()
    node.rotate(runtime, identifiers["nginx"])
    node.write(4)
    docker("start", agent)
    delivered(1, 0)
    node.write(5)
    delivered(2, len(LAST))
    stop()
    server.wait_stored()
    expected = Counter(
        (stream, f"{phase} {stream[3:]} {n}")
        for stream in ("stdout", "stderr")
        for phase in range(1, PHASES + 1)
        for n in range(1, LINES + 1)
    ) + Counter([*FIRST, *LAST])
    for container, place in {"postgres": ("data", "db-0"), "nginx": ("shop", "web-7d9f.x")}.items():
        records = every_record(server, container)
        assert Counter((one["stream"], one["message"]) for one in records) == expected + Counter(
            [("stderr", NO_UTF8[container])]
        )
        assert {one["container_id"] for one in records} == {identifiers[container]}
        assert {(one["attrs"]["namespace"], one["attrs"]["pod"]) for one in records} == {place}
        assert {tuple(sorted(one["attrs"])) for one in records} == {("namespace", "pod")}
        assert {one["task"] for one in records} == {"node-1"}
