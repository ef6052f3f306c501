"""A real agent that is stopped says so to a real server; one that finds no server stops all the same."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.helpers import free_port

PATIENCE = 30


def start_agent(server: Any, state: Path) -> subprocess.Popen[str]:
    main = "import sys; from outrider.cli import main; sys.exit(main())"
    settings = {"OUTRIDER_SERVER": server.ingest, "OUTRIDER_TOKEN": server.ready["token"], "OUTRIDER_NAME": "web-1"}
    settings |= {"OUTRIDER_STATE": str(state), "OUTRIDER_SYSLOG_PORT": str(free_port())}
    arguments = [sys.executable, "-c", main, "agent"]
    return subprocess.Popen(arguments, env=os.environ | settings, stderr=subprocess.PIPE, text=True)


def host_once(server: Any, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The host, once the condition holds of it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        for host in server.call("/api/v1/hosts")["hosts"]:
            if condition(host):
                return dict(host)
        assert time.monotonic() < deadline, server.call("/api/v1/hosts")
        time.sleep(0.05)


def test_a_stop_in_order_is_told(server: Any, tmp_path: Path) -> None:
    agent = start_agent(server, tmp_path / "agent")
    try:
        assert host_once(server, lambda host: host["seen_ns"] > 0)["state"] == "New"
        agent.terminate()
        assert agent.wait(PATIENCE) == 0
    finally:
        agent.kill()
        agent.communicate()
    (host,) = server.call("/api/v1/hosts")["hosts"]
    assert host["state"] == "Offline"
    assert host["reason"].startswith("stopped in order at ")
    assert host["reason"].endswith("nothing waits in its spool")
    again = start_agent(server, tmp_path / "agent")
    try:
        assert host_once(server, lambda host: host["state"] != "Offline")["id"] == host["id"]
    finally:
        again.kill()
        again.communicate()


def test_without_a_server_the_agent_stops_all_the_same(server: Any, tmp_path: Path) -> None:
    agent = start_agent(server, tmp_path / "agent")
    try:
        host_once(server, lambda host: host["seen_ns"] > 0)
        server.kill()
        agent.terminate()
        said = agent.communicate(timeout=PATIENCE)[1]
    finally:
        agent.kill()
    assert agent.returncode == 0
    assert "the server did not hear of this stop" in said
