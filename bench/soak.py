"""A long run at a steady rate: the resident memory of the router, minute by minute."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.collector import Collector
from bench.faults import configuration
from bench.measure import memory_mib
from bench.process import Router, free_port
from bench.sender import Sender

SETTLED_MINUTE = 10
GROWTH_MAX = 0.05
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Minute:
    """Resident memory in MiB at the end of a minute, and how many records had been acknowledged."""

    number: int
    resident_mib: float
    records: int


def soak(router: Sequence[str], minutes: int, rate: float) -> Iterator[Minute]:
    """One line a minute, from the first one on."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        collector, port = Collector(keeps=False), free_port()
        path = Path(folder, "router.conf")
        path.write_text(configuration(folder, port, free_port(), "127.0.0.1", collector.port, ""))
        process, sender = Router(router, path), Sender(port, rate)
        try:
            if not process.listens(port):
                raise SystemExit(f"bench: the router does not start:\n{process.log.read_text()[-2000:]}")
            begin = time.monotonic()
            sender.start()
            for number in range(1, minutes + 1):
                time.sleep(max(begin + number * _MINUTE - time.monotonic(), 0))
                yield Minute(number, memory_mib(process.process.pid, "VmRSS"), sender.acknowledged)
        finally:
            sender.stop()
            process.kill()
            collector.shut()


def growth(minutes: Sequence[Minute]) -> float | None:
    """How much larger the end is than the tenth minute, as a share; None where there is no later one."""
    if len(minutes) <= SETTLED_MINUTE:
        return None
    settled = minutes[SETTLED_MINUTE - 1].resident_mib
    return minutes[-1].resident_mib / settled - 1
