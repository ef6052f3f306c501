"""Which rules match a packet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from outrider.ids.apps.transaction import Transaction
from outrider.ids.detect.patterns import patterns
from outrider.ids.detect.rule import Rule, first_pattern
from outrider.ids.detect.search import Search
from outrider.ids.detect.states import States
from outrider.ids.detect.tests import transaction_holds
from outrider.ids.detect.transforms import prepared
from outrider.ids.flows.flow import TO_SERVER
from outrider.ids.packets.packet import ICMP, ICMP6, TCP, UDP, Packet
from outrider.ids.rules.buffers import PAYLOAD, Transform

SHORT: Final = 4
"""Patterns below this are found nearly everywhere: their rules are looked at by protocol instead."""
ALERTS: Final = 15
"""Most rules that match one packet and count."""


@dataclass(slots=True)
class Match:
    """A rule that matches. ``stream``: in the stream; ``captured`` are (scope, name, bytes)."""

    rule: Rule
    stream: bool
    captured: list[tuple[str, str, bytes]]
    transaction: Transaction | None = None


@dataclass(slots=True)
class Chunk:
    """Bytes of a stream that are looked at: ``seen`` of them have been before, ``start`` is where they stand in it."""

    data: bytes
    start: int = 0
    seen: int = 0


class _Group:
    """Rules by what is looked for first."""

    def __init__(self, told: Sequence[tuple[Rule, bytes, bool]], fast: bool) -> None:
        self._rules = [rule for rule, _, _ in told]
        self._patterns = patterns([(pattern, nocase) for _, pattern, nocase in told], fast=fast) if told else None

    def found(self, data: bytes) -> Iterator[Rule]:
        """Those whose pattern stands in the data."""
        if self._patterns is not None:
            rules = self._rules
            for index in self._patterns.found(data):
                yield rules[index]


class Detector:
    """Looks for rules, which are made ready and in their order."""

    def __init__(self, rules: Sequence[Rule], *, fast: bool = True, most: int = ALERTS) -> None:
        self.counters: Counter[str] = Counter()
        self.states = States()
        self._most = most
        self._addresses = [rule for rule in rules if rule.kind == "address"]
        self._each: defaultdict[int, list[Rule]] = defaultdict(list)
        self._each_transaction: list[Rule] = []
        payload: list[tuple[Rule, bytes, bool]] = []
        buffers: defaultdict[tuple[str, tuple[Transform, ...]], list[tuple[Rule, bytes, bool]]] = defaultdict(list)
        for rule in rules:
            if rule.kind == "address":
                continue
            found = first_pattern(rule)
            short = found is None or len(found[1]) < SHORT
            if rule.kind == "transaction":
                if found is None or short or found[0].buffer is PAYLOAD:
                    self._each_transaction.append(rule)
                else:
                    buffers[found[0].buffer.name, found[0].transforms].append((rule, found[1], found[2]))
            elif found is not None and not short:
                payload.append((rule, found[1], found[2]))
            else:
                for protocol in rule.protocols or (TCP, UDP, ICMP, ICMP6, -2):
                    self._each[protocol].append(rule)
        self._payload = _Group(payload, fast)
        self._buffers = [
            (name, prepared(transforms) if transforms else None, _Group(found, fast))
            for (name, transforms), found in buffers.items()
        ]

    def matches(
        self, packet: Packet, chunk: Chunk | None, transactions: Sequence[Transaction] = (), *, in_stream: bool
    ) -> list[Match]:
        """Rules that match, in order, at most as many as allowed.

        ``chunk`` is of the packet's side of its stream, if it is time to look at that, and ``transactions`` have
        something new on that side; ``in_stream`` says that the packet's payload belongs to the stream.
        """
        candidates: list[tuple[Rule, Transaction | None]] = [
            (rule, None) for rule in self._candidates(packet, chunk) if rule.fits(packet)
        ]
        for fresh in transactions:
            candidates += [(rule, fresh) for rule in self._of_transaction(fresh, packet)]
        found: list[Match] = []
        dropped = 0
        for rule, transaction in sorted(candidates, key=lambda pair: pair[0].order):
            if transaction is None:
                match = self._match(rule, packet, chunk, in_stream)
            else:
                match = self._match_transaction(rule, packet, chunk, transaction)
            if match is None:
                continue
            for state in rule.changes:
                self.states.change(state, packet)
            if rule.signature.noalert:
                continue
            if len(found) < self._most:
                found.append(match)
            else:
                dropped += 1
        if dropped:
            self.counters["detect.alert_queue_overflow"] += dropped
        return found

    def _candidates(self, packet: Packet, chunk: Chunk | None) -> set[Rule]:
        protocol = packet.protocol
        known = protocol in (TCP, UDP, ICMP, ICMP6)
        candidates = set(self._each.get(protocol, ()))
        if not known:
            candidates |= set(self._each.get(-2, ()))
        if packet.payload:
            candidates.update(self._payload.found(packet.payload))
        if chunk is not None:
            candidates.update(self._payload.found(chunk.data))
        if self._addresses:
            flow = packet.flow
            if flow is None or not flow.headers_seen[packet.direction]:
                candidates.update(self._addresses)
        return candidates

    def _of_transaction(self, transaction: Transaction, packet: Packet) -> Iterator[Rule]:
        candidates = set(self._each_transaction)
        direction = packet.direction
        for name, transform, group in self._buffers:
            for side in (direction,) if direction == TO_SERVER else (direction, TO_SERVER):
                for data in transaction.buffer(name, side):
                    changed = data if transform is None else transform(data)
                    if changed:
                        candidates.update(group.found(changed))
        for rule in candidates:
            number = (rule.signature.gid, rule.signature.sid)
            if rule.side in (None, direction) and number not in transaction.alerted and rule.fits(packet):
                yield rule

    def _holds(self, rule: Rule, packet: Packet) -> bool:
        """Whether what is asked of packet, flow and states holds."""
        for condition in rule.conditions:
            if not condition(packet):
                return False
        return all(self.states.holds(state, packet) for state in rule.asks)

    def _match_transaction(
        self, rule: Rule, packet: Packet, chunk: Chunk | None, transaction: Transaction
    ) -> Match | None:
        if not self._holds(rule, packet):
            return None
        for condition in rule.others:
            if not transaction_holds(condition, transaction):
                return None
        captured: list[tuple[str, str, bytes]] = []
        for look in rule.looks:
            side = packet.direction if look.side is None else look.side
            found = look.matches(transaction.buffer(look.name, side))
            if found is None:
                return None
            captured += found
        if rule.payload is not None:
            data = chunk.data if chunk is not None else packet.payload
            search = Search(data)
            if not rule.payload(search, 0):
                return None
            captured += search.captured
        transaction.alerted.add((rule.signature.gid, rule.signature.sid))
        return Match(rule, True, captured, transaction)

    def _match(self, rule: Rule, packet: Packet, chunk: Chunk | None, in_stream: bool) -> Match | None:
        if not self._holds(rule, packet):
            return None
        for name, test in rule.header_buffers:
            data = _header(packet, name)
            if data is None or not test(Search(data), 0):
                return None
        if rule.payload is None:
            return Match(rule, False, [])
        apart = not in_stream if rule.kind == "stream" else rule.kind != "only stream"
        if apart and packet.payload:
            search = Search(packet.payload)
            if rule.payload(search, 0):
                return Match(rule, False, search.captured)
        if rule.kind != "packet" and chunk is not None:
            search = Search(chunk.data, chunk.start)
            if rule.payload(search, 0) and not self._again(rule, chunk):
                return Match(rule, True, search.captured)
        if not packet.payload and rule.kind == "packet" and not in_stream:
            search = Search(b"")
            if rule.payload(search, 0) and packet.at >= 0:
                return Match(rule, False, search.captured)
        return None

    @staticmethod
    def _again(rule: Rule, chunk: Chunk) -> bool:
        """Whether the rule matches what has been looked at before already."""
        assert rule.payload is not None
        return chunk.seen > 0 and rule.payload(Search(chunk.data[: chunk.seen], chunk.start), 0)


def _header(packet: Packet, name: str) -> bytes | None:
    """The bytes of a header; None if the packet has none such."""
    data = packet.data
    match name:
        case "ipv4.hdr" if packet.version == 4:
            return data[packet.ip_at : packet.ip_at + ((data[packet.ip_at] & 15) << 2)]
        case "ipv6.hdr" if packet.version == 6:
            end = packet.at if packet.at >= 0 else packet.ip_at + 40
            return data[packet.ip_at : end]
        case "tcp.hdr" if packet.protocol == TCP and packet.at >= 0:
            return data[packet.at : packet.at + ((data[packet.at + 12] >> 4) << 2)]
        case "udp.hdr" if packet.protocol == UDP and packet.at >= 0:
            return data[packet.at : packet.at + 8]
        case "icmpv4.hdr" if packet.protocol == ICMP and packet.at >= 0:
            return data[packet.at : packet.at + 8]
        case "icmpv6.hdr" if packet.protocol == ICMP6 and packet.at >= 0:
            return data[packet.at : packet.at + 8]
        case _:
            return None
