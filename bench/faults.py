"""What a router does while its destination misbehaves: memory, time until delivery resumes, what is lost.

Numbered records come in over Forward with acknowledgements, are kept in the spool and go out over HTTP. Each fault
lasts so many seconds at so many records a second; then all is well again. Faults of packets need root: they happen in
a network of the process's own.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.certificates import Certificates
from bench.collector import Behaviour, Collector, server_side
from bench.measure import memory_mib
from bench.process import Router, free_port, wait_until
from bench.proxy import Proxy
from bench.sender import Sender

RESUME_SECONDS = 15.0
MEMORY_MIB = 128.0
_WARM_UP = 2.0
_DRAIN_SECONDS = 180.0
_NEW_NETWORK_AND_MOUNTS = 0x4000_0000 | 0x0002_0000
_HOST = "collector.test"

_CONFIGURATION = """\
[SERVICE]
    Flush 1
    Grace 10
    storage.path {folder}/spool
    storage.keep.rejected on
    HTTP_Server on
    HTTP_Port {monitor}
    Scheduler.Cap 60
[INPUT]
    Name forward
    Listen 127.0.0.1
    Port {port}
    storage.type filesystem
    Mem_Buf_Limit 20M
[OUTPUT]
    Name http
    Match *
    Host {host}
    Port {out}
    Format json_lines
    Retry_Limit False
{more}
"""


@dataclass(frozen=True, slots=True)
class Result:
    """How it went. ``rejected`` records were refused by the peer for good, and are counted and kept."""

    fault: str
    sent: int
    peak_mib: float
    resumed: float
    drained: float
    lost: int
    duplicates: int
    rejected: int
    balance: bool

    @property
    def good(self) -> bool:
        """Whether it went as it must."""
        return not self.lost and self.balance and self.resumed <= RESUME_SECONDS and self.peak_mib <= MEMORY_MIB

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "good": self.good}


class Stage:
    """A destination, what stands before it, and how it is broken and mended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificates = Certificates(folder)
        self.collector = Collector()
        self.proxy = Proxy(self.collector.port)
        self.host, self.out, self.more = "127.0.0.1", self.collector.port, ""
        self.hosts = folder / "hosts"

    def close(self) -> None:
        """The end."""
        self.collector.shut()


def _iptables(stage: Stage, action: str, *more: str) -> None:
    for side in ("--dport", "--sport"):
        rule = ["-p", "tcp", side, str(stage.out), *more, "-j", "DROP"]
        subprocess.run(["iptables", action, "INPUT", *rule], check=True)


_LOSS = ("-m", "statistic", "--mode", "random", "--probability", "0.3")


def _set(stage: Stage, behaviour: Behaviour) -> None:
    stage.collector.behaviour = behaviour


def _slow(stage: Stage, *, delay: float = 0.0, rate: int = 0) -> None:
    stage.proxy.delay, stage.proxy.rate = delay, rate


def _through_proxy(stage: Stage) -> None:
    stage.out = stage.proxy.port


def _with_tls(stage: Stage) -> None:
    stage.collector.shut()
    stage.collector.wrap = server_side(lambda: stage.certificates.current)
    stage.collector.open()
    stage.host = "localhost"
    stage.more = f"    tls on\n    tls.ca_file {stage.certificates.authority}\n    net.keepalive off\n"


def _by_name(stage: Stage) -> None:
    stage.hosts.write_text(f"127.0.0.1 localhost {_HOST}\n")
    subprocess.run(["mount", "--bind", str(stage.hosts), "/etc/hosts"], check=True)
    stage.host, stage.more = _HOST, "    net.keepalive off\n"


@dataclass(frozen=True, slots=True)
class Fault:
    """``prepare`` sets the stage before the router starts."""

    begin: Callable[[Stage], object]
    end: Callable[[Stage], object]
    prepare: Callable[[Stage], object] = lambda stage: None
    root: bool = False


def _status(status: int, retry_after: int = 0) -> Fault:
    return Fault(lambda stage: _set(stage, Behaviour(status, retry_after)), lambda stage: _set(stage, Behaviour()))


FAULTS: dict[str, Fault] = {
    "refused": Fault(lambda stage: stage.collector.shut(), lambda stage: stage.collector.open()),
    "reset": Fault(
        lambda stage: _set(stage, Behaviour(resets=True)),
        lambda stage: _set(stage, Behaviour()),
    ),
    "black hole": Fault(lambda stage: _iptables(stage, "-A"), lambda stage: _iptables(stage, "-D"), root=True),
    "30 % loss": Fault(
        lambda stage: _iptables(stage, "-A", *_LOSS), lambda stage: _iptables(stage, "-D", *_LOSS), root=True
    ),
    "500 ms delay": Fault(lambda stage: _slow(stage, delay=0.5), lambda stage: _slow(stage), _through_proxy),
    "10 KB/s": Fault(lambda stage: _slow(stage, rate=10_000), lambda stage: _slow(stage), _through_proxy),
    "certificate expired": Fault(
        lambda stage: stage.certificates.expire(), lambda stage: stage.certificates.renew(), _with_tls
    ),
    "name gone": Fault(
        lambda stage: stage.hosts.write_text("127.0.0.1 localhost\n"),
        lambda stage: stage.hosts.write_text(f"127.0.0.1 localhost {_HOST}\n"),
        _by_name,
        root=True,
    ),
    "HTTP 400": _status(400),
    "HTTP 413": _status(413),
    "HTTP 429, Retry-After 5": _status(429, 5),
    "HTTP 500": _status(500),
    "HTTP 503, Retry-After 5": _status(503, 5),
}


def configuration(folder: str, port: int, monitor: int, host: str, out: int, more: str) -> str:
    """Forward on ``port``, the spool below ``folder``, HTTP to ``host`` and ``out``."""
    return _CONFIGURATION.format(folder=folder, port=port, monitor=monitor, host=host, out=out, more=more)


def own_network() -> bool:
    """Move this process, which has no other thread yet, into a network of its own; whether that was possible."""
    if os.geteuid() or ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK_AND_MOUNTS):
        return False
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    return True


def run(router: Sequence[str], name: str, seconds: float, rate: float) -> Result:
    """One fault, from a router's start to its end."""
    fault = FAULTS[name]
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        stage = Stage(Path(folder))
        fault.prepare(stage)
        port, monitor = free_port(), free_port()
        path = Path(folder, "router.conf")
        path.write_text(configuration(folder, port, monitor, stage.host, stage.out, stage.more))
        process, sender = Router(router, path, monitor), Sender(port, rate)
        try:
            if not process.listens(port):
                raise SystemExit(f"bench: the router does not start:\n{process.log.read_text()[-2000:]}")
            sender.start()
            wait_until(lambda: stage.collector.arrived.bodies, 20)
            time.sleep(_WARM_UP)
            fault.begin(stage)
            time.sleep(seconds)
            fault.end(stage)
            return _after(name, stage, process, sender)
        finally:
            sender.stop()
            process.kill()
            stage.close()


def _after(name: str, stage: Stage, process: Router, sender: Sender) -> Result:
    healed, arrived = time.monotonic(), stage.collector.arrived
    wait_until(lambda: arrived.last > healed, 120)
    resumed = arrived.last - healed if arrived.last > healed else float("inf")
    time.sleep(2)
    sender.stop()
    sender.join()
    wait_until(lambda: _buffered(process.ledger()) == 0, _DRAIN_SECONDS, 0.2)
    drained = time.monotonic() - healed
    ledger = process.ledger()
    rejected = sum(sum(row["dropped"].values()) for row in ledger["outputs"].values())
    peak = memory_mib(process.process.pid, "VmHWM")
    process.stop()
    found, altered = arrived.numbers()
    sent = sender.acknowledged
    missing = sum(n not in found for n in range(sent))
    duplicates = sum(times - 1 for times in found.values())
    return Result(
        name,
        sent,
        round(peak, 1),
        round(resumed, 1),
        round(drained, 1),
        missing - rejected + altered,
        duplicates,
        rejected,
        bool(ledger["balance"]),
    )


def _buffered(ledger: dict[str, Any]) -> int:
    waiting = sum(row["waiting"] for row in ledger["inputs"].values())
    return int(waiting + sum(row["buffered"] for row in ledger["outputs"].values()))
