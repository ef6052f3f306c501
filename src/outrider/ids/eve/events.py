"""Alerts, flows and counters."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outrider.ids.detect.detector import Match
from outrider.ids.eve.common import ether, of_flow, of_packet, stamp
from outrider.ids.flows.flow import TO_SERVER, Flow
from outrider.ids.flows.tcp import NAMES, Session
from outrider.ids.packets.packet import ICMP, ICMP6, TCP, Packet

_FLAGS = (("syn", 2), ("fin", 1), ("rst", 4), ("psh", 8), ("ack", 16), ("urg", 32), ("ecn", 64), ("cwr", 128))


@dataclass(frozen=True, slots=True)
class Shown:
    """What alerts show beside what they always do."""

    payload: bool = False
    printable: bool = False
    packet: bool = False
    payload_size: int = 4096
    ethernet: bool = False


def alert(packet: Packet, match: Match, shown: Shown, payload: bytes) -> dict[str, Any]:
    """``payload`` is what was looked at, of the stream or of the packet."""
    signature = match.rule.signature
    event = of_packet(packet, "alert")
    told: dict[str, Any] = {
        "action": "allowed",
        "gid": signature.gid,
        "signature_id": signature.sid,
        "rev": signature.rev,
        "signature": signature.message,
        "category": signature.category,
        "severity": signature.priority,
    }
    if signature.target:
        source = {"ip": event.get("src_ip")}
        target = {"ip": event.get("dest_ip")}
        if "src_port" in event:
            source["port"], target["port"] = event["src_port"], event["dest_port"]
        if signature.target == "src_ip":
            source, target = target, source
        told["source"], told["target"] = source, target
    if signature.metadata:
        told["metadata"] = {name: list(values) for name, values in signature.metadata}
    if signature.references:
        told["references"] = list(signature.references)
    if shown.ethernet and packet.link == 1 and len(packet.frame) >= 14:
        event["ether"] = ether(packet)
    event["alert"] = told
    flow = packet.flow
    if flow is not None:
        event |= _application(flow)
        transaction = match.transaction
        if transaction is not None:
            event["tx_id"] = transaction.id
            event[flow.parser.name] = transaction.event()
        event["direction"] = "to_server" if packet.direction == TO_SERVER else "to_client"
        event["flow"] = _counted(flow)
        kept = _kept(flow, match)
        if kept:
            event["metadata"] = kept
    if shown.payload:
        event["payload"] = base64.b64encode(payload[: shown.payload_size]).decode()
    if shown.printable:
        event["payload_printable"] = printable(payload[: shown.payload_size])
    if shown.payload or shown.printable:
        event["stream"] = int(match.stream)
    if shown.packet:
        event["packet"] = base64.b64encode(packet.frame).decode()
        event["packet_info"] = {"linktype": packet.link, "linktype_name": _LINKS.get(packet.link, str(packet.link))}
    return event


_LINKS = {0: "NULL", 1: "EN10MB", 9: "PPP", 12: "RAW", 101: "RAW", 113: "LINUX_SLL", 228: "IPV4", 229: "IPV6"} | {
    276: "LINUX_SLL2"
}


def printable(data: bytes) -> str:
    """Text; a dot for what cannot be printed."""
    return "".join(chr(byte) if 32 <= byte < 127 or byte in (10, 13) else "." for byte in data)


def _kept(flow: Flow, match: Match) -> dict[str, Any]:
    """Bits, numbers and captured texts."""
    kept: dict[str, Any] = {}
    if flow.bits:
        kept["flowbits"] = sorted(flow.bits)
    if flow.numbers:
        kept["flowints"] = dict(sorted(flow.numbers.items()))
    texts = [{name: printable(value)} for name, value in flow.values.items()]
    if texts:
        kept["flowvars"] = texts
    of_packet_alone = [{name: printable(value)} for scope, name, value in match.captured if scope == "pkt"]
    if of_packet_alone:
        kept["pktvars"] = of_packet_alone
    return kept


def _application(flow: Flow) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if flow.application:
        told["app_proto"] = flow.application
    sides = zip(("app_proto_ts", "app_proto_tc"), flow.sides, strict=True)
    return told | {name: side for name, side in sides if side and side != flow.application}


def _counted(flow: Flow) -> dict[str, Any]:
    told: dict[str, Any] = {
        "pkts_toserver": flow.packets[0],
        "pkts_toclient": flow.packets[1],
        "bytes_toserver": flow.bytes[0],
        "bytes_toclient": flow.bytes[1],
        "start": stamp(flow.first),
    }
    return told


def flow_event(flow: Flow, reason: str, time: int) -> dict[str, Any]:
    """The end of a flow."""
    event = of_flow(flow, "flow", time)
    event |= _application(flow)
    if flow.protocol in (ICMP, ICMP6):
        for name, told in zip(("", "response_"), flow.icmp, strict=True):
            if told is not None:
                event[f"{name}icmp_type"], event[f"{name}icmp_code"] = told
    event["flow"] = _counted(flow) | {
        "end": stamp(flow.last),
        "age": flow.last // 1_000_000 - flow.first // 1_000_000,
        "state": flow.state,
        "reason": reason,
        "alerted": flow.alerted,
    }
    if flow.protocol == TCP:
        event["tcp"] = _tcp(flow.session)
    return event


def _tcp(session: Session | None) -> dict[str, Any]:
    both = [side.flags for side in session.sides] if session is not None else [0, 0]
    flags = both[0] | both[1]
    told: dict[str, Any] = {
        "tcp_flags": f"{flags:02x}",
        "tcp_flags_ts": f"{both[0]:02x}",
        "tcp_flags_tc": f"{both[1]:02x}",
    }
    told |= {name: True for name, bit in _FLAGS if flags & bit}
    if session is not None:
        told["state"] = NAMES[session.state]
    return told


def stats(time: int, counters: Mapping[str, int]) -> dict[str, Any]:
    """Counters, nested by the dots in their names."""
    found: dict[str, Any] = {}
    for name, count in sorted(counters.items()):
        level = found
        *above, last = name.split(".")
        for part in above:
            inner = level.setdefault(part, {})
            level = inner if isinstance(inner, dict) else {}
        level[last] = count
    return {"timestamp": stamp(time), "event_type": "stats", "stats": found}
