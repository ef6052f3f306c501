"""An agent as a process, while its server is not there."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
from tests.helpers import free_port, wait_for

from outrider.protocols.uplink import JoinToken

AGENT = [sys.executable, "-c", "import sys; from outrider.cli import main; sys.exit(main())", "agent"]
PATIENCE = 20.0


class Agent:
    """``outrider agent`` with a state directory and a server that nobody has started."""

    def __init__(self, state: Path, port: int, token: str, config: Path | None = None) -> None:
        self.log = state.with_suffix(f".{port}.log")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("OUTRIDER")}
        environment |= {
            "OUTRIDER_STATE": str(state),
            "OUTRIDER_SYSLOG_PORT": str(port),
            "OUTRIDER_SERVER": "https://127.0.0.1:1",
            "OUTRIDER_TOKEN": token,
        }
        if config is not None:
            environment["OUTRIDER_CONFIG"] = str(config)
        with self.log.open("wb") as stream:
            self.process = subprocess.Popen(AGENT, stderr=stream, stdout=stream, env=environment)

    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Agent]]:
    """Start an agent; all are killed at the end."""
    started: list[Agent] = []
    token = str(JoinToken("abcd", "s" * 22, "p" * 43))

    def begin(port: int, state: str = "state", config: Path | None = None) -> Agent:
        started.append(Agent(tmp_path / state, port, token, config))
        return started[-1]

    yield begin
    for agent in started:
        agent.end(signal.SIGKILL)


def status(state: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((state / "status.json").read_text())
    except FileNotFoundError:
        return {}
    return found


LINE = b"<13>Nov 14 22:13:20 web app[7]: hello\n"


def test_records_are_kept_while_there_is_no_server(start: Callable[..., Agent], tmp_path: Path) -> None:
    port, state = free_port(), tmp_path / "state"
    agent = start(port)
    wait_for(lambda: agent.text().count("listening on") == 2)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(LINE * 100 + b"<13>Nov 14 22:13:20 web od\xffd: bytes\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(LINE, ("127.0.0.1", port))
    wait_for(lambda: status(state).get("accepted") == 102)
    found = status(state)
    assert (found["enrolled"], found["delivered"], found["buffered"], found["dropped"]) == (False, 0, 102, {})
    assert "not enrolled: https://127.0.0.1:1" in agent.text()
    assert "records are kept in the spool" in agent.text()
    shown = subprocess.run([*AGENT, "status", "--state", str(state)], capture_output=True, text=True, check=True)
    assert "accepted   102" in shown.stdout
    assert "not enrolled" in shown.stdout
    assert "; fix: see that an Outrider server runs at https://127.0.0.1:1 and that this machine" in shown.stdout
    agent.end(signal.SIGKILL)
    shown = subprocess.run([*AGENT, "status", "--state", str(state)], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stdout.splitlines()[:2]) == (1, ["running    no", "enrolled   no"])
    again = start(port)
    wait_for(lambda: status(state).get("pid") == again.process.pid and status(state).get("buffered") == 102)
    assert "Traceback" not in agent.text() + again.text()


def test_a_second_agent_on_the_same_state_is_refused(start: Callable[..., Agent]) -> None:
    first = start(free_port())
    wait_for(lambda: first.text().count("listening on") == 2)
    second = start(free_port())
    assert second.process.wait(PATIENCE) == 2
    assert "another agent uses" in second.text()
    assert "fix: stop it, or give this one its own --state directory" in second.text()


def test_a_port_that_is_taken(start: Callable[..., Agent]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        agent = start(taken.getsockname()[1])
        assert agent.process.wait(PATIENCE) == 1
    assert "could not listen on 127.0.0.1:" in agent.text()
    assert "Traceback" not in agent.text()


def test_a_damaged_identity_is_told(start: Callable[..., Agent], tmp_path: Path) -> None:
    identity = tmp_path / "state" / "identity"
    identity.mkdir(parents=True)
    for name in ("certificate.pem", "key.pem", "ca.pem", "server.url"):
        (identity / name).write_text("damaged")
    agent = start(free_port())
    assert agent.process.wait(PATIENCE) == 1
    assert f"the identity in {identity} cannot be used" in agent.text()
    assert "Traceback" not in agent.text()


ROUTER = """
[SERVICE]
    Flush 0.1
    HTTP_Server On
    HTTP_Port {monitor}
[INPUT]
    Name forward
    unix_path {folder}/fluent.sock
    Mem_Buf_Limit 25MB
[OUTPUT]
    Name file
    Match {match}
    Path {folder}
    File out
"""


def send(path: Path, count: int, tag: str = "web-firelens-1") -> None:
    """Records as Docker's driver sends them; returns when they are acknowledged."""
    record = {"log": "line", "container_name": "/web", "container_id": "c0ffee", "source": "stdout"}
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(path))
        for number in range(count):
            sock.sendall(msgpack.packb([tag, 1_700_000_000 + number, record, {"chunk": str(number)}]))
        unpacker, answers = msgpack.Unpacker(), 0
        while answers < count:
            unpacker.feed(sock.recv(65536))
            answers += sum(1 for answer in unpacker if "ack" in answer)


def test_an_agent_that_is_the_router_keeps_what_it_acknowledged(start: Callable[..., Agent], tmp_path: Path) -> None:
    port, state, config, monitor = free_port(), tmp_path / "state", tmp_path / "router.conf", free_port()
    config.write_text(ROUTER.format(folder=tmp_path, match="web-*", monitor=monitor))
    agent = start(port, config=config)
    wait_for(lambda: (tmp_path / "fluent.sock").exists(), agent.text)
    send(tmp_path / "fluent.sock", 100)
    agent.end(signal.SIGKILL)
    again = start(port, config=config)
    wait_for(lambda: status(state).get("pid") == again.process.pid and status(state).get("buffered") == 100)
    wait_for(lambda: "is up" in again.text())
    send(tmp_path / "fluent.sock", 50)
    wait_for(lambda: status(state).get("accepted") == 150)
    with urllib.request.urlopen(f"http://127.0.0.1:{monitor}/api/v1/ledger", timeout=PATIENCE) as answer:
        assert json.load(answer)["balance"] is True
    assert again.end() == 0
    found = status(state)
    assert (found["accepted"], found["delivered"], found["buffered"], found["dropped"]) == (150, 0, 150, {})
    assert found["pipeline"]["balance"] is True
    assert len((tmp_path / "out").read_text().splitlines()) >= 150  # twice where a kill came before the answer
    assert "Traceback" not in agent.text() + again.text()


def test_a_reload_takes_the_file_anew_and_loses_nothing(start: Callable[..., Agent], tmp_path: Path) -> None:
    state, config, monitor = tmp_path / "state", tmp_path / "router.conf", free_port()
    config.write_text(ROUTER.format(folder=tmp_path, match="web-*", monitor=monitor))
    agent = start(free_port(), config=config)
    wait_for(lambda: "is up" in agent.text(), agent.text)
    send(tmp_path / "fluent.sock", 10, "other-firelens-1")
    config.write_text(ROUTER.format(folder=tmp_path, match="other-*", monitor=monitor))
    agent.process.send_signal(signal.SIGHUP)
    wait_for(lambda: agent.text().count("is up") == 2, agent.text)
    send(tmp_path / "fluent.sock", 10, "other-firelens-1")
    config.write_text("[OUTPUT]\n    Name nonesuch\n")
    agent.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "the old configuration goes on" in agent.text(), agent.text)
    wait_for(lambda: status(state).get("buffered") == 20)
    assert agent.end() == 0
    found = status(state)
    assert (found["accepted"], found["buffered"], found["dropped"]) == (20, 20, {})
    assert len((tmp_path / "out").read_text().splitlines()) >= 10


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--state", "{state}"], 2, "there is no identity in"),
        (["--port", "x"], 2, "--port: 'x' is not a port"),
        (["status", "--state", "{state}"], 2, "--state names the directory of an agent that has run"),
        (["--nosuch"], 2, "unrecognized arguments"),
        (["-c"], 2, "expected one argument"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], code: int, text: str) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OUTRIDER", "KEY"))}
    line = [argument.format(state=tmp_path / "none") for argument in arguments]
    done = subprocess.run([*AGENT, *line], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == code, done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr
