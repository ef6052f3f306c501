"""A checked pipeline in words: what takes records in, what changes them, where they go, what waits or is lost. Pure.

``graph`` makes the picture, ``text`` and ``drawing.svg`` show it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from outrider.formats import values
from outrider.pipeline import options
from outrider.pipeline.config.build import Plan, tag_test
from outrider.pipeline.config.instances import Instance
from outrider.pipeline.config.routing import fixed_tag
from outrider.pipeline.service import Service
from outrider.pipeline.storage import memory_limit

_COMMON: Final = {"name", "match", "match_regex", "tag", "alias"}
_HIDDEN: Final = "***"
_VALUE_MAX: Final = 60


@dataclass(slots=True)
class Node:
    """An input, filter or output. ``lines`` tell of it."""

    kind: str
    name: str
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Edge:
    """Records of an input reach an output: surely, or if their tag fits. ``filters`` are on the way."""

    source: str
    target: str
    sure: bool
    filters: tuple[str, ...]


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
    for item in plan.of_kind("input"):
        tag = fixed_tag(item)
        lines = [f"tag {tag}" if tag is not None else "tags come with the records", *_own(item)]
        lines += _buffer(item, plan.service, sharing)
        lines += [f"processor {processor.name}" for processor in item.processors]
        found.inputs.append(Node("input", item.name, lines))
    for item in plan.of_kind("filter"):
        lines = [_match(item), *_own(item)]
        if item.plugin.emits:
            lines.append("emits records, which begin again at the first filter")
        found.filters.append(Node("filter", item.name, lines))
    for item in plan.of_kind("output"):
        lines = [_match(item), *_own(item), _retries(item, plan.service)]
        if item.core.storage_total_limit_size:
            lines.append(f"above {_size(item.core.storage_total_limit_size)} on disk the oldest chunks are dropped")
        lines += [f"processor {processor.name}" for processor in item.processors]
        found.outputs.append(Node("output", item.name, lines))
    found.edges = _edges(plan)
    found.notes = _notes(plan, found)
    return found


def text(picture: Graph) -> str:
    """The picture for a terminal."""
    lines: list[str] = []
    for title, nodes in (("inputs", picture.inputs), ("filters", picture.filters), ("outputs", picture.outputs)):
        lines += [title, *(line for node in nodes for line in _told(node)), ""] if nodes else []
    if picture.edges:
        lines.append("routes")
        for edge in picture.edges:
            way = " > ".join([edge.source, *edge.filters, edge.target])
            lines.append(f"  {way}{'' if edge.sure else '   (records whose tag fits)'}")
        lines.append("")
    if picture.notes:
        lines += ["to know", *(f"  {note}" for note in picture.notes), ""]
    return "\n".join(lines)


def _told(node: Node) -> list[str]:
    return [f"  {node.name}", *(f"      {line}" for line in node.lines)]


def _edges(plan: Plan) -> list[Edge]:
    found: list[Edge] = []
    for source in plan.of_kind("input"):
        tag = fixed_tag(source)
        for target in plan.of_kind("output"):
            if not target.core.match and not target.core.match_regex:
                continue
            if tag is not None and not _test(target)(tag):
                continue
            on_the_way = [item for item in plan.of_kind("filter") if tag is None or _test(item)(tag)]
            sure = tag is not None or target.core.match == "*"
            found.append(Edge(source.name, target.name, sure, tuple(item.name for item in on_the_way)))
    return found


def _test(item: Instance) -> Any:
    return tag_test(item.core.match, item.core.match_regex, item.section)


def _notes(plan: Plan, picture: Graph) -> list[str]:
    notes = [
        f"{node.name}: nothing reads it, its records are dropped"
        for node in picture.inputs
        if not any(edge.source == node.name for edge in picture.edges)
    ]
    emits = any(item.plugin.emits for item in plan.of_kind("filter"))
    notes += [
        f"{node.name}: no input's records reach it"
        for node in picture.outputs
        if not emits and not any(edge.target == node.name for edge in picture.edges)
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
    limit = memory_limit(item.core, service, sharing)
    bounded = f"up to {_size(limit)} of memory" if limit else "memory without limit"
    if item.core.storage_type == "filesystem":
        return [f"kept on disk in {service.storage_path}/{item.name}, {bounded}; full: the disk alone has them"]
    if limit and service.storage_path:
        return [f"{bounded}; full: spills to {service.storage_path}/{item.name}"]
    return [f"{bounded}; full: senders wait" if limit else f"{bounded}: grows while an output is down"]


def _retries(item: Instance, service: Service) -> str:
    limit = values.retry_limit(item.core.retry_limit, lambda warning: None)
    if limit is None:
        return f"retried for ever, at most {service.scheduler_cap} s apart"
    if not limit:
        return "never retried: refused records are dropped"
    times = "once" if limit == 1 else f"{limit} times"
    return f"retried {times}, then dropped" + (" and kept as rejected" if service.storage_keep_rejected else "")


def _size(count: int) -> str:
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")):
        if count >= unit:
            return f"{count / unit:g} {name}"
    return f"{count} B"
