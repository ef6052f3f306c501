"""A signature made ready."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from outrider.ids.detect import search, tests, transforms
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER
from outrider.ids.packets.packet import ICMP, ICMP6, SCTP, TCP, UDP, Packet
from outrider.ids.rules.buffers import BASE64, PAYLOAD
from outrider.ids.rules.choice import choose
from outrider.ids.rules.conditions import Field, FlowBits, FlowNumber, IpOption, SameAddress, SharedBits, TcpFlags
from outrider.ids.rules.signature import Inspection, Signature
from outrider.ids.rules.steps import Absent, Content, Step

_PROTOCOLS: Final = {
    "ip": (0, frozenset[int]()),
    "ip4": (4, frozenset[int]()),
    "ip6": (6, frozenset[int]()),
    "tcp": (0, frozenset({TCP})),
    "tcp4": (4, frozenset({TCP})),
    "tcp6": (6, frozenset({TCP})),
    "tcp-pkt": (0, frozenset({TCP})),
    "tcp-stream": (0, frozenset({TCP})),
    "udp": (0, frozenset({UDP})),
    "udp4": (4, frozenset({UDP})),
    "udp6": (6, frozenset({UDP})),
    "icmp": (0, frozenset({ICMP, ICMP6})),
    "icmp4": (4, frozenset({ICMP})),
    "icmp6": (6, frozenset({ICMP6})),
    "sctp": (0, frozenset({SCTP})),
}
APPLICATIONS: Final = frozenset({"http", "dns", "tls"})
_ACTIONS: Final = {"pass": 0, "drop": 1, "reject": 2, "rejectsrc": 2, "rejectdst": 2, "rejectboth": 2, "alert": 3}


_SIDES: Final = {"to_server": TO_SERVER, "to_client": TO_CLIENT}


class Look:
    """What is looked for in one buffer of a transaction. ``side`` is where it travels, None is that of the packet."""

    __slots__ = ("absent", "name", "or_else", "side", "test", "transform", "transforms")

    def __init__(self, inspection: Inspection, decoded: tuple[Step, ...]) -> None:
        self.name = inspection.buffer.name
        self.side = _SIDES.get(inspection.direction)
        self.transforms = inspection.transforms
        self.transform = transforms.prepared(inspection.transforms) if inspection.transforms else None
        absent = [step for step in inspection.steps if isinstance(step, Absent)]
        self.absent = bool(absent)
        self.or_else = any(step.or_else for step in absent)
        self.test = search.prepared(inspection.steps, decoded)

    def matches(self, found: Sequence[bytes]) -> list[tuple[str, str, bytes]] | None:
        """What is captured where one of the buffer's instances matches; None if none does."""
        if not found:
            return [] if self.absent else None
        if self.absent and not self.or_else:
            return None
        for data in found:
            changed = data if self.transform is None else self.transform(data)
            if changed is None:
                continue
            looking = search.Search(changed)
            if self.test(looking, 0):
                return looking.captured
        return None


class Rule:
    """``kind`` says when it is looked at.

    - ``address``: once for each direction of a flow
    - ``packet``: for each packet
    - ``both``: for packets, and for the stream that they make
    - ``stream``: for the stream, and for packets that are in none
    - ``only stream``: for the stream
    - ``transaction``: for what an application says
    """

    __slots__ = (
        "application",
        "asks",
        "changes",
        "conditions",
        "flow_scope",
        "header_buffers",
        "kind",
        "looks",
        "order",
        "others",
        "payload",
        "protocols",
        "side",
        "signature",
        "version",
    )

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        self.application = signature.protocol if signature.protocol in APPLICATIONS else ""
        self.version, self.protocols = _PROTOCOLS.get(signature.protocol, (0, frozenset[int]()))
        tests_found = [(one, tests.prepared(one)) for one in signature.conditions]
        self.conditions = [test for _, test in tests_found if test is not None]
        self.others = [one for one, test in tests_found if test is None]
        flow = tests.flow_test(signature.flow)
        if flow is not None:
            self.conditions.insert(0, flow)
        self.asks = [state for state in signature.states if state.tests]
        self.changes = [state for state in signature.states if not state.tests]
        decoded = tuple(step for one in signature.inspections if one.buffer is BASE64 for step in one.steps)
        self.payload: search.Test | None = None
        self.header_buffers: list[tuple[str, search.Test]] = []
        self.looks: list[Look] = []
        for one in signature.inspections:
            if one.buffer is PAYLOAD:
                self.payload = search.prepared(one.steps, decoded)
            elif one.buffer.packet:
                self.header_buffers.append((one.buffer.name, search.prepared(one.steps, decoded)))
            elif one.buffer is not BASE64:
                self.looks.append(Look(one, decoded))
        self.kind = self._kind()
        self.side = self._side()
        self.order = (_ACTIONS[signature.action], *_states_order(self), signature.priority, signature.number)
        self.flow_scope = self.kind in ("stream", "only stream", "both", "transaction", "address")

    def _side(self) -> int | None:
        """The direction in which a transaction is looked at; None is either."""
        signature = self.signature
        told = {signature.flow.direction, *(one.direction for one in signature.inspections)} - {""}
        if len(told) > 1 or (signature.header is not None and signature.header.direction == "=>"):
            return TO_CLIENT
        return _SIDES[told.pop()] if told else None

    def _kind(self) -> str:
        signature = self.signature
        if self.looks or self.others:
            return "transaction"
        packet = self.header_buffers or signature.protocol == "tcp-pkt" or signature.flow.stream is False
        packet = packet or any(
            isinstance(one, Field | TcpFlags | IpOption | SameAddress) for one in signature.conditions
        )
        if self.payload is None:
            alone = not (packet or self.conditions or self.asks or self.application or signature.prefilter)
            header = signature.header
            anywhere = header is None or (header.source_ports.everything and header.destination_ports.everything)
            return "address" if alone and anywhere else "packet"
        if packet:
            return "packet"
        tied = any(
            isinstance(step, Content) and (step.offset is not None or step.depth is not None or step.startswith)
            for one in signature.inspections
            if one.buffer is PAYLOAD
            for step in one.steps
        )
        if signature.protocol == "tcp-stream" or signature.flow.stream is True:
            return "only stream"
        return "both" if tied else "stream"

    def fits(self, packet: Packet) -> bool:
        """Whether protocol, addresses and ports are those of the packet."""
        if self.version and packet.version != self.version:
            return False
        if self.protocols and packet.protocol not in self.protocols:
            return False
        if self.application and (packet.flow is None or packet.flow.application != self.application):
            return False
        header = self.signature.header
        if header is None:
            return True
        if _ends(header.source, header.source_ports, header.destination, header.destination_ports, packet):
            return True
        return header.direction == "<>" and _ends(
            header.destination, header.destination_ports, header.source, header.source_ports, packet
        )


def _ends(source: Any, source_ports: Any, destination: Any, destination_ports: Any, packet: Packet) -> bool:
    return (
        (source_ports.everything or packet.source_port in source_ports)
        and (destination_ports.everything or packet.destination_port in destination_ports)
        and (source.everything or source.has(packet.version, packet.source))
        and (destination.everything or destination.has(packet.version, packet.destination))
    )


def _states_order(rule: Rule) -> tuple[int, int, int]:
    """Those that set come before those that ask, for flowbits, flowint and shared bits."""
    found = []
    for kind in (FlowBits, FlowNumber, SharedBits):
        sets = any(isinstance(state, kind) for state in rule.changes)
        asks = any(isinstance(state, kind) for state in rule.asks)
        found.append(0 if sets and not asks else 1 if sets else 2 if asks else 3)
    return found[0], found[1], found[2]


def first_pattern(rule: Rule) -> tuple[Inspection, bytes, bool] | None:
    """Where and what is looked for before anything else of the rule, and whether letters count the same; None if
    nothing is."""
    found = choose(rule.signature)
    if found is None:
        return None
    inspection = rule.signature.inspections[found.inspection]
    if inspection.buffer.packet or inspection.buffer is BASE64 or found.content.negated:
        return None
    if any(isinstance(step, Absent) for step in inspection.steps):
        return None
    return inspection, found.pattern, found.content.nocase
