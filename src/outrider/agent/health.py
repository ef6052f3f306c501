"""What an agent says of itself: capabilities, ledger, containers, problems."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from outrider import __version__
from outrider.agent.preset import HEALTH_TAG, UPLINK
from outrider.pipeline.engine import Engine
from outrider.pipeline.filtering import BY_FILTER
from outrider.plugins.outputs.uplink.plugin import Uplink
from outrider.protocols.uplink import ContainerState, Heartbeat, Ledger, Problem
from outrider.protocols.uplink.readable import readable

_TEXT_MAX = 1000


def functions(held: list[str], port: int, config: str = "") -> list[str]:
    """What the agent does with these capabilities, as lines for the log at start."""
    lines = ["collects syslog and container logs: yes", "network detection: not built yet"]
    if config:
        lines.insert(1, f"routes logs as {config} says: yes")
    if port < 1024 and "NET_BIND_SERVICE" not in held:
        lines.append(f"listens on port {port}: no, needs NET_BIND_SERVICE")
    return lines


def own_ledger(engine: Engine) -> Ledger:
    """``accepted = delivered + buffered + dropped`` of what was for the server, also of what was in the spool.

    What filters took out, as a configuration wants it, and what went to other outputs alone does not count.
    """
    taken = [row for (_, tag), row in engine.ledger.taken.items() if tag != HEALTH_TAG]
    sent = [row for (_, _, output), row in engine.ledger.sent.items() if output == UPLINK]
    dropped: Counter[str] = Counter()
    for row in taken:
        dropped.update({why: count for why, count in row.dropped.items() if not why.startswith(BY_FILTER)})
    waiting = sum(row.waiting for row in taken)
    accepted = waiting + dropped.total() + sum(row.routed for row in sent)
    for sent_row in sent:
        dropped.update(sent_row.dropped)
    return Ledger(
        accepted=accepted,
        delivered=sum(row.delivered for row in sent),
        buffered=waiting + sum(row.buffered for row in sent),
        dropped=dict(dropped),
    )


def _uplink(engine: Engine) -> Uplink:
    output = next(item.plugin for item in engine.outputs if item.name == UPLINK)
    assert isinstance(output, Uplink)
    return output


def pipeline_problems(engine: Engine) -> list[Problem]:
    """Inputs whose spool cannot be written, and other outputs than the server that have lost records."""
    found = [
        Problem(f"{item.intake.name}: {item.intake.trouble}; senders wait", "free disk space", "error")
        for item in engine.inputs
        if item.intake.trouble
    ]
    for name, row in engine.ledger.snapshot()["outputs"].items():
        reasons = {why: count for why, count in row["dropped"].items() if not why.startswith(BY_FILTER)}
        if name != UPLINK and reasons:
            told = ", ".join(f"{count} ({why})" for why, count in reasons.items())
            found.append(Problem(f"output {name} has dropped records: {told}", "see the agent's log", "warning"))
    return found


def heartbeat(engine: Engine, uptime: float, held: list[str], problems: list[Problem]) -> Heartbeat:
    """The heartbeat's body."""
    containers = [
        ContainerState(name=name, id=seen.id, state="logging", last_log_ns=max(seen.last, 0), records=seen.records)
        for name, seen in _uplink(engine).seen.items()
    ]
    refused = sum(sum(row["refused"].values()) for row in engine.ledger.snapshot()["inputs"].values())
    found = [*problems, *pipeline_problems(engine)]
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


def status(engine: Engine, problems: list[Problem], enrolled: bool, address: tuple[str, int]) -> dict[str, Any]:
    """The content of the status file; ``address`` is that of the syslog listener."""
    ledger = own_ledger(engine)
    return {
        "version": __version__,
        "pid": os.getpid(),
        "listen": address[0],
        "port": address[1],
        "enrolled": enrolled,
        "accepted": ledger.accepted,
        "delivered": ledger.delivered,
        "buffered": ledger.buffered,
        "dropped": ledger.dropped,
        "problems": [msgspec.to_builtins(problem) for problem in [*problems, *pipeline_problems(engine)]],
        "containers": {name: seen.records for name, seen in _uplink(engine).seen.items()},
        "pipeline": engine.ledger.snapshot(),
    }


def write_status(path: Path, content: dict[str, Any]) -> None:
    """Replace the status file. Raises OSError."""
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(readable(content)), indent=2) + b"\n")
    os.replace(temporary, path)
