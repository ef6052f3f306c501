"""A rule as the engine sees it."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.ids.rules.addresses import Addresses
from outrider.ids.rules.buffers import Buffer, Transform
from outrider.ids.rules.conditions import Condition, FlowTest, State, Threshold
from outrider.ids.rules.ports import Ports
from outrider.ids.rules.steps import Step
from outrider.model.errors import Place


@dataclass(frozen=True, slots=True)
class Header:
    """``direction`` is ``->``, ``<>`` (the other way too) or ``=>`` (both ways of a transaction)."""

    source: Addresses
    source_ports: Ports
    direction: str
    destination: Addresses
    destination_ports: Ports


@dataclass(frozen=True, slots=True)
class Inspection:
    """Steps that are looked for in one buffer, one after the other.

    ``direction``: where it travels, to_server or to_client, if the rule or the buffer says so, else empty.
    """

    buffer: Buffer
    direction: str
    transforms: tuple[Transform, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """``number`` is its place in load order; ``header`` is None for a rule without addresses.

    ``priority`` 1 is the gravest. ``references`` are addresses on the web where the prefix is known, else the words of
    the rule. ``target`` is src_ip, dest_ip or empty.
    """

    number: int
    place: Place
    action: str
    protocol: str
    header: Header | None
    sid: int
    gid: int
    rev: int
    message: str
    classification: str
    category: str
    priority: int
    references: tuple[str, ...]
    metadata: tuple[tuple[str, tuple[str, ...]], ...]
    target: str
    inspections: tuple[Inspection, ...]
    conditions: tuple[Condition, ...]
    flow: FlowTest
    states: tuple[State, ...]
    thresholds: tuple[Threshold, ...]
    noalert: bool
    prefilter: bool
    text: str
