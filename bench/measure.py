"""A router as a whole process. CPU time is its own, children included, so it does not depend on who else is busy."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.pipelines import PARSERS, SERVICE, Pipeline
from bench.records import ROUND, payload
from bench.sink import File, Listener

_POLL_SECONDS = 0.02
_START_SECONDS = 20
_IDLE_SECONDS = 3
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run has shown; memory in MiB."""

    sent: int
    arrived: int
    cpu_seconds: float
    wall_seconds: float
    peak_mib: float

    @property
    def lost(self) -> int:
        """Records that did not arrive."""
        return max(self.sent - self.arrived, 0)


def measure(router: Sequence[str], pipeline: Pipeline, records: int, patience: float) -> Figures:
    """Send ``records`` (rounded up) at full speed; stop waiting after ``patience`` seconds without progress."""
    data, rounds = payload(pipeline.form), -(-records // ROUND)
    sent = rounds * ROUND
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder, contextlib.closing(Listener()) as listener:
        socket_path, port = f"{folder}/in.sock", _free_port()
        values = {"SOCK": socket_path, "IN": port, "OUT": listener.port, "DIR": folder, "LIMIT": pipeline.limit}
        sink = File(Path(folder, "out.log")) if pipeline.writes_a_file else listener
        with _running(router, folder, pipeline.sections, values) as process:
            address = ("127.0.0.1", port) if pipeline.form == "syslog" else socket_path
            with _connected(address, process) as connection:
                cpu, begin = cpu_seconds(process.pid), time.monotonic()
                _send(connection, data, rounds)
                _wait(lambda: sink.count, sent, patience, process)
                end = time.monotonic()
                return Figures(
                    sent, sink.count, cpu_seconds(process.pid) - cpu, end - begin, memory_mib(process.pid, "VmHWM")
                )


def idle_mib(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """Resident memory of a process that has nothing to do, in MiB."""
    with _process(command, environment) as process:
        time.sleep(_IDLE_SECONDS)
        return memory_mib(process.pid, "VmRSS")


def idle_router_mib(router: Sequence[str], pipeline: Pipeline) -> float:
    """The same of a router with this pipeline."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder, contextlib.closing(Listener()) as listener:
        values = {
            "SOCK": f"{folder}/in.sock", "IN": _free_port(), "OUT": listener.port, "DIR": folder, "LIMIT": "50M"
        }  # fmt: skip
        path = _configuration(folder, pipeline.sections, values)
        return idle_mib([*router, "-c", path])


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, ended ones included."""
    total = 0
    for entry in _family(pid):
        with contextlib.suppress(OSError):  # it has ended: its parent has its time
            fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total / _TICKS


def memory_mib(pid: int, what: str) -> float:
    """``VmRSS`` or its peak ``VmHWM`` of a process and its children."""
    total = 0
    for entry in _family(pid):
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{entry}/status").read_text()
            total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{what}:"))
    return total / 1024


def _family(pid: int) -> list[int]:
    found = [pid]
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += _family(int(child))
    return found


def _configuration(folder: str, sections: str, values: Mapping[str, object]) -> str:
    text = SERVICE + sections
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    path = Path(folder, "router.conf")
    path.write_text(text)
    Path(folder, "parsers.conf").write_text(PARSERS)
    return str(path)


@contextlib.contextmanager
def _running(
    router: Sequence[str], folder: str, sections: str, values: Mapping[str, object]
) -> Iterator[subprocess.Popen[bytes]]:
    with _process([*router, "-c", _configuration(folder, sections, values)]) as process:
        yield process


@contextlib.contextmanager
def _process(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(list(command), env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _connected(address: str | tuple[str, int], process: subprocess.Popen[bytes]) -> socket.socket:
    """A connection to the router, as soon as it listens."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        connection = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        try:
            connection.connect(address)
            return connection
        except OSError as error:
            connection.close()
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"bench: the router does not listen: {error}; its log is above") from error
            time.sleep(_POLL_SECONDS)


def _send(connection: socket.socket, data: bytes, rounds: int) -> None:
    """Write the payload again and again; less often where the router hangs up: what it did not take is lost."""
    with contextlib.suppress(ConnectionError):
        for _ in range(rounds):
            connection.sendall(data)


def _wait(arrived: Callable[[], int], wanted: int, patience: float, process: subprocess.Popen[bytes]) -> None:
    last, since = -1, time.monotonic()
    while (count := arrived()) < wanted:
        now = time.monotonic()
        if count > last:
            last, since = count, now
        if now - since > patience or process.poll() is not None:
            return
        time.sleep(_POLL_SECONDS)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
