"""An agent that is the log router is killed while records come: what it acknowledged is stored."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path

import msgpack
from tests.chaos.test_exactly_once import KILLS, PATIENCE, House, Process
from tests.helpers import wait_for

RECORDS = 20_000
SLICE = 200
CONFIGURATION = """
[INPUT]
    Name forward
    unix_path {place}/fluent.sock
    Mem_Buf_Limit 25MB
[FILTER]
    Name record_modifier
    Match *
    Record ecs_cluster default
[OUTPUT]
    Name null
    Match firelens-healthcheck
"""


class RouterHouse(House):
    """The agent runs a configuration with Docker's socket."""

    def start_agent(self) -> Process:
        file = self.place / "router.conf"
        file.write_text(CONFIGURATION.format(place=self.place))
        environment = {
            "OUTRIDER_TOKEN": self.ready["token"],
            "OUTRIDER_SERVER": f"https://127.0.0.1:{self.ingest}",
            "OUTRIDER_STATE": str(self.place / "agent"),
            "OUTRIDER_SYSLOG_PORT": str(self.syslog),
        }
        return Process(self.place, "agent", ["agent", "-c", str(file)], environment)


class Sender(threading.Thread):
    """Sends slices, each until it is acknowledged, as Docker's driver does with ``fluentd-request-ack``."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.acknowledged = 0

    def run(self) -> None:
        while self.acknowledged < RECORDS:
            try:
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.settimeout(5)
                    connection.connect(str(self.path))
                    while self.acknowledged < RECORDS:
                        self._slice(connection)
            except OSError:
                time.sleep(0.02)

    def _slice(self, connection: socket.socket) -> None:
        start = self.acknowledged
        record = {"container_name": "/web", "container_id": "c0ffee", "source": "stdout"}
        entries = [[1_800_000_000, {**record, "log": f"record {n} of the test"}] for n in range(start, start + SLICE)]
        connection.sendall(msgpack.packb(["web-firelens-1", entries, {"chunk": str(start)}]))
        unpacker = msgpack.Unpacker()
        while True:
            data = connection.recv(4096)
            if not data:
                raise ConnectionError("no acknowledgement")
            unpacker.feed(data)
            if any(answer.get("ack") == str(start) for answer in unpacker):
                self.acknowledged = start + SLICE
                return


def test_what_was_acknowledged_is_stored(tmp_path: Path) -> None:
    house = RouterHouse(tmp_path)
    try:
        sender = Sender(tmp_path / "fluent.sock")
        sender.start()
        for number in range(KILLS):
            point = RECORDS * (number + 1) // (KILLS + 1)
            wait_for(lambda point=point: sender.acknowledged >= point, lambda: house.agent.log.read_text()[-2000:])
            house.agent.kill()
            house.agent = house.start_agent()
        sender.join(PATIENCE)
        assert sender.acknowledged == RECORDS
        wait_for(house.drained, lambda: "the agent delivers its spool")
        assert house.agent.stop() == 0
        status = json.loads((tmp_path / "agent" / "status.json").read_text())
        stored = house.stored()
    finally:
        house.close()
    assert set(stored) == set(range(RECORDS)), "an acknowledged record is lost"
    assert len(stored) - len(set(stored)) <= KILLS * SLICE, "more came twice than was under way at a kill"
    assert status["pipeline"]["balance"] is True
    assert (status["accepted"], status["buffered"], status["dropped"]) == (status["delivered"], 0, {})
