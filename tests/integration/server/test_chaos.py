"""SIGKILL to the server or to its store process at any moment: nothing acknowledged is lost or stored twice."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.helpers import wait_for

from outrider.protocols.uplink import Row
from outrider.server.adapters.chdb.cursor import load

Make = Callable[..., Any]
ROUNDS = int(os.environ.get("OUTRIDER_ROUNDS", "4"))
ROWS = 40


class Sender(threading.Thread):
    """Sends batches of numbered lines until told to stop; one that was not acknowledged is sent again under its id."""

    def __init__(self, agent: Any, make_row: Callable[..., Row]) -> None:
        super().__init__(daemon=True)
        self.agent, self.make_row = agent, make_row
        self.acknowledged: list[str] = []
        self.again = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        batch = ""
        while not (self.stopping.is_set() and not batch):
            batch = batch or secrets.token_hex(16)
            rows = [self.make_row(f"{batch} {n}", container=batch[:2]) for n in range(ROWS)]
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, answer = self.agent.send(rows, batch)
                if status == 200:
                    assert answer["durable"] is True
                    self.acknowledged.append(batch)
                    batch = ""
            self.again += bool(batch)
            time.sleep(0.05 if batch else 0.01)


def stored_lines(server: Any) -> Counter[str]:
    """Every line in the store, through the API, page by page."""
    lines: Counter[str] = Counter()
    cursor = ""
    while True:
        page = server.call("/api/v1/logs", **{"from": "1d", "limit": "1000", "cursor": cursor})
        lines.update(record["message"] for record in page["records"])
        if not page["next"]:
            return lines
        cursor = page["next"]


def check(server: Any, sender: Sender) -> None:
    ledger = server.wait_stored()
    assert ledger["lost"] == 0
    lines = stored_lines(server)
    expected = Counter(f"{batch} {n}" for batch in sender.acknowledged for n in range(ROWS))
    assert lines == expected
    assert ledger["received"] == len(expected)


def test_the_server_is_killed(make_server: Make, make_agent: Make, make_row: Callable[..., Row]) -> None:
    server = make_server()
    sender = Sender(make_agent(server), make_row)
    sender.start()
    for n in range(ROUNDS):
        enough = len(sender.acknowledged) + 3
        while len(sender.acknowledged) < enough:
            assert sender.is_alive(), server.log()
            time.sleep(0.005)
        # Late enough in some rounds that the store is in the middle of an insert.
        time.sleep(random.Random(n).uniform(0, 0.6))
        server.kill()
        server = make_server(ports=server.ports)
    sender.stopping.set()
    sender.join(60)
    assert sender.again >= 1
    check(server, sender)


def test_the_store_process_is_killed(server: Any, make_agent: Make, make_row: Callable[..., Row]) -> None:
    sender = Sender(make_agent(server), make_row)
    sender.start()
    for n in range(ROUNDS):
        time.sleep(random.Random(n).uniform(0.1, 0.8))
        child = store_process(server)
        os.kill(child, signal.SIGKILL)
        wait_for(lambda gone=child: store_process(server) not in (0, gone), server.log)
    sender.stopping.set()
    sender.join(60)
    assert sender.again == 0, "the agents' port works without the store"
    check(server, sender)
    assert server.call("/api/v1/ledger")["store"]["restarts"] == ROUNDS


def test_damaged_parts_are_replayed_from_the_log(
    make_server: Make, make_agent: Make, make_row: Callable[..., Row]
) -> None:
    server = make_server()
    sender = Sender(make_agent(server), make_row)
    sender.start()
    wait_for(lambda: len(sender.acknowledged) >= 10, server.log)
    sender.stopping.set()
    sender.join(60)
    server.wait_stored()
    server.kill()
    parts = (server.data / "store" / "chdb" / "store").rglob("*.bin")
    # A part is a directory named like 20260131_1_1_0; small ones keep all columns in one file.
    victims = [path for path in parts if path.parent.name.count("_") == 3 and path.name in ("data.bin", "message.bin")]
    assert victims
    for path in victims:
        os.truncate(path, path.stat().st_size // 2)
    server = make_server(ports=server.ports)
    check(server, sender)
    assert "set damaged parts aside" in server.log()
    server.kill()
    check(make_server(ports=server.ports), sender)


def test_damage_in_the_log_is_counted_as_lost(
    make_server: Make, make_agent: Make, make_row: Callable[..., Row]
) -> None:
    server = make_server()
    agent = make_agent(server)
    for n in range(3):
        assert agent.send([make_row(f"batch {n}")] * (n + 1))[0] == 200
    server.wait_stored()
    os.kill(store_process(server), signal.SIGSTOP)
    for n in range(3, 6):
        assert agent.send([make_row(f"batch {n}")] * (n + 1))[0] == 200
    server.kill()
    stored = load(server.data / "store" / "cursor.json").stored
    (segment,) = (server.data / "log").glob("*.seg")
    with segment.open("r+b") as file:
        file.seek(stored + 70)
        file.write(b"damage")
    server = make_server(ports=server.ports)
    ledger = server.wait_stored()
    assert (ledger["received"], ledger["lost"], ledger["in_store"]) == (21, 4, 17)


def test_the_log_goes_on_while_the_store_cannot_start(
    make_server: Make, make_agent: Make, make_row: Callable[..., Row], tmp_path: Path
) -> None:
    (tmp_path / "data" / "store").mkdir(parents=True)
    (tmp_path / "data" / "store" / "cursor.json").write_text('{"engine": "9999.1"}')
    server = make_server()
    agent = make_agent(server)
    assert agent.send([make_row("waits")])[0] == 200
    assert "written by engine 9999.1" in server.log()
    server.kill()
    (tmp_path / "data" / "store" / "cursor.json").unlink()
    assert make_server(ports=server.ports).wait_stored()["in_store"] == 1


SMALL_LOG = """
import sys
import msgspec
from outrider.cli import main
from outrider.server import program
run = program.run
program.run = lambda options: run(msgspec.structs.replace(options, log_waiting_bytes=100_000))
sys.exit(main())
"""


def test_a_store_that_stands_still_stops_the_agents_and_loses_nothing(
    make_server: Make, make_agent: Make, make_row: Callable[..., Row]
) -> None:
    server = make_server(main=SMALL_LOG)
    agent = make_agent(server)
    agent.heartbeat()
    rows = [make_row(secrets.token_hex(500)) for _ in range(50)]
    # Containers are counted here and remembered for a while: later the store would not answer.
    assert server.call("/api/v1/hosts")["hosts"]
    os.kill(store_process(server), signal.SIGSTOP)
    sent, status, answer = 0, 200, {}
    while status == 200:
        assert sent < 20
        batch = f"{sent:032x}"
        status, answer = agent.send(rows, batch)
        sent += status == 200
    assert (status, answer["error"]["code"]) == (503, "overloaded")
    assert agent.heartbeat().state == "Error"
    (host,) = server.call("/api/v1/hosts")["hosts"]
    assert host["state"] == "Error"
    assert "wait for the store" in host["reason"]
    assert "caught up" in host["fix"]

    os.kill(store_process(server), signal.SIGCONT)
    wait_for(lambda: agent.send(rows, batch)[0] == 200, server.log)
    assert agent.heartbeat().state == "OK"
    ledger = server.wait_stored()
    assert (ledger["in_store"], ledger["lost"]) == ((sent + 1) * len(rows), 0)


def store_process(server: Any) -> int:
    """The pid of the store process; 0 where there is none."""
    with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children") as file:
        return int((file.read().split() or ["0"])[0])
