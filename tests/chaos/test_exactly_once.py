"""Records that an agent has accepted are stored exactly once, whoever is killed, and when.

Real processes, real sockets, SIGKILL. What an agent had accepted at the moment of its death is read from its spool,
before it is started again; the server's store is read by opening it when everything has stopped.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.helpers import free_port, wait_for

from outrider.formats import msgpack
from outrider.spool import chunkfile

RECORDS = int(os.environ.get("OUTRIDER_CHAOS_RECORDS", "100000"))
KILLS = 3
SLICE = 2_000
PATIENCE = 90.0

OUTRIDER = [sys.executable, "-c", "import sys; from outrider.cli import main; sys.exit(main())"]
NUMBER = re.compile(rb"record (\d+) of the test")
READ_STORE = """
import sys
from chdb.session import Session
query = "SELECT extract(message, 'record ([0-9]+) of the test') FROM records"
sys.stdout.buffer.write(Session(sys.argv[1]).query(query, "TabSeparated").bytes())
"""


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="chaos-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Process:
    """An outrider command in a process group of its own."""

    def __init__(self, place: Path, name: str, arguments: list[str], environment: dict[str, str] | None = None) -> None:
        self.log = place / f"{name}.log"
        self._out = open(self.log, "ab")  # noqa: SIM115 - closed with the process
        self.process = subprocess.Popen(
            [*OUTRIDER, *arguments],
            stdout=self._out,
            stderr=self._out,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._out.close()

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(60)
        finally:
            self.kill()


class House:
    """A server and an agent on one machine, each of which can be killed and started again."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.page, self.ingest, self.syslog = free_port(), free_port(), free_port()
        self.server = self.start_server()
        self.ready = self._ready()
        self.agent = self.start_agent()

    def start_server(self) -> Process:
        listen = ["--listen", f"127.0.0.1:{self.page}", "--ingest", f"127.0.0.1:{self.ingest}"]
        return Process(
            self.place, "server", ["server", "run", "--data", str(self.place / "data"), "--ready-json", *listen]
        )

    def _ready(self) -> dict[str, str]:
        found: list[dict[str, str]] = []

        def is_ready() -> bool:
            for line in self.server.log.read_text().splitlines():
                if line.startswith("{"):
                    found.append(json.loads(line))
                    return True
            return False

        wait_for(is_ready, lambda: "the server's ready line")
        return found[0]

    def start_agent(self) -> Process:
        environment = {
            "OUTRIDER_TOKEN": self.ready["token"],
            "OUTRIDER_SERVER": f"https://127.0.0.1:{self.ingest}",
            "OUTRIDER_STATE": str(self.place / "agent"),
            "OUTRIDER_SYSLOG_PORT": str(self.syslog),
        }
        return Process(self.place, "agent", ["agent"], environment)

    def connect(self) -> socket.socket:
        deadline = time.monotonic() + 30
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.syslog), timeout=30)
            except OSError:
                assert time.monotonic() < deadline, self.agent.log.read_text()[-2000:]
                time.sleep(0.02)

    def spooled(self) -> list[int]:
        """The numbers of the records in the agent's spool; a torn last frame does not count, as at recovery."""
        numbers: list[int] = []
        for path in sorted((self.place / "agent" / "spool").rglob(f"*{chunkfile.SUFFIX}")):
            copy = self.place / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            copy.mkdir()
            shutil.copy(path, copy)
            for found in chunkfile.recover(copy):
                assert not isinstance(found, str), found
                numbers += [int(n) for raw in chunkfile.read(found.path) for n in NUMBER.findall(raw)]
        return numbers

    def drained(self) -> bool:
        return not any((self.place / "agent" / "spool").rglob(f"*{chunkfile.SUFFIX}"))

    def stored(self) -> list[int]:
        """What is in the store after the server has stopped."""
        assert self.server.stop() == 0, self.server.log.read_text()[-2000:]
        store = self.place / "data" / "store" / "chdb"
        result = subprocess.run(
            [sys.executable, "-c", READ_STORE, str(store)], capture_output=True, check=True, timeout=120
        )
        return [int(line) for line in result.stdout.split()]

    def close(self) -> None:
        self.agent.kill()
        self.server.kill()


def lines(start: int, stop: int) -> bytes:
    return b"".join(b"<14>Nov 21 09:30:00 0123456789ab web[1]: record %d of the test\n" % n for n in range(start, stop))


def kill_points() -> set[int]:
    return {RECORDS * (n + 1) // (KILLS + 1) // SLICE * SLICE for n in range(KILLS)}


class Sender(threading.Thread):
    """Sends all records without pause; when the agent dies it connects again and goes on with the next slice."""

    def __init__(self, house: House) -> None:
        super().__init__(daemon=True)
        self.house = house
        self.sent = 0

    def run(self) -> None:
        connection = self.house.connect()
        while self.sent < RECORDS:
            try:
                connection.sendall(lines(self.sent, min(self.sent + SLICE, RECORDS)))
            except OSError:
                connection.close()
                connection = self.house.connect()
            self.sent += SLICE
            time.sleep(0.02)
        connection.close()


def test_an_agent_killed_three_times_loses_and_doubles_nothing_that_it_had_accepted(place: Path) -> None:
    house = House(place)
    try:
        accepted_at_death: set[int] = set()
        sender = Sender(house)
        sender.start()
        for point in sorted(kill_points()):
            wait_for(lambda point=point: sender.sent >= point, lambda: "the sender to come so far")
            house.agent.kill()
            accepted_at_death |= set(house.spooled())
            house.agent = house.start_agent()
        sender.join(PATIENCE)
        assert not sender.is_alive()
        wait_for(house.drained, lambda: "the agent delivers its spool")
        assert house.agent.stop() == 0
        stored = house.stored()
    finally:
        house.close()
    assert len(stored) == len(set(stored)), "a record is stored twice"
    assert accepted_at_death, "no kill met an agent with records"
    assert accepted_at_death <= set(stored), "an accepted record is lost"
    # What no agent had read from its socket died with the connection: at most a few slices a kill.
    assert len(stored) >= RECORDS - KILLS * 5 * SLICE
    assert RECORDS - 1 in stored, "records after the last kill are lost"


def test_a_server_killed_three_times_has_every_record_once(place: Path) -> None:
    house = House(place)
    try:
        connection = house.connect()
        for start in range(0, RECORDS, SLICE):
            if start in kill_points():
                house.server.kill()
                connection.sendall(lines(start, start + SLICE))
                house.server = house.start_server()
                continue
            connection.sendall(lines(start, min(start + SLICE, RECORDS)))
            time.sleep(0.02)
        connection.close()
        wait_for(lambda: house.drained() and delivered(place) == RECORDS, lambda: "the agent delivers everything")
        assert house.agent.stop() == 0
        status = json.loads((place / "agent" / "status.json").read_text())
        stored = house.stored()
    finally:
        house.close()
    assert (status["accepted"], status["delivered"], status["dropped"]) == (RECORDS, RECORDS, {})
    assert sorted(stored) == list(range(RECORDS))


def delivered(place: Path) -> int:
    try:
        return int(json.loads((place / "agent" / "status.json").read_text())["delivered"])
    except FileNotFoundError:
        return 0


def test_msgpack_pieces_hold_the_lines_as_they_came() -> None:
    """``spooled`` looks for the numbers in raw pieces: they must be there unchanged."""
    assert NUMBER.findall(msgpack.encode([0, {}, "", lines(7, 9)])) == [b"7", b"8"]
