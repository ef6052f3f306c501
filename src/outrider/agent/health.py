"""What an agent says of itself: capabilities, ledger, containers, problems."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from outrider import __version__
from outrider.agent.preset import UPLINK
from outrider.pipeline.engine import Engine
from outrider.plugins.outputs.uplink.plugin import Uplink
from outrider.protocols.uplink import ContainerState, Heartbeat, Ledger, Problem
from outrider.protocols.uplink.readable import readable

_TEXT_MAX = 1000


def functions(held: list[str], port: int) -> list[str]:
    """What the agent does with these capabilities, as lines for the log at start."""
    lines = ["collects syslog and container logs: yes", "network detection: not built yet"]
    if port < 1024 and "NET_BIND_SERVICE" not in held:
        lines.append(f"listens on port {port}: no, needs NET_BIND_SERVICE")
    return lines


def own_ledger(engine: Engine) -> Ledger:
    """``accepted = delivered + buffered + dropped`` of this process and what it found in the spool."""
    sheet = engine.ledger.snapshot()
    inputs, outputs = sheet["inputs"].values(), sheet["outputs"].values()
    dropped: dict[str, int] = {}
    for row in [*inputs, *outputs]:
        for reason, count in row["dropped"].items():
            dropped[reason] = dropped.get(reason, 0) + count
    return Ledger(
        accepted=sum(row["accepted"] for row in inputs),
        delivered=sum(row["delivered"] for row in outputs),
        buffered=sum(row["waiting"] for row in inputs) + sum(row["buffered"] for row in outputs),
        dropped=dropped,
    )


def _uplink(engine: Engine) -> Uplink:
    output = next(item.plugin for item in engine.outputs if item.name == UPLINK)
    assert isinstance(output, Uplink)
    return output


def spool_problems(engine: Engine) -> list[Problem]:
    """Inputs whose spool cannot be written."""
    return [
        Problem(f"{item.intake.name}: {item.intake.trouble}; senders wait", "free disk space", "error")
        for item in engine.inputs
        if item.intake.trouble
    ]


def heartbeat(engine: Engine, uptime: float, held: list[str], problems: list[Problem]) -> Heartbeat:
    """The heartbeat's body."""
    containers = [
        ContainerState(name=name, id=seen.id, state="logging", last_log_ns=max(seen.last, 0), records=seen.records)
        for name, seen in _uplink(engine).seen.items()
    ]
    refused = sum(sum(row["refused"].values()) for row in engine.ledger.snapshot()["inputs"].values())
    found = [*problems, *spool_problems(engine)]
    if refused:
        found.append(
            Problem(f"{refused} messages could not be taken in", "see 'refused' in 'outrider agent status'", "warning")
        )
    return Heartbeat(
        version=__version__,
        uptime_seconds=uptime,
        capabilities=held,
        ledger=own_ledger(engine),
        containers=containers[:1000],
        problems=[Problem(item.what[:_TEXT_MAX], item.fix[:_TEXT_MAX], item.level) for item in found[:100]],
    )


def status(engine: Engine, problems: list[Problem], enrolled: bool) -> dict[str, Any]:
    """The content of the status file."""
    ledger = own_ledger(engine)
    return {
        "version": __version__,
        "pid": os.getpid(),
        "enrolled": enrolled,
        "accepted": ledger.accepted,
        "delivered": ledger.delivered,
        "buffered": ledger.buffered,
        "dropped": ledger.dropped,
        "problems": [msgspec.to_builtins(problem) for problem in [*problems, *spool_problems(engine)]],
        "containers": {name: seen.records for name, seen in _uplink(engine).seen.items()},
        "pipeline": engine.ledger.snapshot(),
    }


def write_status(path: Path, content: dict[str, Any]) -> None:
    """Replace the status file. Raises OSError."""
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(readable(content)), indent=2) + b"\n")
    os.replace(temporary, path)
