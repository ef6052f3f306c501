"""One flow."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from outrider.ids.packets.packet import Packet

Key: TypeAlias = tuple[Any, ...]
TO_SERVER: Final = 0
TO_CLIENT: Final = 1


class Flow:
    """Packets between two ends; the source is the client. Lists of two have the side to the server first.

    ``state`` is new, established or closed. ``bits``, ``numbers`` and ``values`` are what rules keep. ``passed``: a
    pass rule let the rest go. ``session`` is that of TCP. ``application`` is what it speaks: empty until that is known,
    failed if it is nothing known.
    """

    __slots__ = (
        "alerted",
        "application",
        "bits",
        "bytes",
        "destination",
        "destination_port",
        "first",
        "headers_seen",
        "heard",
        "icmp",
        "id",
        "key",
        "last",
        "level",
        "numbers",
        "packets",
        "parser",
        "passed",
        "protocol",
        "session",
        "sides",
        "source",
        "source_port",
        "state",
        "values",
        "version",
        "vlans",
    )

    def __init__(self, key: Key, number: int, packet: Packet) -> None:
        self.key = key
        self.id = number
        self.version = packet.version
        self.protocol = packet.protocol
        self.vlans = packet.vlans
        self.level = packet.level
        self.source, self.source_port = packet.source, packet.source_port
        self.destination, self.destination_port = packet.destination, packet.destination_port
        self.first = self.last = packet.time
        self.packets = [0, 0]
        self.bytes = [0, 0]
        self.state = "new"
        self.alerted = False
        self.passed = False
        self.application = ""
        self.sides = ["", ""]
        self.parser: Any = None
        self.heard: Any = ([], [b"", b""])
        """What was said before it was known which application it is."""
        self.session: Any = None
        self.bits: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.values: dict[str, bytes] = {}
        self.headers_seen = [False, False]
        self.icmp: list[tuple[int, int] | None] = [None, None]
        """Type and code of the first message each way."""

    def turn(self) -> None:
        """The other end is the client after all."""
        self.source, self.destination = self.destination, self.source
        self.source_port, self.destination_port = self.destination_port, self.source_port
        pairs: tuple[list[Any], ...] = (self.packets, self.bytes, self.sides, self.headers_seen, self.icmp)
        for pair in pairs:
            pair.reverse()

    def towards(self, packet: Packet) -> int:
        """TO_SERVER or TO_CLIENT."""
        same = packet.source == self.source and packet.source_port == self.source_port
        if same and self.source == self.destination and self.source_port == self.destination_port:
            return TO_SERVER
        return TO_SERVER if same else TO_CLIENT
