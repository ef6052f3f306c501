"""A packet, its headers as numbers."""

from __future__ import annotations

from typing import Any

TCP, UDP, ICMP, ICMP6, SCTP = 6, 17, 1, 58, 132
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128


class Packet:
    """One packet: of the wire, out of a tunnel, or made of fragments.

    Addresses are numbers. ``data`` is what the headers' offsets count in: ``ip_at`` of the IP header, ``at`` of the
    transport header, both -1 if there is none. ``payload`` is what the transport carries. ``origin`` says where it
    comes from, as events have it. ``established``: its flow was so when it came.
    ``fragment`` is true for a part of a datagram, whose transport is not read.
    """

    __slots__ = (
        "ack",
        "at",
        "bad_sum",
        "code",
        "data",
        "destination",
        "destination_port",
        "direction",
        "established",
        "flags",
        "flow",
        "fragment",
        "fragment_bits",
        "fragment_offset",
        "frame",
        "id",
        "inner",
        "ip_at",
        "ip_options",
        "kind",
        "length",
        "level",
        "link",
        "mss",
        "nested",
        "number",
        "origin",
        "payload",
        "protocol",
        "scale",
        "seq",
        "source",
        "source_port",
        "stamp",
        "time",
        "tos",
        "ttl",
        "version",
        "vlans",
        "window",
    )

    def __init__(self, number: int, time: int, link: int, frame: bytes) -> None:
        self.number = number
        self.time = time
        self.link = link
        self.frame = frame
        self.data = frame
        self.version = 0
        self.source = self.destination = 0
        self.source_port = self.destination_port = 0
        self.protocol = -1
        self.ip_at = self.at = -1
        self.length = 0
        self.ttl = self.tos = self.id = 0
        self.fragment = False
        self.fragment_bits = self.fragment_offset = 0
        self.ip_options: tuple[int, ...] = ()
        self.payload = b""
        self.vlans: tuple[int, ...] = ()
        self.level = 0
        self.nested = 0
        self.origin = "wire/pcap"
        self.bad_sum = False
        self.seq = self.ack = self.flags = self.window = 0
        self.scale = self.mss = -1
        self.stamp: tuple[int, int] | None = None
        self.kind = self.code = -1
        self.inner: tuple[int, int, int, int, int, int] | None = None
        self.flow: Any = None
        self.direction = 0
        self.established = False
