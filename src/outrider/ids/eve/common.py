"""What all events share."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Any, Final

from outrider.ids.flows.flow import Flow
from outrider.ids.packets.packet import ICMP, ICMP6, SCTP, TCP, UDP, Packet

PROTOCOLS: Final = {
    TCP: "TCP",
    UDP: "UDP",
    ICMP: "ICMP",
    ICMP6: "IPv6-ICMP",
    SCTP: "SCTP",
    0: "HOPOPT",
    2: "IGMP",
    4: "IPIP",
    41: "IPv6",
    43: "IPv6-Route",
    44: "IPv6-Frag",
    47: "GRE",
    50: "ESP",
    51: "AH",
    59: "IPv6-NoNxt",
    103: "PIM",
}
PORTS: Final = frozenset({TCP, UDP, SCTP})


def stamp(time: int) -> str:
    """Microseconds since 1970 as events have them."""
    found = datetime.fromtimestamp(time // 1_000_000, UTC)
    return f"{found:%Y-%m-%dT%H:%M:%S}.{time % 1_000_000:06d}+0000"


def address(version: int, number: int) -> str:
    """An address; IPv6 in full, as Suricata writes it."""
    if version == 4:
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return ipaddress.IPv6Address(number).exploded


def of_packet(packet: Packet, kind: str) -> dict[str, Any]:
    """An event about a packet: its own source and destination."""
    event: dict[str, Any] = {"timestamp": stamp(packet.time)}
    if packet.flow is not None:
        event["flow_id"] = packet.flow.id
    event["pcap_cnt"] = packet.number
    event["event_type"] = kind
    if packet.vlans:
        event["vlan"] = list(packet.vlans)
    if packet.version:
        _ends(
            event,
            packet.version,
            (packet.source, packet.source_port),
            (packet.destination, packet.destination_port),
            packet.protocol,
        )
    if packet.kind >= 0:
        event["icmp_type"], event["icmp_code"] = packet.kind, packet.code
    event["pkt_src"] = packet.origin
    return event


def ether(packet: Packet) -> dict[str, str]:
    """The addresses of a frame of Ethernet."""
    return {"src_mac": packet.frame[6:12].hex(":"), "dest_mac": packet.frame[:6].hex(":")}


def of_flow(flow: Flow, kind: str, time: int) -> dict[str, Any]:
    """An event about a flow: the client is the source."""
    event: dict[str, Any] = {"timestamp": stamp(time), "flow_id": flow.id, "event_type": kind}
    if flow.vlans:
        event["vlan"] = list(flow.vlans)
    _ends(
        event,
        flow.version,
        (flow.source, flow.source_port),
        (flow.destination, flow.destination_port),
        flow.protocol,
    )
    return event


def _ends(
    event: dict[str, Any], version: int, source: tuple[int, int], destination: tuple[int, int], protocol: int
) -> None:
    ports = protocol in PORTS
    event["src_ip"] = address(version, source[0])
    if ports:
        event["src_port"] = source[1]
    event["dest_ip"] = address(version, destination[0])
    if ports:
        event["dest_port"] = destination[1]
    event["proto"] = PROTOCOLS.get(protocol, f"{protocol:03d}")
    event["ip_v"] = version
