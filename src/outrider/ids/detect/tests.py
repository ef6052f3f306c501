"""Conditions of packets and flows, as closures that get a packet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from outrider.ids.apps.transaction import Transaction
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER
from outrider.ids.packets.packet import ICMP, ICMP6, TCP, Packet
from outrider.ids.rules.conditions import (
    ApplicationProtocol,
    Condition,
    Field,
    FlowField,
    FlowTest,
    FragmentBits,
    IpOption,
    SameAddress,
    StreamSize,
    TcpFlags,
    Versions,
)

Test: TypeAlias = Callable[[Packet], bool]

_FIELDS: Final[dict[str, tuple[Callable[[Packet], bool], Callable[[Packet], int]]]] = {
    "ttl": (lambda p: p.version != 0, lambda p: p.ttl),
    "tos": (lambda p: p.version == 4, lambda p: p.tos),
    "id": (lambda p: p.version == 4, lambda p: p.id),
    "ip_proto": (lambda p: p.version != 0, lambda p: p.protocol),
    "fragoffset": (lambda p: p.version != 0, lambda p: p.fragment_offset),
    "dsize": (lambda p: not p.fragment, lambda p: len(p.payload)),
    "seq": (lambda p: p.protocol == TCP and p.at >= 0, lambda p: p.seq),
    "ack": (lambda p: p.protocol == TCP and p.at >= 0, lambda p: p.ack),
    "window": (lambda p: p.protocol == TCP and p.at >= 0, lambda p: p.window),
    "tcp.mss": (lambda p: p.mss >= 0, lambda p: p.mss),
    "tcp.wscale": (lambda p: p.scale >= 0, lambda p: p.scale),
    "itype": (lambda p: p.kind >= 0, lambda p: p.kind),
    "icode": (lambda p: p.code >= 0, lambda p: p.code),
    "icmp_id": (lambda p: _echo(p), lambda p: _word(p, 4)),
    "icmp_seq": (lambda p: _echo(p), lambda p: _word(p, 6)),
    "icmpv6.mtu": (lambda p: p.protocol == ICMP6 and p.kind == 2, lambda p: _word(p, 4) << 16 | _word(p, 6)),
}
"""Whether a packet has the field, and what it is."""


def _echo(packet: Packet) -> bool:
    return (packet.protocol == ICMP and packet.kind in (0, 8, 13, 14, 15, 16, 17, 18)) or (
        packet.protocol == ICMP6 and packet.kind in (128, 129)
    )


def _word(packet: Packet, at: int) -> int:
    return int.from_bytes(packet.data[packet.at + at : packet.at + at + 2], "big")


def prepared(condition: Condition) -> Test | None:
    """A closure; None for a condition of an application's transaction."""
    match condition:
        case Field():
            return _field(condition) if condition.name in _FIELDS else None
        case FlowField():
            return _flow_field(condition)
        case TcpFlags():
            return _tcp_flags(condition)
        case FragmentBits():
            return lambda packet: packet.version == 4 and _bits(packet.fragment_bits, condition.wanted, condition.mode)
        case IpOption():
            kind = condition.kind
            return lambda packet: bool(packet.ip_options) if kind < 0 else kind in packet.ip_options
        case SameAddress():
            return lambda packet: packet.version != 0 and packet.source == packet.destination
        case StreamSize():
            return _stream_size(condition)
        case ApplicationProtocol():
            return _application(condition)
        case _:
            return None


def _field(condition: Field) -> Test:
    has, value = _FIELDS[condition.name]
    wanted = condition.numbers
    return lambda packet: has(packet) and value(packet) in wanted


def _bits(have: int, wanted: int, mode: str) -> bool:
    match mode:
        case "+":
            return have & wanted == wanted
        case "*":
            return bool(have & wanted)
        case "!":
            return have & wanted != wanted
        case _:
            return have == wanted


def _tcp_flags(condition: TcpFlags) -> Test:
    wanted, kept, mode = condition.wanted, 0xFF & ~condition.ignored, condition.mode

    def run(packet: Packet) -> bool:
        return packet.protocol == TCP and packet.at >= 0 and _bits(packet.flags & kept, wanted & kept, mode)

    return run


def _flow_field(condition: FlowField) -> Test:
    name, direction, wanted = condition.name, condition.direction, condition.numbers

    def run(packet: Packet) -> bool:
        flow: Any = packet.flow
        if flow is None:
            return False
        if name == "age":
            return (flow.last - flow.first) // 1_000_000 in wanted
        pair = flow.packets if name == "pkts" else flow.bytes
        if direction == "either":
            return pair[0] in wanted or pair[1] in wanted
        if direction == "both":
            return pair[0] + pair[1] in wanted
        return pair[TO_SERVER if direction == "to_server" else TO_CLIENT] in wanted

    return run


def _stream_size(condition: StreamSize) -> Test:
    direction, wanted = condition.direction, condition.numbers

    def run(packet: Packet) -> bool:
        session: Any = packet.flow.session if packet.flow is not None else None
        if session is None:
            return False
        client, server = (
            (side.following - side.first & 0xFFFFFFFF) in wanted if side.known else False for side in session.sides
        )
        match direction:
            case "client":
                return client
            case "server":
                return server
            case "both":
                return client and server
            case _:
                return client or server

    return run


def _application(condition: ApplicationProtocol) -> Test:
    name, negated = condition.name, condition.negated

    def run(packet: Packet) -> bool:
        flow: Any = packet.flow
        if flow is None:
            return False
        known = flow.application
        if condition.direction:
            known = flow.sides[TO_SERVER if condition.direction == "to_server" else TO_CLIENT]
        if name == "unknown":
            return (known == "") is not negated
        if not known:
            return False  # nothing can be said of it yet
        return (known == name) is not negated

    return run


def transaction_holds(condition: Condition, transaction: Transaction) -> bool:
    """Whether what is asked of a transaction's numbers holds."""
    match condition:
        case Field():
            number = transaction.number(condition.name)
            return number is not None and number in condition.numbers
        case Versions():
            number = transaction.number(condition.field)
            if number is None:
                return False
            return number in condition.numbers or (bool(condition.others) and number not in condition.others)
        case _:
            return False


def flow_test(wanted: FlowTest) -> Test | None:
    """A closure for ``flow``; None if it asks nothing."""
    direction = {"to_server": TO_SERVER, "to_client": TO_CLIENT}.get(wanted.direction)
    established, fragment = wanted.established, wanted.fragment
    if direction is None and established is None and fragment is None:
        return None

    def run(packet: Packet) -> bool:
        flow: Any = packet.flow
        if direction is not None and (flow is None or packet.direction != direction):
            return False
        if established is not None and packet.established is not established:
            return False
        return fragment is None or packet.fragment is fragment

    return run
