"""Which rules match a packet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from outrider.ids.detect.patterns import patterns
from outrider.ids.detect.rule import Rule, first_pattern
from outrider.ids.detect.search import Search
from outrider.ids.detect.states import States
from outrider.ids.packets.packet import ICMP, ICMP6, TCP, UDP, Packet

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


@dataclass(slots=True)
class Chunk:
    """Bytes of a stream that are looked at: ``seen`` of them have been before, ``start`` is where they stand in it."""

    data: bytes
    start: int = 0
    seen: int = 0


class Detector:
    """Looks for rules, which are made ready and in their order."""

    def __init__(self, rules: Sequence[Rule], *, fast: bool = True, most: int = ALERTS) -> None:
        self.counters: Counter[str] = Counter()
        self.states = States()
        self._most = most
        self._addresses = [rule for rule in rules if rule.kind == "address"]
        found = []
        self._each: defaultdict[int, list[Rule]] = defaultdict(list)
        for rule in rules:
            if rule.kind in ("address", "transaction"):
                continue
            pattern = first_pattern(rule)
            if pattern is not None and len(pattern[0]) >= SHORT:
                found.append((rule, pattern))
                continue
            for protocol in rule.protocols or (TCP, UDP, ICMP, ICMP6, -2):
                self._each[protocol].append(rule)
        self._pattern_rules = [rule for rule, _ in found]
        self._patterns = patterns([pattern for _, pattern in found], fast=fast)

    def matches(self, packet: Packet, chunk: Chunk | None, *, in_stream: bool) -> list[Match]:
        """Rules that match, in order, at most ``most``. ``chunk`` is of the packet's side of its stream, if it is time
        to look at that; ``in_stream`` says that the packet's payload belongs to the stream."""
        candidates = self._candidates(packet, chunk)
        found: list[Match] = []
        dropped = 0
        for rule in sorted(candidates, key=lambda rule: rule.order):
            match = self._match(rule, packet, chunk, in_stream)
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
        each = self._each.get(protocol if protocol in (TCP, UDP, ICMP, ICMP6) else -2, ())
        candidates = set(each)
        if protocol not in (TCP, UDP, ICMP, ICMP6):
            candidates |= set(self._each.get(protocol, ()))
        rules = self._pattern_rules
        if rules:
            if packet.payload:
                candidates.update(rules[index] for index in self._patterns.found(packet.payload))
            if chunk is not None:
                candidates.update(rules[index] for index in self._patterns.found(chunk.data))
        if self._addresses:
            flow = packet.flow
            if flow is None or not flow.headers_seen[packet.direction]:
                candidates.update(self._addresses)
        return candidates

    def _match(self, rule: Rule, packet: Packet, chunk: Chunk | None, in_stream: bool) -> Match | None:
        if not rule.fits(packet):
            return None
        for condition in rule.conditions:
            if not condition(packet):
                return None
        for state in rule.asks:
            if not self.states.holds(state, packet):
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
