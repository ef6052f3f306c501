"""The engine: frames in, events out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from outrider.ids.apps.detection import application
from outrider.ids.apps.dns.parser import DnsParser, begins, begins_stream
from outrider.ids.apps.dns.transaction import DnsTransaction
from outrider.ids.apps.http.body import LAYERS
from outrider.ids.apps.http.parser import HttpParser
from outrider.ids.apps.http.transaction import Memory
from outrider.ids.apps.tls.parser import TlsParser
from outrider.ids.apps.transaction import Parser, Transaction
from outrider.ids.capture.frame import Frame
from outrider.ids.detect.detector import Chunk, Detector, Match
from outrider.ids.detect.rule import Rule
from outrider.ids.eve.common import ether, of_flow, of_packet
from outrider.ids.eve.events import Shown, alert, flow_event, stats
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER, Flow
from outrider.ids.flows.stream import Gap
from outrider.ids.flows.table import FlowTable
from outrider.ids.flows.tcp import Options, Session
from outrider.ids.packets.decode import Decoder
from outrider.ids.packets.fragments import Fragments
from outrider.ids.packets.packet import ICMP, ICMP6, SCTP, TCP, UDP, Packet
from outrider.ids.rules.conditions import Threshold
from outrider.ids.rules.signature import Signature

_FLOWS: Final = frozenset({TCP, UDP, ICMP, ICMP6, SCTP})
_DNS: Final = 53
_VALUES: Final = 64
_VALUE: Final = 1024
"""Names that rules may keep in a flow, and bytes of each."""
CHUNK: Final = 2560
"""Bytes of a stream that are looked at together while its side goes on talking."""
TAIL: Final = 2048
"""Bytes that are looked at again with what follows them."""
_SWEEP: Final = 1_000_000
"""Microseconds of packets' time between looks for quiet flows."""

Policy = Callable[[int, int], str]


@dataclass(slots=True)
class Setup:
    """What a run is told. ``policy`` gives the choice of an address where segments or fragments overlap."""

    verify: bool = True
    tcp: Options = field(default_factory=Options)
    policy: Policy = lambda version, address: "linux"
    shown: Shown = field(default_factory=Shown)
    flows: bool = True
    alerts: int = 15
    fast: bool = True
    levels: bool = True
    layers: int = LAYERS
    older_dns: bool = False


@dataclass(slots=True)
class _Raw:
    """Bytes of one side that wait to be looked at, and the tail of those before them."""

    tail: bytes = b""
    waiting: list[bytes] = field(default_factory=list)
    size: int = 0
    start: int = 0
    """Where the tail begins in the stream."""
    answered: bool = False
    """Whether the other side has spoken since."""


class Engine:
    """Time is that of the frames."""

    def __init__(self, signatures: Sequence[Signature], setup: Setup) -> None:
        rules = sorted((Rule(one) for one in signatures), key=lambda rule: rule.order)
        self._setup = setup
        self._decoder = Decoder(Fragments(setup.policy), setup.verify)
        self._table = FlowTable(levels=setup.levels)
        self.detector = Detector(rules, fast=setup.fast, most=setup.alerts)
        self.counters: Counter[str] = Counter()
        self._raw: dict[int, tuple[_Raw, _Raw]] = {}
        self._bodies = Memory()
        self._swept = 0
        self._last = 0

    def frame(self, frame: Frame) -> Iterator[dict[str, Any]]:
        """The events of a frame."""
        self.counters["decoder.pkts"] += 1
        self.counters["decoder.bytes"] += len(frame.data)
        self._last = max(self._last, frame.time)
        for packet in self._decoder.packets(frame):
            yield from self._packet(packet)
        if frame.time - self._swept >= _SWEEP:
            self._swept = frame.time
            for flow in list(self._table.quiet(frame.time)):
                yield from self._end(flow, "timeout")

    def finish(self) -> Iterator[dict[str, Any]]:
        """The events of all that is left, and the counters."""
        for flow in list(self._table.rest()):
            yield from self._end(flow, "shutdown")
        yield stats(self._last, self.all_counters())

    def all_counters(self) -> Mapping[str, int]:
        """Counters of every part."""
        found = Counter(self.counters)
        for part in (self._decoder.counters, self._decoder.fragments.counters, self._table.counters):
            found.update(part)
        found.update(self.detector.counters)
        if self._bodies.refused:
            found["http.memcap"] = self._bodies.refused
        return found

    def _packet(self, packet: Packet) -> Iterator[dict[str, Any]]:
        flow = None
        in_stream = False
        if packet.protocol in _FLOWS and packet.at >= 0 and not packet.fragment:
            flow, ended = self._flow(packet)
            for old, reason in ended:
                yield from self._end(old, reason)
            if packet.protocol == TCP and not packet.bad_sum:
                in_stream = self._tcp(packet, flow)
            elif packet.protocol == UDP and packet.payload and not packet.bad_sum:
                self._datagram(packet, flow)
        chunk = self._chunk(packet, flow) if flow is not None and flow.session is not None else None
        transactions = self._fresh(flow, packet.direction) if flow is not None else []
        yield from self._detect(packet, chunk, transactions, in_stream)
        if transactions and flow is not None:
            yield from self._said(flow, packet)

    def _flow(self, packet: Packet) -> tuple[Flow, list[tuple[Flow, str]]]:
        quoted = self._table.quoted(packet)
        ended: list[tuple[Flow, str]] = []
        if quoted is not None:
            flow = quoted
        else:
            flow, ended = self._table.find(packet)
        packet.flow = flow
        packet.direction = flow.towards(packet) if quoted is None else TO_CLIENT
        flow.packets[packet.direction] += 1
        flow.bytes[packet.direction] += len(packet.frame)
        if packet.kind >= 0 and flow.icmp[packet.direction] is None:
            flow.icmp[packet.direction] = (packet.kind, packet.code)
        if flow.protocol != TCP and flow.packets[TO_SERVER] and flow.packets[TO_CLIENT]:
            flow.state = "established"
        packet.established = flow.state == "established"
        return flow, ended

    def _tcp(self, packet: Packet, flow: Flow) -> bool:
        session: Session | None = flow.session
        if session is None:
            policies = (
                self._setup.policy(flow.version, flow.destination),
                self._setup.policy(flow.version, flow.source),
            )
            session = Session(self._setup.tcp, policies, self.counters)
        taken = session.take(packet, packet.direction)
        if session.state and flow.session is None:
            flow.session = session
            if session.turned:
                session.sides = (session.sides[1], session.sides[0])
                flow.turn()
                packet.direction = 1 - packet.direction
        if flow.session is not None:
            flow.state = session.phase
            self._collect(flow, session)
        return taken

    def _collect(self, flow: Flow, session: Session, *, end: bool = False) -> None:
        """Bytes that have become whole wait to be looked at."""
        for direction in (TO_SERVER, TO_CLIENT):
            for part in session.ready(direction, end=end):
                raws = self._raw.get(flow.id)
                if raws is None:
                    raws = self._raw[flow.id] = (_Raw(), _Raw())
                raw, other = raws[direction], raws[1 - direction]
                if isinstance(part, Gap):
                    if flow.parser is not None:
                        flow.parser.gap(direction, part.size)
                    self.counters["tcp.reassembly_gap"] += 1
                    raw.start += len(raw.tail) + raw.size + part.size
                    raw.tail, raw.waiting, raw.size = b"", [], 0
                    continue
                raw.waiting.append(part)
                raw.size += len(part)
                other.answered = True
                self._say(flow, direction, part)

    def _say(self, flow: Flow, direction: int, data: bytes) -> None:
        """The application's parser hears it, once it is known which that is."""
        parser: Parser | None = flow.parser
        if parser is not None:
            parser.feed(direction, data)
            return
        heard: tuple[list[tuple[int, bytes]], list[bytes]] | None = flow.heard
        if heard is None or flow.application:
            return
        order, sides = heard
        if flow.sides[direction]:
            return
        sides[direction] += data
        order.append((direction, data))
        name = application(direction, sides[direction])
        if _DNS in (flow.destination_port, flow.source_port) and begins_stream(sides[direction]):
            name = "dns"
        if not name:
            return
        flow.sides[direction] = name
        if name == "failed" and not (flow.sides[TO_SERVER] and flow.sides[TO_CLIENT]):
            return
        flow.application = name
        flow.heard = None
        if name == "http":
            flow.parser = HttpParser(self.counters, self._setup.layers, memory=self._bodies)
        elif name == "dns":
            flow.parser = DnsParser(self.counters, stream=True)
        elif name == "tls":
            flow.parser = TlsParser(self.counters)
        if flow.parser is not None:
            for side, part in order:
                flow.parser.feed(side, part)

    def _datagram(self, packet: Packet, flow: Flow) -> None:
        """A datagram, which may be of DNS."""
        if flow.parser is None and not flow.application:
            known = _DNS in (flow.destination_port, flow.source_port) and begins(packet.payload)
            if known:
                flow.application = flow.sides[packet.direction] = "dns"
                flow.parser = DnsParser(self.counters, stream=False)
                if flow.source_port == _DNS and flow.destination_port != _DNS and packet.direction == TO_SERVER:
                    flow.turn()  # an answer is what came first
                    packet.direction = TO_CLIENT
            elif flow.packets[packet.direction] > 4:
                flow.application = "failed"
        if flow.parser is not None:
            flow.parser.feed(packet.direction, packet.payload)

    def _fresh(self, flow: Flow, direction: int) -> list[Transaction]:
        """Transactions with something new on a side that rules may look at now."""
        parser: Parser | None = flow.parser
        if parser is None:
            return []
        found = []
        for transaction in parser.transactions:
            if transaction.fresh[direction]:
                transaction.fresh[direction] = False
                found.append(transaction)
        return found

    def _said(self, flow: Flow, packet: Packet, *, end: bool = False) -> Iterator[dict[str, Any]]:
        """Events of transactions that are whole; they are forgotten then."""
        parser: Parser | None = flow.parser
        if parser is None:
            return
        left = []
        for transaction in parser.transactions:
            whole = all(transaction.done) and not any(transaction.fresh)
            if not (whole or end):
                left.append(transaction)
                continue
            yield self._told(flow, parser, transaction, packet)
            transaction.forget()
        parser.transactions[:] = left

    def _told(self, flow: Flow, parser: Parser, transaction: Transaction, packet: Packet) -> dict[str, Any]:
        """The event of a transaction; ``packet`` is the one that made it whole."""
        older = self._setup.older_dns
        if isinstance(transaction, DnsTransaction) and not older:
            event = of_packet(packet, "dns")
            event.pop("pkt_src")
        else:
            event = of_flow(flow, parser.name, packet.time)
            if packet.number:
                event["pcap_cnt"] = packet.number
        event["tx_id"] = transaction.id
        event[parser.name] = (
            transaction.older_event() if isinstance(transaction, DnsTransaction) and older else transaction.event()
        )
        if self._setup.shown.ethernet and packet.link == 1 and len(packet.frame) >= 14:
            event["ether"] = ether(packet)
        return event

    def _chunk(self, packet: Packet, flow: Flow, *, end: bool = False) -> Chunk | None:
        """What of the packet's side is to be looked at now."""
        raws = self._raw.get(flow.id)
        if raws is None:
            return None
        raw = raws[packet.direction]
        if not raw.size or not (end or raw.size >= CHUNK or raw.answered or packet.flags & 5):
            return None
        data = raw.tail + b"".join(raw.waiting)
        chunk = Chunk(data, raw.start, len(raw.tail))
        kept = min(len(data), TAIL)
        raw.start += len(data) - kept
        raw.tail, raw.waiting, raw.size, raw.answered = data[len(data) - kept :], [], 0, False
        return chunk

    def _detect(
        self, packet: Packet, chunk: Chunk | None, transactions: Sequence[Transaction], in_stream: bool
    ) -> Iterator[dict[str, Any]]:
        flow: Flow | None = packet.flow
        if flow is not None and flow.passed:
            return
        found = self.detector.matches(packet, chunk, transactions, in_stream=in_stream)
        if flow is not None:
            flow.headers_seen[packet.direction] = True
        for match in found:
            signature = match.rule.signature
            if flow is not None:
                _keep(flow, match)
            if signature.action == "pass":
                if flow is not None and match.rule.flow_scope:
                    flow.passed = True
                return
            if signature.noalert or not self._lets(signature.thresholds, match, packet):
                continue
            if flow is not None:
                flow.alerted = True
            self.counters["detect.alert"] += 1
            payload = chunk.data if match.stream and chunk is not None else packet.payload
            yield alert(packet, match, self._setup.shown, payload)

    def _lets(self, thresholds: Sequence[Threshold], match: Match, packet: Packet) -> bool:
        signature = match.rule.signature
        return all(
            self.detector.states.lets(threshold, (signature.gid, signature.sid), packet) for threshold in thresholds
        )

    def _end(self, flow: Flow, reason: str) -> Iterator[dict[str, Any]]:
        """The rest of its streams is looked at, as if a packet came on each side."""
        session: Session | None = flow.session
        if session is None and flow.parser is not None:
            yield from self._said(flow, _last_packet(flow, TO_SERVER, self._last), end=True)
        if session is not None:
            self._collect(flow, session, end=True)
            if flow.parser is not None:
                flow.parser.end(TO_SERVER)
                flow.parser.end(TO_CLIENT)
            for direction in (TO_SERVER, TO_CLIENT):
                packet = _last_packet(flow, direction, self._last)
                chunk = self._chunk(packet, flow, end=True)
                transactions = self._fresh(flow, direction)
                if chunk is not None or transactions:
                    yield from self._detect(packet, chunk, transactions, True)
            yield from self._said(flow, _last_packet(flow, TO_SERVER, self._last), end=True)
            self._raw.pop(flow.id, None)
        if self._setup.flows:
            yield flow_event(flow, reason, self._last)


def _keep(flow: Flow, match: Match) -> None:
    """What a rule has captured for its flow: one value a name."""
    for scope, name, value in match.captured:
        if scope == "flow" and (name in flow.values or len(flow.values) < _VALUES):
            flow.values[name] = value[:_VALUE]


def _last_packet(flow: Flow, direction: int, time: int) -> Packet:
    """What stands for the end of one side."""
    packet = Packet(0, flow.last or time, 101, b"")
    packet.version, packet.protocol, packet.vlans = flow.version, flow.protocol, flow.vlans
    packet.flow, packet.direction, packet.origin = flow, direction, "stream (flow timeout)"
    packet.established = flow.session is not None and flow.session.established
    ends = [(flow.source, flow.source_port), (flow.destination, flow.destination_port)]
    if direction == TO_CLIENT:
        ends.reverse()
    (packet.source, packet.source_port), (packet.destination, packet.destination_port) = ends
    return packet
