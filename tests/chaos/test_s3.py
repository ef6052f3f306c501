"""Records that were acknowledged are in S3, whoever is killed, and when.

A router with a spool, an S3 that recomputes every signature, SIGKILL at moments that nobody chose. Chunks without an
acknowledgement are sent again by the sender, under the same id, as Fluentd's own do.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgpack
import pytest
from tests.stand_ins import s3 as s3_stand_in

RECORDS = int(os.environ.get("OUTRIDER_CHAOS_RECORDS", "60000"))
KILLS = int(os.environ.get("OUTRIDER_CHAOS_KILLS", "8"))
CHUNK = 200
PACE = 0.02
"""Seconds between two chunks: the kills shall meet a router at work."""
PATIENCE = 90.0
OUTRIDER = [sys.executable, "-c", "import sys; from outrider.cli import main; sys.exit(main())"]
CONFIGURATION = """
[SERVICE]
    Flush 0.2
    Grace 30
    storage.path {place}/spool
[INPUT]
    Name forward
    unix_path {place}/f.sock
    storage.type filesystem
[OUTPUT]
    Name s3
    Match *
    bucket bucket
    endpoint {endpoint}
    store_dir {place}/store
    s3_key_format /$TAG/$UUID
    compression {compression}
    upload_timeout 1s
    Retry_Limit False
    {more}
"""


@pytest.fixture(scope="module")
def stand_in() -> ModuleType:
    return s3_stand_in


@pytest.fixture
def s3(stand_in: ModuleType) -> Iterator[Any]:
    server = stand_in.S3("bucket")
    server.slow_down = stand_in.RefusalError(503, "SlowDown")
    yield server
    server.close()


class Router:
    """The process; a new one is started whenever one was killed."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.start()

    def start(self) -> None:
        (self.place / "f.sock").unlink(missing_ok=True)
        environment = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
        with open(self.place / "log", "ab") as log:
            self.process = subprocess.Popen(
                [*OUTRIDER, "route", "-c", str(self.place / "router.conf")],
                stderr=log,
                stdout=log,
                env={**os.environ, **environment, "AWS_EC2_METADATA_DISABLED": "true"},
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE)


class Sender(threading.Thread):
    """Sends every chunk until it is acknowledged; ``resent`` counts records sent more than once."""

    def __init__(self, path: Path, records: int) -> None:
        super().__init__(daemon=True)
        self.path, self.records = path, records
        self.acknowledged = 0
        self.resent = 0
        self._socket: socket.socket | None = None

    def run(self) -> None:
        for first in range(0, self.records, CHUNK):
            name = f"chunk-{first}"
            entries = [[1_700_000_000 + n, {"id": n, "text": "x" * 200}] for n in range(first, first + CHUNK)]
            message = msgpack.packb([f"app.{first % 3}", entries, {"chunk": name}])
            tries = 0
            while not self._deliver(message, name):
                tries = 1
            self.resent += tries * CHUNK
            self.acknowledged += CHUNK
            time.sleep(PACE)

    def _deliver(self, message: bytes, name: str) -> bool:
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX)
                self._socket.settimeout(20)
                self._socket.connect(str(self.path))
            self._socket.sendall(message)
            unpacker = msgpack.Unpacker()
            while data := self._socket.recv(4096):
                unpacker.feed(data)
                for answer in unpacker:
                    return bool(answer["ack"] == name)
            raise ConnectionError
        except OSError:
            if self._socket is not None:
                self._socket.close()
            self._socket = None
            time.sleep(0.02)
            return False


@pytest.mark.parametrize(
    ("compression", "more"),
    [("gzip", "total_file_size 1M"), ("none", "total_file_size 12M"), ("zstd", "total_file_size 2M")],
)
def test_nothing_acknowledged_is_lost(short: Path, s3: Any, compression: str, more: str) -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    text = CONFIGURATION.format(place=short, endpoint=s3.endpoint, compression=compression, more=more)
    (short / "router.conf").write_text(text)
    router = Router(short)
    sender = Sender(short / "f.sock", RECORDS)
    sender.start()
    try:
        for kill in itertools.count():
            goal = RECORDS * (kill + 1) // (KILLS + 1)
            deadline = time.monotonic() + PATIENCE
            while sender.acknowledged < goal and sender.is_alive():
                assert time.monotonic() < deadline, (short / "log").read_text()[-3000:]
                time.sleep(0.005)
            if kill == KILLS:
                break
            s3.failures.extend(chance.choices(["late", "silence", s3.slow_down, None], k=4))
            time.sleep(chance.uniform(0, 0.3))
            router.kill()
            router.start()
        sender.join(PATIENCE)
        assert not sender.is_alive()
        assert router.stop() == 0
    finally:
        router.kill()
    log = (short / "log").read_text()
    seen = Counter(json.loads(line)["id"] for line in s3.lines())
    assert all(json.loads(line)["text"] == "x" * 200 for line in s3.lines())
    lost = set(range(RECORDS)) - set(seen)
    assert not lost, f"seed {seed}: {len(lost)} lost, such as {sorted(lost)[:5]}\n{log[-3000:]}"
    doubled = seen.total() - len(seen)
    print(f"{doubled} doubled, the sender repeated {sender.resent}")
    assert doubled <= sender.resent, (
        f"seed {seed}: {doubled} doubled, the sender repeated {sender.resent}\n{log[-3000:]}"
    )
    left = [path for path in (short / "store").rglob("*") if path.suffix in (".data", ".upload", ".broken")]
    assert left == []
