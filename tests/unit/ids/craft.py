"""Frames made by hand, for tests."""

from __future__ import annotations

import struct

from outrider.ids.capture.frame import Frame
from outrider.ids.packets.checksums import pseudo, total

CLIENT, SERVER = 0x0A000001, 0x0A000002
SYN, ACK, FIN, RST = 2, 16, 1, 4


def ipv4(payload: bytes, protocol: int, source: int = CLIENT, destination: int = SERVER, **more: int) -> bytes:
    """``more``: ident, part (flags and offset), ttl."""
    head = struct.pack(
        ">BBHHHBBHII",
        0x45,
        0,
        20 + len(payload),
        more.get("ident", 1),
        more.get("part", 0),
        more.get("ttl", 64),
        protocol,
        0,
        source,
        destination,
    )
    return head[:10] + struct.pack(">H", total(head) ^ 0xFFFF) + head[12:] + payload


def tcp(
    flags: int, seq: int, ack: int = 0, data: bytes = b"", *, answer: bool = False, ports: tuple[int, int] = (4000, 80)
) -> bytes:
    """A segment in an IPv4 packet; ``answer`` comes from the server."""
    source, destination = (SERVER, CLIENT) if answer else (CLIENT, SERVER)
    sport, dport = ports[::-1] if answer else ports
    mask = 0xFFFFFFFF
    segment = struct.pack(">HHIIBBHHH", sport, dport, seq & mask, ack & mask, 0x50, flags, 65_535, 0, 0) + data
    checksum = total(segment, pseudo(source, destination, 6, len(segment))) ^ 0xFFFF
    return ipv4(segment[:16] + struct.pack(">H", checksum) + segment[18:], 6, source, destination)


def udp(data: bytes, sport: int = 4000, dport: int = 53, *, answer: bool = False) -> bytes:
    """A datagram in an IPv4 packet, without a sum."""
    source, destination = (SERVER, CLIENT) if answer else (CLIENT, SERVER)
    ports = (dport, sport) if answer else (sport, dport)
    return ipv4(struct.pack(">HHHH", *ports, 8 + len(data), 0) + data, 17, source, destination)


def frames(packets: list[bytes], step: int = 1000) -> list[Frame]:
    """Frames of link type RAW, a millisecond apart."""
    return [Frame(number, 1_000_000_000 + number * step, 101, data) for number, data in enumerate(packets, 1)]


def handshake(client: int = 100, server: int = 500) -> list[bytes]:
    """The three packets that open a connection."""
    return [tcp(SYN, client), tcp(SYN | ACK, server, client + 1, answer=True), tcp(ACK, client + 1, server + 1)]


def conversation(segments: list[tuple[int, bytes]], client: int = 100, server: int = 500) -> list[bytes]:
    """A connection in which the client sends segments at these offsets, each acknowledged up to what is whole."""
    packets = handshake(client, server)
    have = bytearray(max((offset + len(data) for offset, data in segments), default=0))
    for offset, data in segments:
        packets.append(tcp(ACK, client + 1 + offset, server + 1, data))
        have[offset : offset + len(data)] = b"\1" * len(data)
        whole = have.find(b"\0")
        done = len(have) if whole < 0 else whole
        packets.append(tcp(ACK, server + 1, client + 1 + done, answer=True))
    end = len(have)
    packets.append(tcp(FIN | ACK, client + 1 + end, server + 1))
    packets.append(tcp(FIN | ACK, server + 1, client + 2 + end, answer=True))
    packets.append(tcp(ACK, client + 2 + end, server + 2))
    return packets
