"""What a pipeline has done and holds at one moment, as plain numbers: what the monitoring endpoint tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import TypeVar

from outrider.pipeline.engine import Engine
from outrider.pipeline.intake import ChunkIntake
from outrider.pipeline.ledger import Sent, Taken


@dataclass(slots=True)
class InputStatus:
    """Counters since the start; the rest as it is now. Sizes in bytes."""

    name: str
    records: int = 0
    bytes: int = 0
    paused: bool = False
    held: int = 0
    limit: int = 0
    chunks: int = 0
    chunks_up: int = 0
    """In memory, whether or not a file has them too."""
    chunks_on_disk: int = 0
    chunks_busy: int = 0
    """On their way to an output."""
    busy_bytes: int = 0


@dataclass(slots=True)
class FilterStatus:
    """Counters since the start."""

    name: str
    records: int = 0
    added: int = 0
    dropped: int = 0


@dataclass(slots=True)
class OutputStatus:
    """Counters since the start."""

    name: str
    records: int = 0
    bytes: int = 0
    errors: int = 0
    retries: int = 0
    retries_failed: int = 0
    dropped: int = 0
    retried: int = 0


@dataclass(slots=True)
class Status:
    """A pipeline at one moment."""

    inputs: list[InputStatus] = field(default_factory=list)
    filters: list[FilterStatus] = field(default_factory=list)
    outputs: list[OutputStatus] = field(default_factory=list)
    uptime: float = 0.0
    """Seconds."""
    started: float = 0.0
    """Seconds since the epoch."""
    reloads: int = 0
    plugins: dict[str, list[str]] = field(default_factory=dict)
    """Kind to the names of the plugins in use."""


def status(engine: Engine, *, uptime: float, started: float, reloads: int) -> Status:
    """The engine's numbers at this moment."""
    result = Status(uptime=uptime, started=started, reloads=reloads)
    taken: dict[str, list[Taken]] = {}
    for (source, _), row in engine.ledger.taken.items():
        taken.setdefault(source, []).append(row)
    sent: dict[str, list[Sent]] = {}
    for (_, _, name), sent_row in engine.ledger.sent.items():
        sent.setdefault(name, []).append(sent_row)
    for intake in engine.every_intake():
        result.inputs.append(_input(intake, taken.get(intake.name, [])))
    for item in engine.filters:
        emitted = sum(row.accepted for row in taken.get(item.emitter.name, [])) if item.emitter else 0
        result.filters.append(FilterStatus(item.name, item.seen, emitted, item.gone))
    for output in engine.outputs:
        rows = sent.get(output.name, [])
        result.outputs.append(
            OutputStatus(
                output.name,
                sum(row.delivered for row in rows),
                sum(row.bytes for row in rows),
                sum(row.errors for row in rows),
                sum(row.retries for row in rows),
                sum(row.given_up for row in rows),
                sum(row.dropped.total() for row in rows),
                sum(row.retried for row in rows),
            )
        )
    result.plugins = {
        "inputs": _kinds(item.plugin for item in engine.inputs),
        "filters": _kinds(item.plugin for item in engine.filters),
        "outputs": _kinds(item.plugin for item in engine.outputs),
    }
    return result


def failures(engine: Engine, since: float) -> tuple[int, int]:
    """Batches with dropped records and given-up chunks of all outputs, from that moment of the loop's clock on."""

    def recent(times: Iterable[float]) -> int:
        return sum(time >= since for time in times)

    return (
        sum(recent(output.errors) for output in engine.outputs),
        sum(recent(output.given_up) for output in engine.outputs),
    )


def add_up(parts: Sequence[Status]) -> Status:
    """The numbers of several processes of one pipeline as those of one. The first one has every instance."""
    total = Status(uptime=parts[0].uptime, started=parts[0].started, reloads=parts[0].reloads, plugins=parts[0].plugins)
    total.inputs = _sums([part.inputs for part in parts])
    total.filters = _sums([part.filters for part in parts])
    total.outputs = _sums([part.outputs for part in parts])
    return total


_Row = TypeVar("_Row", InputStatus, FilterStatus, OutputStatus)


def _sums(lists: Sequence[list[_Row]]) -> list[_Row]:
    sums: dict[str, _Row] = {}
    for row in (row for rows in lists for row in rows):
        first = sums.setdefault(row.name, row)
        if first is row:
            continue
        for item in fields(row):
            if item.name != "name":
                setattr(first, item.name, getattr(first, item.name) + getattr(row, item.name))
    for row in sums.values():
        if isinstance(row, InputStatus):
            row.paused = bool(row.paused)
    return list(sums.values())


def _kinds(plugins: Iterable[object]) -> list[str]:
    return sorted({type(plugin).__module__.split(".")[-2] for plugin in plugins})


def _input(intake: ChunkIntake, rows: list[Taken]) -> InputStatus:
    found = InputStatus(intake.name, sum(row.accepted for row in rows), sum(row.bytes for row in rows))
    found.paused, found.held, found.limit = intake.full, intake.held, intake.limit
    for chunk in intake.live.values():
        found.chunks += 1
        found.chunks_up += bool(chunk.pieces)
        found.chunks_on_disk += chunk.path is not None
        found.chunks_busy += bool(chunk.pending)
        found.busy_bytes += chunk.size if chunk.pending else 0
    return found
