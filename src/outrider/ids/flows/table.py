"""All flows, with their time-outs."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from outrider.ids.flows.flow import Flow, Key
from outrider.ids.packets.packet import ICMP, ICMP6, TCP, UDP, Packet

_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds without a packet after which a flow ends: by protocol, for new, established and closed flows."""

    tcp: tuple[int, int, int] = (60, 600, 60)
    udp: tuple[int, int, int] = (30, 300, 0)
    icmp: tuple[int, int, int] = (30, 300, 0)
    other: tuple[int, int, int] = (30, 300, 0)

    def of(self, flow: Flow) -> int:
        """In microseconds."""
        times = {TCP: self.tcp, UDP: self.udp, ICMP: self.icmp, ICMP6: self.icmp}.get(flow.protocol, self.other)
        return times[("new", "established", "closed").index(flow.state)] * _SECOND


@dataclass(slots=True)
class FlowTable:
    """Flows in the order of their last packets. Of more than ``most``, the one that was quiet longest has to go.

    ``levels``: what is in a tunnel is a flow of its own.
    """

    timeouts: Timeouts = field(default_factory=Timeouts)
    most: int = 65_536
    levels: bool = True
    counters: Counter[str] = field(default_factory=Counter)
    _flows: OrderedDict[Key, Flow] = field(default_factory=OrderedDict)
    _number: int = 0

    def __len__(self) -> int:
        return len(self._flows)

    def find(self, packet: Packet) -> tuple[Flow, list[tuple[Flow, str]]]:
        """The flow of a packet, a new one if there is none, and flows that had to end for it, with the reason."""
        ended: list[tuple[Flow, str]] = []
        key = _key(packet, packet.level if self.levels else 0)
        flow = self._flows.get(key)
        if flow is not None and (reason := self._over(flow, packet)):
            del self._flows[key]
            ended.append((flow, reason))
            flow = None
        if flow is None:
            if len(self._flows) >= self.most:
                _, oldest = self._flows.popitem(last=False)
                self.counters["flow.memcap"] += 1
                ended.append((oldest, "forced"))
            self._number += 1
            flow = self._flows[key] = Flow(key, self._number, packet)
        else:
            self._flows.move_to_end(key)
        flow.last = max(flow.last, packet.time)
        return flow, ended

    def quiet(self, time: int) -> Iterator[Flow]:
        """Flows that are over at ``time``; they are taken out. Those with the shortest time-out are found first."""
        shortest = min(self.timeouts.tcp[0], self.timeouts.udp[0], self.timeouts.icmp[0], self.timeouts.other[0])
        over = []
        for key, flow in self._flows.items():
            waited = time - flow.last
            if waited < shortest * _SECOND and waited >= 0:
                break
            if waited > self.timeouts.of(flow):
                over.append(key)
        for key in over:
            yield self._flows.pop(key)

    def rest(self) -> Iterator[Flow]:
        """All that are left, the one that was quiet longest first; they are taken out."""
        while self._flows:
            yield self._flows.popitem(last=False)[1]

    def quoted(self, packet: Packet) -> Flow | None:
        """The flow that an ICMP error is about."""
        if packet.inner is None:
            return None
        version, protocol, source, source_port, destination, destination_port = packet.inner
        ends = sorted(((source, source_port), (destination, destination_port)))
        return self._flows.get((version, protocol, packet.vlans, packet.level if self.levels else 0, *ends))

    def _over(self, flow: Flow, packet: Packet) -> str:
        """Why a flow cannot take a packet that looks as if it were of it; empty if it can."""
        if packet.time - flow.last > self.timeouts.of(flow):
            return "timeout"
        session = flow.session
        if session is not None and session.closed and packet.flags & 0x17 == 2 and session.is_new(packet):
            return "tcp_reuse"
        return ""


def _key(packet: Packet, level: int) -> Key:
    one = (packet.source, packet.source_port)
    other = (packet.destination, packet.destination_port)
    protocol = packet.protocol
    if one <= other:
        return (packet.version, protocol, packet.vlans, level, one, other)
    return (packet.version, protocol, packet.vlans, level, other, one)
