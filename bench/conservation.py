"""Numbered records through Forward with acknowledgements, the spool and HTTP, the router killed again and again.

What was acknowledged must arrive, unaltered; what arrives twice is counted.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.collector import Collector
from bench.process import Router, free_port, wait_until
from bench.sender import Sender

_CONFIGURATION = """\
[SERVICE]
    Flush 1
    Grace 30
    Log_Level info
    storage.path {folder}/spool
    Scheduler.Base 1
    Scheduler.Cap 5
[INPUT]
    Name forward
    Listen 127.0.0.1
    Port {port}
    storage.type filesystem
[OUTPUT]
    Name http
    Match *
    Host 127.0.0.1
    Port {collector}
    Format json_lines
    Retry_Limit False
"""
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the records."""

    records: int
    kills: int
    lost: int
    altered: int
    duplicates: int
    seconds: float

    @property
    def good(self) -> bool:
        """Whether nothing is lost or altered and one in a hundred at most came twice."""
        return not self.lost and not self.altered and self.duplicates <= self.records / 100

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "good": self.good}


def conservation(router: Sequence[str], records: int, kills: int, rate: float, seed: int) -> Result:
    """Send ``records``, ``rate`` a second, with ``kills`` at moments that ``seed`` picks."""
    pick = random.Random(seed)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        collector, port = Collector(), free_port()
        path = Path(folder, "router.conf")
        path.write_text(_CONFIGURATION.format(folder=folder, port=port, collector=collector.port))
        process = Router(router, path)
        sender = Sender(port, rate, records)
        try:
            if not process.listens(port):
                raise SystemExit(f"bench: the router does not start:\n{process.log.read_text()[-2000:]}")
            sender.start()
            for point in sorted(pick.randrange(records) for _ in range(kills)):
                while sender.acknowledged < point and sender.is_alive():
                    time.sleep(0.001)
                time.sleep(pick.uniform(0, 0.5))
                process.kill()
                process.restart()
            sender.join(records / rate + 300)
            expected = sender.acknowledged
            last = [0, time.monotonic()]

            def all_there() -> bool:
                if len(collector.arrived.bodies) > last[0]:
                    last[:] = [len(collector.arrived.bodies), time.monotonic()]
                spool = Path(folder, "spool")
                return not any(spool.rglob("*.chunk")) or time.monotonic() - last[1] > _PATIENCE

            wait_until(all_there, 600, 0.2)
            process.stop()
        finally:
            sender.stop()
            process.kill()
            collector.shut()
        found, altered = collector.arrived.numbers()
        lost = sum(n not in found for n in range(expected))
        duplicates = sum(times - 1 for times in found.values())
        return Result(expected, kills, lost, altered, duplicates, round(time.monotonic() - begin, 1))
