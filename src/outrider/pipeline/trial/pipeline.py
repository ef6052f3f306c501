"""A pipeline on trial: records go in, and what each output would get comes back. Nothing leaves the process.

Inputs and outputs are stand-ins that take the real ones' options; filters, parsers, processors, tags and routes are
the real ones. Nothing is stored, and filters do no background work, so that what needs a network knows nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from outrider.model.batch import Batch, Record
from outrider.model.errors import Place, UserError
from outrider.pipeline import registry
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.log import Log
from outrider.pipeline.plugin import Delivery, Filter, Input, Intake, Output

_GRACE: Final = 30
_SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Given:
    """Records under one tag, one second apart. ``input`` is an instance's name; empty: the first input."""

    tag: str
    records: Sequence[Record]
    time: int
    input: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as an output got it; ``time`` in nanoseconds."""

    tag: str
    time: int
    record: Record


@dataclass(slots=True)
class Outcome:
    """What each output got, by instance name, and how many records were dropped, by reason.

    The records of one tag stand together: first the tags that were sent, in that order, then new ones as they came.
    """

    outputs: dict[str, list[Kept]] = field(default_factory=dict)
    plugins: dict[str, str] = field(default_factory=dict)
    """Output's name to its plugin's."""
    dropped: Counter[str] = field(default_factory=Counter)
    filters: list[str] = field(default_factory=list)
    """Names of the filters, those of inputs and outputs too."""


async def run(
    configuration: Configuration, given: Sequence[Given], environment: Mapping[str, str], findings: Findings, log: Log
) -> Outcome:
    """Send the records through the pipeline of this configuration. Raises UserError with every fault."""
    stage = _Stage(given)
    service = build.read_service(configuration, environment, log, findings)
    plan = build.plan(configuration, service, environment, log, findings, stage.plugin_class)
    findings.raise_errors()
    findings.log_warnings(log)
    if not plan.of_kind("input"):
        raise UserError("the configuration has no input", fix="add one; 'Name dummy' will do")
    for instance in plan.instances:
        _keep_in_memory(instance)
    plan.service = dataclasses.replace(service, storage_path="", storage_keep_rejected=False, flush=0.05, grace=_GRACE)
    engine = build.engine(plan)
    stage.inputs = {item.name: item.core.tag for item in plan.of_kind("input")}
    stage.check()
    await engine.run()
    faults = engine.ledger.faults()
    if faults:
        raise AssertionError(f"the books do not balance: {faults}")
    outcome = Outcome({item.name: stage.in_order(item.plugin.kept) for item in plan.of_kind("output")})
    outcome.plugins = {item.name: item.plugin.plugin_name for item in plan.of_kind("output")}
    for item in plan.instances:
        outcome.filters += [each.name for each in ([item] if item.kind == "filter" else item.processors)]
    snapshot = engine.ledger.snapshot()
    for row in [*snapshot["inputs"].values(), *snapshot["outputs"].values()]:
        outcome.dropped.update(row["dropped"])
    return outcome


def _keep_in_memory(item: Any) -> None:
    """No limit and no disk: what is tried is what the pipeline does to records."""
    if item.kind == "input":
        item.core = dataclasses.replace(item.core, storage_type="memory", mem_buf_limit=0)
    elif item.kind == "output":
        item.core = dataclasses.replace(item.core, storage_total_limit_size=0, workers=1)
    elif item.plugin.emits:
        item.plugin.options = dataclasses.replace(
            item.plugin.options, emitter_storage_type="memory", emitter_mem_buf_limit=0
        )


class _Stage:
    """Makes the stand-ins, and lets the records in when all inputs are there."""

    def __init__(self, given: Sequence[Given]) -> None:
        self.given = given
        self.inputs: dict[str, str] = {}
        self.intakes: dict[str, Intake] = {}

    def plugin_class(self, kind: str, name: str, place: Place | None) -> Any:
        """A class with the options of the real plugin; filters are the real ones without background work."""
        real = registry.plugin_class(kind, name, place)
        if kind in ("filter", "processor"):
            return type(real.__name__, (_Quiet, real), {})
        members = {"Options": real.Options, "plugin_name": name, "stage": self}
        if kind == "input":
            return type(real.__name__, (_StandInInput,), members)
        return type(real.__name__, (_StandInOutput,), {**members, "takes_records": real.takes_records})

    def check(self) -> None:
        """Raise UserError for an input that is not there."""
        for item in self.given:
            if item.input and item.input not in self.inputs:
                raise UserError(
                    f"there is no input '{item.input}'", item.place, found=item.input, allowed=list(self.inputs)
                )

    def in_order(self, kept: list[Kept]) -> list[Kept]:
        """See Outcome."""
        sent = dict.fromkeys(self._tag(item) for item in self.given)
        tags = {tag: number for number, tag in enumerate(dict.fromkeys([*sent, *(each.tag for each in kept)]))}
        return sorted(kept, key=lambda each: tags[each.tag])

    def _tag(self, item: Given) -> str:
        source = item.input or next(iter(self.inputs))
        return item.tag or self.inputs[source] or source

    def started(self, name: str, intake: Intake) -> None:
        """An input is there; with the last one the records come, and then the end."""
        self.intakes[name] = intake
        if len(self.intakes) < len(self.inputs):
            return
        first = next(iter(self.inputs))
        for item in self.given:
            source = item.input or first
            times = [item.time + number * _SECOND for number in range(len(item.records))]
            self.intakes[source].append_records(self._tag(item), times, [dict(record) for record in item.records])
        intake.end()


class _StandInInput(Input[Any]):
    stage: _Stage

    async def start(self, intake: Intake) -> None:
        self.stage.started(self.context.name, intake)

    async def stop(self) -> None:
        """Nothing is open."""


class _StandInOutput(Output[Any]):
    plugin_name: str

    def __init__(self, options: Any, core: Any, context: Any) -> None:
        super().__init__(options, core, context)
        self.kept: list[Kept] = []

    async def send(self, batch: Batch) -> Delivery:
        self.kept += [Kept(batch.tag, *pair) for pair in zip(batch.times, batch.records, strict=True)]
        return Delivery(len(batch))


class _Quiet(Filter[Any]):
    async def run(self) -> None:
        """See the module."""
        await asyncio.sleep(0)
