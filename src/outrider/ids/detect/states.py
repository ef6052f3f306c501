"""Bits and numbers that rules keep, and thresholds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from outrider.ids.packets.packet import Packet
from outrider.ids.rules.conditions import FlowBits, FlowNumber, SharedBits, State, Threshold

MOST: Final = 65_536
"""Most entries of each table; the oldest go first."""
_SECOND: Final = 1_000_000

Table: TypeAlias = "OrderedDict[Any, Any]"


class States:
    """What outlives a flow: bits of hosts and of pairs, and thresholds."""

    def __init__(self) -> None:
        self._shared: Table = OrderedDict()
        self._counts: Table = OrderedDict()
        self.forgotten = 0

    def holds(self, state: State, packet: Packet) -> bool:
        """Whether what a rule asks holds."""
        match state:
            case FlowBits():
                bits = packet.flow.bits if packet.flow is not None else frozenset()
                return any((name in bits) is (state.action == "isset") for name in state.names)
            case SharedBits():
                return self._shared_holds(state, packet)
            case FlowNumber():
                return _number_holds(state, packet)

    def change(self, state: State, packet: Packet) -> None:
        """Do what a rule says that has matched."""
        match state:
            case FlowBits():
                _change_bits(state, packet)
            case SharedBits():
                for key in _keys(state, packet):
                    self._change_shared(state, (state.name, *key), packet.time)
            case FlowNumber():
                _change_number(state, packet)

    def _shared_holds(self, state: SharedBits, packet: Packet) -> bool:
        there = any(self._shared.get((state.name, *key), -1) >= packet.time for key in _keys(state, packet))
        return there is (state.action == "isset")

    def _change_shared(self, state: SharedBits, key: Any, time: int) -> None:
        there = self._shared.get(key, -1) >= time
        if state.action == "unset" or (state.action == "toggle" and there):
            self._shared.pop(key, None)
            return
        self._shared[key] = time + state.expire * _SECOND
        self._bound(self._shared)

    def _bound(self, table: Table) -> None:
        if len(table) > MOST:
            table.popitem(last=False)
            self.forgotten += 1

    def lets(self, threshold: Threshold, rule: tuple[int, int], packet: Packet) -> bool:
        """Whether a match alerts. The window's end belongs to it; time is that of packets."""
        key = (rule, threshold.kind, _tracked(threshold.track, packet))
        count, seconds = threshold.count, threshold.seconds * _SECOND
        known: _Count | None = self._counts.get(key)
        if known is None or (threshold.kind != "backoff" and packet.time > known.started + seconds):
            known = self._counts[key] = _Count(packet.time)
            self._bound(self._counts)
        known.count += 1
        match threshold.kind:
            case "limit":
                return known.count <= count
            case "threshold":
                if known.count < count:
                    return False
                known.count = 0
                return True
            case "both":
                return known.count == count
            case "detection_filter":
                return known.count > count
            case _:
                if known.following == 0:
                    known.following = count
                if known.count < known.following:
                    return False
                known.following = max(known.following * threshold.multiplier, known.following + 1)
                return True


@dataclass(slots=True)
class _Count:
    started: int
    count: int = 0
    following: int = 0


def _tracked(track: str, packet: Packet) -> Any:
    match track:
        case "by_src":
            return packet.version, packet.source
        case "by_dst":
            return packet.version, packet.destination
        case "by_both":
            return packet.version, packet.source, packet.destination
        case "by_flow":
            return packet.flow.id if packet.flow is not None else 0
        case _:
            return None


def _keys(state: SharedBits, packet: Packet) -> list[Any]:
    match state.track:
        case "ip_src":
            return [("host", packet.version, packet.source)]
        case "ip_dst":
            return [("host", packet.version, packet.destination)]
        case "both":
            return [("host", packet.version, packet.source), ("host", packet.version, packet.destination)]
        case "tx":
            return [("flow", packet.flow.id if packet.flow is not None else 0)]
        case _:
            low, high = sorted((packet.source, packet.destination))
            return [("pair", packet.version, low, high)]


def _change_bits(state: FlowBits, packet: Packet) -> None:
    if packet.flow is None:
        return
    bits: set[str] = packet.flow.bits
    for name in state.names:
        if state.action == "set":
            bits.add(name)
        elif state.action == "unset":
            bits.discard(name)
        else:
            bits ^= {name}


_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
}


def _number_holds(state: FlowNumber, packet: Packet) -> bool:
    numbers: dict[str, int] = packet.flow.numbers if packet.flow is not None else {}
    if state.operator in ("isset", "notset"):
        return (state.name in numbers) is (state.operator == "isset")
    right = _right(state, numbers)
    return state.name in numbers and right is not None and _COMPARE[state.operator](numbers[state.name], right)


def _right(state: FlowNumber, numbers: dict[str, int]) -> int | None:
    return state.value if isinstance(state.value, int) else numbers.get(state.value)


def _change_number(state: FlowNumber, packet: Packet) -> None:
    if packet.flow is None:
        return
    numbers: dict[str, int] = packet.flow.numbers
    right = _right(state, numbers)
    if right is None:
        return
    if state.operator == "=":
        numbers[state.name] = right
    else:
        numbers[state.name] = numbers.get(state.name, 0) + (right if state.operator == "+" else -right) & 0xFFFFFFFF
