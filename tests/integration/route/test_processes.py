"""Several processes of one router: shared sockets, numbers in one place, a death that nobody notices."""

from __future__ import annotations

import json
import os
import signal
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest
from tests.integration.route.conftest import Router, until

CONFIG = """
[SERVICE]
    Flush 0.05
    processes 3
    storage.path {spool}
    HTTP_Server on
    HTTP_Port {http}
[INPUT]
    Name forward
    unix_path {sock}
    storage.type filesystem
[INPUT]
    Name tcp
    Listen 127.0.0.1
    Port {port}
[INPUT]
    Name dummy
    Tag once
    Samples 1
    Flush_on_startup on
[OUTPUT]
    Name file
    Match *
    Path {out}
    File got-${{OUTRIDER_PROCESS}}.log
    Format plain
"""


def ledger(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/ledger") as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def children(router: Router) -> list[int]:
    pid = router.process.pid
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def send(path: str, number: int) -> None:
    """One connection, one record, acknowledged."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall(msgpack.packb(["app", [[1, {"n": number}]], {"chunk": "c"}]))
        assert msgpack.unpackb(sock.recv(100)) == {"ack": "c"}


@pytest.fixture
def running(router: Callable[..., Router], tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> Any:
    port, http = unused_tcp_port_factory(), unused_tcp_port_factory()
    names = {"spool": tmp_path / "spool", "sock": tmp_path / "f.sock", "out": tmp_path, "port": port, "http": http}
    found: Any = router(CONFIG.format(**names), listening=6)
    found.port, found.http, found.sock, found.out = port, http, str(tmp_path / "f.sock"), tmp_path
    return found


def delivered(running: Any) -> int:
    return int(ledger(running.http)["outputs"].get("file.0", {}).get("delivered", 0))


def test_every_record_is_counted_once_whoever_took_it(running: Any) -> None:
    for number in range(30):
        send(running.sock, number)
        with socket.create_connection(("127.0.0.1", running.port)) as sock:
            sock.sendall(b'{"t": %d}' % number)
    until(lambda: delivered(running) == 61, "not everything is delivered")
    assert ledger(running.http)["balance"] is True
    assert ledger(running.http)["inputs"]["dummy.2"]["accepted"] == 1
    lines = [json.loads(line) for path in running.out.glob("got-*.log") for line in path.read_text().splitlines()]
    assert sorted(line["n"] for line in lines if "n" in line) == list(range(30))
    assert sorted(line["t"] for line in lines if "t" in line) == list(range(30))


def test_a_process_that_dies_is_started_again(running: Any) -> None:
    victim = children(running)[1]
    os.kill(victim, signal.SIGKILL)
    running.wait_for("has died (exit status -9) and is started again")
    until(lambda: len(children(running)) == 3 and victim not in children(running))
    until(lambda: running.text().count("listening on") == 8, "the new process does not listen")
    for number in range(20):
        send(running.sock, number)
    until(
        lambda: sum(path.read_text().count('"n"') for path in running.out.glob("got-*.log")) == 20,
        "not everything is delivered",
    )


def test_they_end_together(running: Any) -> None:
    running.process.send_signal(signal.SIGHUP)
    until(lambda: running.text().count("takes the place of the old one") == 3, "not every process has reloaded")
    send(running.sock, 1)
    assert running.end() == 0
    assert not Path(running.sock).exists()
    assert sum(path.read_text().count('"n"') for path in running.out.glob("got-*.log")) == 1


def test_what_cannot_start_ends_them_all(router: Callable[..., Router], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = router(
            f"[SERVICE]\n  processes 2\n[INPUT]\n  Name tcp\n  Listen 127.0.0.1\n  Port {port}\n[OUTPUT]\n  Name null\n"
        )
        assert found.process.wait(20) == 1
        assert "could not listen" in found.text()


def test_they_end_when_the_one_that_watches_them_is_killed(running: Any) -> None:
    pids = children(running)
    running.process.kill()
    running.process.wait(20)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "processes without a parent live on")
