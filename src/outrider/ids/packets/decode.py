"""From frames to packets: links, VLAN, IPv4 and IPv6 with extension headers, tunnels, TCP, UDP, ICMP."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from outrider.ids.capture.frame import Frame
from outrider.ids.packets.checksums import pseudo, total
from outrider.ids.packets.fragments import Fragment, Fragments
from outrider.ids.packets.packet import ICMP, ICMP6, SCTP, TCP, UDP, Packet

LEVELS: Final = 8
"""Most tunnels in one another."""
_HEADERS: Final = 32
"""Most extension headers of an IPv6 packet."""
_IP4, _IP6, _BRIDGE = 0x0800, 0x86DD, 0x6558
_VLAN: Final = frozenset({0x8100, 0x88A8, 0x9100})
_PPP: Final = {0x0021: _IP4, 0x0057: _IP6}
_NSH: Final = {1: _IP4, 2: _IP6, 3: _BRIDGE}
_ANSWERS: Final = {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 128: 129, 129: 128, 133: 134, 134: 133}
"""Types of ICMP that answer each other."""
_ETHERNET: Final = 1
_RAW: Final = frozenset({12, 14, 101, 228, 229})
_IPIP, _IP6IP, _GRE, _AH, _ESP, _NONE, _FRAGMENT = 4, 41, 47, 51, 50, 59, 44
_OPTIONS: Final = frozenset({0, 43, 60, 135, 139, 140})
_ERRORS4: Final = frozenset({3, 4, 5, 11, 12})
_ERRORS6: Final = frozenset({1, 2, 3, 4})

_ipv4 = struct.Struct(">BBHHHBBHII").unpack_from
_ipv6 = struct.Struct(">IHBBQQQQ").unpack_from
_tcp = struct.Struct(">HHIIBBHHH").unpack_from
_udp = struct.Struct(">HHHH").unpack_from
_word = struct.Struct(">H").unpack_from
_words = struct.Struct(">HH").unpack_from


@dataclass(slots=True)
class Decoder:
    """``verify``: packets whose sums are wrong are marked. ``counters`` count what cannot be read, by its reason."""

    fragments: Fragments
    verify: bool = True
    vxlan: frozenset[int] = frozenset({4789})
    geneve: frozenset[int] = frozenset({6081})
    teredo: frozenset[int] = frozenset({3544})
    counters: Counter[str] = field(default_factory=Counter)

    def packets(self, frame: Frame) -> list[Packet]:
        """The packet of a frame, then those that it carries. None for a frame without one."""
        packet = Packet(frame.number, frame.time, frame.link, frame.data)
        found: list[Packet] = []
        try:
            self._link(packet, frame.data, frame.link, found)
        except (struct.error, IndexError):
            self.counters["decoder.too_short"] += 1
        return found

    def _link(self, packet: Packet, data: bytes, link: int, found: list[Packet]) -> None:
        if link == _ETHERNET:
            self._ether(packet, data, _word(data, 12)[0], 14, found)
        elif link in _RAW:
            self._ether(packet, data, _IP6 if data[0] >> 4 == 6 else _IP4, 0, found)
        elif link == 113:
            self._ether(packet, data, _word(data, 14)[0], 16, found)
        elif link == 276:
            self._ether(packet, data, _word(data, 0)[0], 20, found)
        elif link in (0, 108):
            self._ether(packet, data, _IP6 if data[4] >> 4 == 6 else _IP4, 4, found)
        elif link == 9:
            at = 2 * (data[:2] == b"\xff\x03")
            protocol, at = (data[at], at + 1) if data[at] & 1 else (_word(data, at)[0], at + 2)
            self._ether(packet, data, _PPP.get(protocol, 0), at, found)
        else:
            self.counters["decoder.unknown_link"] += 1

    def _ether(self, packet: Packet, data: bytes, kind: int, at: int, found: list[Packet]) -> None:
        while kind in _VLAN and len(packet.vlans) < 3:
            tag, kind = _words(data, at)
            packet.vlans = (*packet.vlans, tag & 0x0FFF)
            at += 4
        if kind == 0x8864:
            kind, at = _PPP.get(_word(data, at + 6)[0], 0), at + 8
        elif kind in (0x8847, 0x8848):
            kind, at = self._labels(data, at)
        if kind == _IP4:
            self._four(packet, data, at, found)
        elif kind == _IP6:
            self._six(packet, data, at, found)
        elif kind == 0x894F and data[at + 3] in _NSH and len(found) + packet.nested < LEVELS:
            packet.nested += 1
            start = at + ((data[at + 1] & 0x3F) << 2)
            if _NSH[data[at + 3]] == _BRIDGE:
                self._ether(packet, data, _word(data, start + 12)[0], start + 14, found)
            else:
                self._ether(packet, data, _NSH[data[at + 3]], start, found)
        else:
            self.counters["decoder.other_ethertype"] += 1

    @staticmethod
    def _labels(data: bytes, at: int) -> tuple[int, int]:
        """Behind the labels of MPLS stands an IP packet, whose first bits tell its version."""
        while not data[at + 2] & 1:
            at += 4
        return {4: _IP4, 6: _IP6}.get(data[at + 4] >> 4, 0), at + 4

    def _four(self, packet: Packet, data: bytes, at: int, found: list[Packet]) -> None:
        first, tos, length, ident, part, ttl, protocol, _, source, destination = _ipv4(data, at)
        head = (first & 15) << 2
        room = len(data) - at
        if first >> 4 != 4 or head < 20 or (length and length < head) or length > room or head > room:
            self.counters["decoder.ipv4.invalid"] += 1
            return
        end = at + (length or room)
        packet.version, packet.data, packet.ip_at = 4, data, at
        packet.tos, packet.id, packet.ttl, packet.protocol = tos, ident, ttl, protocol
        packet.source, packet.destination = source, destination
        packet.length = end - at
        packet.fragment_bits = part >> 13
        if head > 20:
            packet.ip_options = _options(data[at + 20 : at + head])
        if self.verify and total(data[at : at + head]) != 0xFFFF:
            packet.bad_sum = True
        found.append(packet)
        if part & 0x3FFF:
            packet.fragment, packet.fragment_offset = True, part & 0x1FFF
            packet.payload = data[at + head : end]
            piece = Fragment(
                (4, source, destination, protocol, ident, packet.vlans, packet.level),
                (part & 0x1FFF) << 3,
                bool(part & 0x2000),
                data[at + head : end],
                data[at : at + head],
            )
            whole = self.fragments.add(piece, packet.time)
            if whole is not None:
                self._whole(packet, whole[0][:2] + struct.pack(">HHH", 0, ident, 0) + whole[0][8:], whole[1], found)
            return
        self._carried(packet, data, at + head, end, protocol, found)

    def _six(self, packet: Packet, data: bytes, at: int, found: list[Packet]) -> None:
        first, length, protocol, hops, *parts = _ipv6(data, at)
        room = len(data) - at - 40
        if first >> 28 != 6 or length > room:
            self.counters["decoder.ipv6.invalid"] += 1
            return
        end = at + 40 + (length or room)
        packet.version, packet.data, packet.ip_at = 6, data, at
        packet.tos, packet.ttl = first >> 20 & 255, hops
        packet.source, packet.destination = parts[0] << 64 | parts[1], parts[2] << 64 | parts[3]
        packet.length = end - at
        found.append(packet)
        start = at + 40
        for _ in range(_HEADERS):
            if protocol in _OPTIONS:
                protocol, start = data[start], start + 8 + (data[start + 1] << 3)
            elif protocol == _AH:
                protocol, start = data[start], start + 8 + (data[start + 1] << 2)
            elif protocol == _FRAGMENT:
                following, _, part, ident = struct.unpack_from(">BBHI", data, start)
                start += 8
                if part & 0xFFF9 == 0:
                    protocol = following  # a datagram in one piece
                    continue
                self._piece(packet, data, start, end, following, part, ident, found)
                return
            else:
                break
            if start > end:
                self.counters["decoder.ipv6.invalid"] += 1
                return
        packet.protocol = protocol
        self._carried(packet, data, start, end, protocol, found)

    def _piece(
        self, packet: Packet, data: bytes, at: int, end: int, protocol: int, part: int, ident: int, found: list[Packet]
    ) -> None:
        packet.protocol, packet.fragment = protocol, True
        packet.fragment_offset, packet.id = part >> 3, ident
        packet.payload = data[at:end]
        piece = Fragment(
            (6, packet.source, packet.destination, 0, ident, packet.vlans, packet.level),
            part & 0xFFF8,
            bool(part & 1),
            data[at:end],
            data[packet.ip_at : packet.ip_at + 6] + bytes([protocol]) + data[packet.ip_at + 7 : packet.ip_at + 40],
        )
        whole = self.fragments.add(piece, packet.time)
        if whole is not None:
            self._whole(
                packet, whole[0][:4] + struct.pack(">H", min(len(whole[1]), 65_535)) + whole[0][6:], whole[1], found
            )

    def _whole(self, piece: Packet, head: bytes, carried: bytes, found: list[Packet]) -> None:
        """A datagram whose last missing fragment ``piece`` was."""
        made = Packet(piece.number, piece.time, piece.link, piece.frame)
        made.vlans, made.level, made.origin = piece.vlans, piece.level, "defrag"
        if piece.version == 4:
            length = len(head) + len(carried)
            head = head[:2] + struct.pack(">H", length if length < 65_536 else 0) + head[4:10] + b"\0\0" + head[12:]
            head = head[:10] + struct.pack(">H", total(head) ^ 0xFFFF) + head[12:]
        made.frame = piece.data[: piece.ip_at] + head + carried
        (self._four if piece.version == 4 else self._six)(made, made.frame, piece.ip_at, found)

    def _carried(self, packet: Packet, data: bytes, at: int, end: int, protocol: int, found: list[Packet]) -> None:
        if protocol == TCP:
            self._tcp(packet, data, at, end)
        elif protocol == UDP:
            self._udp(packet, data, at, end, found)
        elif (protocol == ICMP and packet.version == 4) or (protocol == ICMP6 and packet.version == 6):
            self._icmp(packet, data, at, end)
        else:
            packet.payload = data[at:end]
            if protocol == SCTP and end - at >= 12:
                packet.at = at
                packet.source_port, packet.destination_port = _words(data, at)
                packet.payload = data[at + 12 : end]
            elif protocol == _IPIP:
                self._tunnel(packet, data[at:end], 101, "ipv4 tunnel", found)
            elif protocol == _IP6IP:
                self._tunnel(packet, data[at:end], 101, "ipv6 tunnel", found)
            elif protocol == _GRE:
                self._gre(packet, data, at, end, found)

    def _tcp(self, packet: Packet, data: bytes, at: int, end: int) -> None:
        if end - at < 20:
            self.counters["decoder.tcp.invalid"] += 1
            return
        source, destination, seq, ack, offset, flags, window, _, _ = _tcp(data, at)
        head = (offset >> 4) << 2
        if head < 20 or head > end - at:
            self.counters["decoder.tcp.invalid"] += 1
            return
        packet.at = at
        packet.source_port, packet.destination_port = source, destination
        packet.seq, packet.ack, packet.flags, packet.window = seq, ack, flags, window
        packet.payload = data[at + head : end]
        if head > 20 and flags & 2:
            _tcp_options(packet, data[at + 20 : at + head])
        if self.verify and not self._summed(packet, data, at, end, TCP):
            packet.bad_sum = True

    def _udp(self, packet: Packet, data: bytes, at: int, end: int, found: list[Packet]) -> None:
        if end - at < 8:
            self.counters["decoder.udp.invalid"] += 1
            return
        source, destination, length, checksum = _udp(data, at)
        if length and (length < 8 or length > end - at):
            self.counters["decoder.udp.invalid"] += 1
            return
        end = at + length if length else end
        packet.at = at
        packet.source_port, packet.destination_port = source, destination
        packet.payload = data[at + 8 : end]
        if self.verify and checksum and not self._summed(packet, data, at, end, UDP):
            packet.bad_sum = True
        if destination in self.vxlan and end - at > 16 and data[at + 8] & 8:
            self._tunnel(packet, data[at + 16 : end], _ETHERNET, "vxlan tunnel", found)
        elif destination in self.geneve and end - at > 16 and data[at + 8] >> 6 == 0:
            kind = _word(data, at + 10)[0]
            inner = data[at + 16 + ((data[at + 8] & 0x3F) << 2) : end]
            link = {_BRIDGE: _ETHERNET, _IP4: 101, _IP6: 101}.get(kind)
            if link is not None:
                self._tunnel(packet, inner, link, "geneve tunnel", found)
        elif (destination in self.teredo or source in self.teredo) and end - at > 48:
            self._teredo(packet, data[at + 8 : end], found)

    def _teredo(self, packet: Packet, inner: bytes, found: list[Packet]) -> None:
        if inner[:2] == b"\0\1":
            inner = inner[4 + inner[2] + inner[3] + 9 :]
        if inner[:2] == b"\0\0":
            inner = inner[8:]
        if len(inner) >= 40 and inner[0] >> 4 == 6:
            self._tunnel(packet, inner, 101, "teredo tunnel", found)

    def _icmp(self, packet: Packet, data: bytes, at: int, end: int) -> None:
        if end - at < 4 + 4 * (packet.version == 6):
            self.counters["decoder.icmp.invalid"] += 1
            return
        packet.at = at
        packet.kind, packet.code = data[at], data[at + 1]
        packet.source_port, packet.destination_port = packet.kind, _ANSWERS.get(packet.kind, 256)
        packet.payload = data[at + 8 : end]
        if self.verify:
            start = pseudo(packet.source, packet.destination, ICMP6, end - at) if packet.version == 6 else 0
            packet.bad_sum |= total(data[at:end], start) != 0xFFFF
        if packet.kind in (_ERRORS4 if packet.version == 4 else _ERRORS6):
            packet.inner = _embedded(data[at + 8 : end])

    @staticmethod
    def _summed(packet: Packet, data: bytes, at: int, end: int, protocol: int) -> bool:
        start = pseudo(packet.source, packet.destination, protocol, end - at)
        return total(data[at:end], start) == 0xFFFF

    def _gre(self, packet: Packet, data: bytes, at: int, end: int, found: list[Packet]) -> None:
        flags, kind = _words(data, at)
        version = flags & 7
        start = at + 4
        if version == 1:  # PPTP
            start += 4 + 4 * bool(flags & 0x1000) + 4 * bool(flags & 0x0080)
        else:
            start += 4 * bool(flags & 0xC000) + 4 * bool(flags & 0x2000) + 4 * bool(flags & 0x1000)
        if kind == 0x880B:
            self._tunnel(packet, data[start:end], 9, "gre tunnel", found)
        elif kind in (_IP4, _IP6):
            self._tunnel(packet, data[start:end], 101, "gre tunnel", found)
        elif kind == _BRIDGE:
            self._tunnel(packet, data[start:end], _ETHERNET, "gre tunnel", found)
        elif kind == 0x88BE:  # ERSPAN I without, II with a head of its own
            second = bool(flags & 0x1000)
            vlan = _word(data, start)[0] & 0x0FFF if second else 0
            self._tunnel(packet, data[start:end], _ETHERNET, "erspan tunnel", found, 8 * second, vlan)
        elif kind in _VLAN:
            self._tunnel(packet, bytes(12) + struct.pack(">H", kind) + data[start:end], _ETHERNET, "gre tunnel", found)

    def _tunnel(
        self, outer: Packet, data: bytes, link: int, origin: str, found: list[Packet], skip: int = 0, vlan: int = 0
    ) -> None:
        """What a tunnel carries: ``data`` behind ``skip`` bytes of the tunnel's own."""
        if outer.level >= LEVELS:
            self.counters["decoder.too_many_layers"] += 1
            return
        inner = Packet(outer.number, outer.time, outer.link, data)
        inner.vlans = (*outer.vlans, vlan) if vlan else outer.vlans
        inner.level, inner.origin = outer.level + 1, origin
        try:
            self._link(inner, data[skip:], link, found)
        except (struct.error, IndexError):
            self.counters["decoder.too_short"] += 1


def _options(data: bytes) -> tuple[int, ...]:
    """Types of the options of an IPv4 header."""
    found = []
    at = 0
    while at < len(data):
        kind = data[at]
        found.append(kind)
        if kind == 0:
            break
        if kind == 1:
            at += 1
            continue
        if at + 1 >= len(data) or data[at + 1] < 2:
            break
        at += data[at + 1]
    return tuple(found)


def _tcp_options(packet: Packet, data: bytes) -> None:
    at = 0
    while at < len(data):
        kind = data[at]
        if kind == 0:
            return
        if kind == 1:
            at += 1
            continue
        if at + 1 >= len(data) or data[at + 1] < 2:
            return
        size = data[at + 1]
        value = data[at + 2 : at + size]
        if kind == 2 and len(value) == 2:
            packet.mss = value[0] << 8 | value[1]
        elif kind == 3 and len(value) == 1:
            packet.scale = min(value[0], 14)
        elif kind == 8 and len(value) == 8:
            packet.stamp = (int.from_bytes(value[:4], "big"), int.from_bytes(value[4:], "big"))
        at += size


def _embedded(data: bytes) -> tuple[int, int, int, int, int, int] | None:
    """What an ICMP error quotes: version, protocol, source, port, destination, port; None if it is too short."""
    if len(data) < 28:
        return None
    if data[0] >> 4 == 4:
        head = (data[0] & 15) << 2
        if head < 20 or len(data) < head + 4:
            return None
        protocol, source, destination = data[9], *struct.unpack_from(">II", data, 12)
        ports = _words(data, head) if protocol in (TCP, UDP, SCTP) else (0, 0)
        return 4, protocol, source, ports[0], destination, ports[1]
    if data[0] >> 4 == 6 and len(data) >= 44:
        a, b, c, d = struct.unpack_from(">QQQQ", data, 8)
        ports = _words(data, 40) if data[6] in (TCP, UDP, SCTP) else (0, 0)
        return 6, data[6], a << 64 | b, ports[0], c << 64 | d, ports[1]
    return None
