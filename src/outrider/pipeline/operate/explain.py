"""A checked pipeline in words: what takes records in, what changes them, where they go, what waits or is lost. Pure.

``graph`` makes the picture, ``text`` and ``drawing.svg`` show it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from outrider.formats import values
from outrider.pipeline import options
from outrider.pipeline.config.build import Plan, emitter_name
from outrider.pipeline.config.instances import Instance
from outrider.pipeline.config.routing import Source, fit, gives_tags, metrics, serves, sources, takes_records
from outrider.pipeline.service import Service
from outrider.pipeline.storage import memory_limit

_COMMON: Final = {"name", "match", "match_regex", "tag", "alias"}
_HIDDEN: Final = "***"
_VALUE_MAX: Final = 60
_REMARKS: Final = {
    (False, True): "",
    (False, False): "   (records whose tag fits)",
    (True, True): "   (metrics)",
    (True, False): "   (metrics of records whose tag fits)",
}
"""What is said of a way, by ``measured`` and ``sure``."""
_UNREACHED: Final = {True: "no input's records reach it", False: "there are no metrics for it"}


@dataclass(slots=True)
class Node:
    """An input, filter or output. ``lines`` tell of it."""

    kind: str
    name: str
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Edge:
    """Records of an input reach an output: surely, or if their tag fits. ``filters`` are on the way.

    ``measured``: what reaches it are metrics, which the last of the filters (or a processor of the input) makes.
    """

    source: str
    target: str
    sure: bool
    filters: tuple[str, ...]
    measured: bool = False

    @property
    def way(self) -> str:
        """Source, filters and target in words."""
        return " > ".join([self.source, *self.filters, self.target])


@dataclass(slots=True)
class Graph:
    """A pipeline as nodes and edges."""

    inputs: list[Node] = field(default_factory=list)
    filters: list[Node] = field(default_factory=list)
    outputs: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def graph(plan: Plan) -> Graph:
    """The picture of a plan without errors."""
    found = Graph()
    stored = [item for item in plan.of_kind("input") if item.core.storage_type == "filesystem"]
    sharing = sum(not item.core.mem_buf_limit for item in stored)
    known = sources(plan)
    for source in known:
        item = source.item
        lines = [_tags(source)]
        if item.kind == "input":
            lines += [*_own(item), *_buffer(item, plan.service, sharing)]
            lines += [f"processor {processor.name}" for processor in item.processors]
        else:
            lines += [f"emitted by {item.name}", *_emitter(source, plan.service, bool(stored))]
        found.inputs.append(Node("input", source.name, lines))
    for item in plan.of_kind("filter"):
        lines = [_match(item), *_own(item)]
        if item.plugin.emits:
            as_what = "" if item.plugin.keeps_tags else f" as {emitter_name(item)}"
            lines.append(f"emits records, which begin again at the first filter{as_what}")
        found.filters.append(Node("filter", item.name, lines))
    for item in plan.of_kind("output"):
        if not item.plugin.takes_records:
            lines = [_match(item), *_own(item), "serves metrics; no records are routed to it"]
            found.outputs.append(Node("output", item.name, lines))
            continue
        lines = [_match(item), *_own(item), _retries(item, plan.service)]
        if item.core.storage_total_limit_size:
            lines.append(f"above {_size(item.core.storage_total_limit_size)} on disk the oldest chunks are dropped")
        lines += [f"processor {processor.name}" for processor in item.processors]
        found.outputs.append(Node("output", item.name, lines))
    found.edges = _edges(plan, known)
    found.notes = _notes(plan, found, known)
    return found


def text(picture: Graph) -> str:
    """The picture for a terminal."""
    lines: list[str] = []
    for title, nodes in (("inputs", picture.inputs), ("filters", picture.filters), ("outputs", picture.outputs)):
        lines += [title, *(line for node in nodes for line in _told(node)), ""] if nodes else []
    if picture.edges:
        lines.append("routes")
        for edge in picture.edges:
            lines.append(f"  {edge.way}{_REMARKS[edge.measured, edge.sure]}")
        lines.append("")
    if picture.notes:
        lines += ["to know", *(f"  {note}" for note in picture.notes), ""]
    return "\n".join(map(printable, lines))


def printable(text: str) -> str:
    """The text without what a terminal or a drawing would take for more than text."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _told(node: Node) -> list[str]:
    return [f"  {node.name}", *(f"      {line}" for line in node.lines)]


def _edges(plan: Plan, known: list[Source]) -> list[Edge]:
    found: list[Edge] = []
    for source in known:
        on_the_way = tuple(item.name for item in plan.of_kind("filter") if fit(source, item) != "never")
        for target in filter(takes_records, plan.of_kind("output")):
            fits = fit(source, target)
            if fits != "never":
                found.append(Edge(source.name, target.name, fits == "always", on_the_way))
        found += _measured(source, on_the_way, plan)
    return found


def _measured(source: Source, on_the_way: tuple[str, ...], plan: Plan) -> list[Edge]:
    """The ways that what filters measure of a source's records takes."""
    found: list[Edge] = []
    for item, owner in metrics(plan):
        fits = fit(source, item) if owner is item else "always" if owner is source.item else "never"
        if fits == "never":
            continue
        filters = on_the_way[: on_the_way.index(item.name) + 1] if owner is item else ()
        targets = [output for output in plan.of_kind("output") if serves(output, item)]
        found += [Edge(source.name, target.name, fits == "always", filters, measured=True) for target in targets]
    return found


def _tags(source: Source) -> str:
    if not source.known:
        return "tags come with the records"
    return f"tag {' or '.join(source.tags)}"


def _notes(plan: Plan, picture: Graph, known: list[Source]) -> list[str]:
    notes = []
    for source in known:
        ways = [edge for edge in picture.edges if edge.source == source.name]
        if any(not edge.measured for edge in ways):
            continue
        if ways:
            notes.append(f"{source.name}: its records are measured, and then dropped: nothing reads them")
            continue
        takers = [item for item in plan.of_kind("filter") if gives_tags(item) and item is not source.item]
        names = [item.name for item in takers if fit(source, item) != "never"]
        what = f"what {' and '.join(names)} does not take is dropped" if names else "its records are dropped"
        notes.append(f"{source.name}: nothing reads it, {what}")
    notes += [
        f"{node.name}: {_UNREACHED[item.plugin.takes_records]}"
        for node, item in zip(picture.outputs, plan.of_kind("output"), strict=True)
        if not any(edge.target == node.name for edge in picture.edges)
    ]
    service = plan.service
    grace = "as long as it takes" if service.grace < 0 else f"{service.grace} s"
    notes.append(f"chunks leave every {service.flush:g} s or at 2 MB; at SIGTERM there is {grace} to deliver the rest")
    if service.processes != 1:
        notes.append(f"processes: {service.processes or 'one for each core'}; each has a part of the connections")
    if service.http_server:
        notes.append(f"monitoring at http://{service.http_listen}:{service.http_port}")
    return notes


def _match(item: Instance) -> str:
    if item.core.match_regex:
        return f"match_regex {item.core.match_regex}"
    return f"match {item.core.match}" if item.core.match else "no match: gets nothing"


def _own(item: Instance) -> list[str]:
    """The properties as they were written; secrets are not shown."""
    kinds = {**options.declared(type(item.core)), **options.declared(item.plugin.Options)}
    lines = []
    for written in item.section.properties:
        if written.key in _COMMON:
            continue
        entry = kinds.get(written.key)
        value = written.value if len(written.value) <= _VALUE_MAX else written.value[: _VALUE_MAX - 1] + "…"
        if written.key == "header":
            value = f"{written.value.partition(' ')[0]} {_HIDDEN}"  # whatever it is called, it may be a token
        elif entry is None or not entry.shown:
            value = _HIDDEN
        lines.append(f"{written.key} {value}")
    return lines


def _buffer(item: Instance, service: Service, sharing: int) -> list[str]:
    limit = memory_limit(item.core, service, sharing) or item.plugin.read_ahead
    bounded = f"up to {_size(limit)} of memory" if limit else "memory without limit"
    waits = "reading stops" if item.plugin.read_ahead else "senders wait"
    if item.core.storage_type == "filesystem":
        return [f"kept on disk in {service.storage_path}/{item.name}, {bounded}; full: the disk alone has them"]
    if limit and service.storage_path:
        return [f"{bounded}; full: spills to {service.storage_path}/{item.name}"]
    return [f"{bounded}; full: {waits}" if limit else f"{bounded}: grows while an output is down"]


def _emitter(source: Source, service: Service, stored: bool) -> list[str]:
    """``stored``: whether some input keeps its records on disk, which is the emitter's default then."""
    chosen = source.item.plugin.options
    limit = chosen.emitter_mem_buf_limit
    bounded = f"up to {_size(limit)} of memory" if limit else "memory without limit"
    spool = f"{service.storage_path}/{source.name}"
    if (chosen.emitter_storage_type or ("filesystem" if stored else "memory")) == "filesystem":
        return [f"kept on disk in {spool}, {bounded}"]
    if not limit:
        return [bounded]
    return [f"{bounded}; full: {f'spills to {spool}' if service.storage_path else 'filtering waits'}"]


def _retries(item: Instance, service: Service) -> str:
    limit = values.retry_limit(item.core.retry_limit or item.plugin.retry_limit, lambda warning: None)
    if limit is None:
        return f"retried for ever, at most {service.scheduler_cap} s apart"
    if not limit:
        return f"never retried: what is refused is {item.plugin.given_up}"
    times = "once" if limit == 1 else f"{limit} times"
    return f"retried {times}, then {item.plugin.given_up}" + (
        " and kept as rejected" if service.storage_keep_rejected else ""
    )


def _size(count: int) -> str:
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")):
        if count >= unit:
            return f"{count / unit:g} {name}"
    return f"{count} B"
