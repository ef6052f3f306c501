"""The state of a TCP connection, as somebody sees it who stands beside it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER
from outrider.ids.flows.stream import Gap, Policy, Stream
from outrider.ids.packets.packet import ACK, FIN, RST, SYN, Packet

_MASK: Final = 0xFFFFFFFF
_LARGEST_WINDOW: Final = 1 << 30
_UNKNOWN_WINDOW: Final = 1 << 20
"""What a side of a connection is granted whose SYN nobody saw."""

NEW, SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSING, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSED = (
    range(11)
)
NAMES: Final = (
    *("none", "syn_sent", "syn_recv", "established", "fin_wait1", "fin_wait2", "closing", "close_wait", "last_ack"),
    *("time_wait", "closed"),
)


def _after(one: int, other: int) -> int:
    """How far sequence number ``one`` is behind ``other``; negative if it is before it."""
    return ((one - other + 0x80000000) & _MASK) - 0x80000000


class Side:
    """What one end sends. Sequence numbers as on the wire; ``first`` is that of the first byte."""

    __slots__ = ("acked", "closed", "first", "flags", "following", "known", "resets", "scale", "stream", "window")

    def __init__(self, policy: Policy) -> None:
        self.known = False
        self.first = 0
        self.following = 0
        self.acked = 0
        """The highest number that the other end has acknowledged."""
        self.window = 0
        """What this end grants the other one."""
        self.scale = 0
        self.flags = 0
        self.closed = False
        self.resets = False
        self.stream = Stream(policy)

    def begin(self, first: int) -> None:
        """The first byte that is seen has this number."""
        self.known = True
        self.first = self.following = self.acked = first & _MASK

    def offset(self, seq: int) -> int:
        """The place of a sequence number among the bytes of the stream; numbers wrap, places do not."""
        done = self.stream.done
        return done + _after(seq, (self.first + done) & _MASK)

    def acked_offset(self) -> int:
        """Up to which place the other end has acknowledged."""
        return self.offset(self.acked)


@dataclass(slots=True)
class Options:
    """``midstream``: connections are followed whose beginning nobody saw. ``depth``: bytes of each side that are put in
    order, 0 is without end. ``asynchronous``: one side is enough."""

    midstream: bool = False
    asynchronous: bool = False
    depth: int = 1 << 20


class Session:
    """A connection. ``sides`` are the client's and the server's."""

    __slots__ = ("_options", "counters", "fast_open", "flags_seen", "midstream", "sides", "state", "turned")

    def __init__(self, options: Options, policies: tuple[Policy, Policy], counters: Counter[str]) -> None:
        self._options = options
        self.counters = counters
        self.state = NEW
        self.midstream = False
        self.turned = False
        self.sides = (Side(policies[0]), Side(policies[1]))

    @property
    def closed(self) -> bool:
        """Whether a SYN may begin another connection with the same ends."""
        return self.state in (CLOSED, TIME_WAIT, LAST_ACK, FIN_WAIT2, CLOSING) or any(s.resets for s in self.sides)

    @property
    def established(self) -> bool:
        """Whether both ends have agreed, be it over by now."""
        return self.state >= ESTABLISHED

    @property
    def phase(self) -> str:
        """What the flow is: new, established or closed."""
        return "new" if self.state < ESTABLISHED else "closed" if self.state >= LAST_ACK else "established"

    def is_new(self, packet: Packet) -> bool:
        """Whether a SYN is not one of this connection again."""
        return all(not side.known or (packet.seq + 1) & _MASK != side.first for side in self.sides)

    def take(self, packet: Packet, direction: int) -> bool:
        """Follow a packet. Returns whether its payload belongs to the stream."""
        own, other = self.sides[direction], self.sides[1 - direction]
        own.flags |= packet.flags
        if self.state == CLOSED:
            return False
        if packet.flags & RST:
            return self._reset(packet, own, other, direction)
        if self.state == NEW:
            return self._begin(packet, own, other, direction)
        if packet.flags & SYN:
            return self._syn(packet, own, other, direction)
        if not own.known or not other.known:
            return self._half(packet, own, other, direction)
        return self._data(packet, own, other, direction)

    def _begin(self, packet: Packet, own: Side, other: Side, direction: int) -> bool:
        flags = packet.flags & (SYN | ACK | FIN)
        if flags == SYN:
            self.state = SYN_SENT
            self._opened(packet, own)
            if packet.payload:
                own.stream.add(0, packet.payload)
                own.following = (own.following + len(packet.payload)) & _MASK
                return True
            return False
        if not (self._options.midstream or (self._options.asynchronous and flags == ACK)):
            return False
        if flags == SYN | ACK:
            self.state, self.midstream, self.turned = SYN_RECEIVED, True, True
            self._opened(packet, own)
            other.begin(packet.ack)
            return False
        if not packet.flags & ACK:
            return False
        self.state, self.midstream = ESTABLISHED, True
        own.begin(packet.seq)
        other.begin(packet.ack)
        own.window, other.window = _UNKNOWN_WINDOW, _UNKNOWN_WINDOW
        own.scale = other.scale = 14
        return self._data(packet, own, other, direction)

    @staticmethod
    def _opened(packet: Packet, own: Side) -> None:
        own.begin(packet.seq + 1)
        own.window = packet.window
        own.scale = max(packet.scale, 0)

    def _syn(self, packet: Packet, own: Side, other: Side, direction: int) -> bool:
        if packet.flags & ACK:
            if (
                not own.known
                and other.known
                and 0 <= _after(packet.ack, other.first) <= _after(other.following, other.first)
            ):
                self._opened(packet, own)
                if packet.scale < 0:
                    own.scale = other.scale = 0
                other.acked = packet.ack
                if self.state == SYN_SENT:
                    self.state = SYN_RECEIVED
                if packet.payload:
                    return self._segment(packet, own)
            elif own.known and self.state in (SYN_SENT, SYN_RECEIVED) and (packet.seq + 1) & _MASK != own.first:
                if self.state == SYN_SENT and _after(packet.ack, other.first) == 0:
                    self.state = SYN_RECEIVED  # both ends have sent a SYN
                    own.begin(packet.seq + 1)
                elif not own.stream.waits and not own.stream.done:
                    own.begin(packet.seq + 1)  # another answer to the SYN; the one that gets acknowledged counts
            elif own.known and self.state == SYN_SENT:
                other.acked = packet.ack
                self.state = SYN_RECEIVED
            return False
        if not own.known:
            self._opened(packet, own)  # both ends begin
        elif self.state == SYN_SENT and (packet.seq + 1) & _MASK != own.first and not own.stream.waits:
            self._opened(packet, own)
        return False

    def _half(self, packet: Packet, own: Side, other: Side, direction: int) -> bool:
        """Only one end has been heard so far."""
        if self._options.asynchronous or self.midstream:
            if not own.known and packet.flags & ACK:
                own.begin(packet.seq)
            if not other.known and packet.flags & ACK:
                other.begin(packet.ack)
            own.window = own.window or _UNKNOWN_WINDOW
            other.window = other.window or _UNKNOWN_WINDOW
            other.scale = 14
            self.state = max(self.state, ESTABLISHED)
            return self._data(packet, own, other, direction)
        return bool(own.known and packet.payload and not packet.flags & ACK and self._segment(packet, own))

    def _data(self, packet: Packet, own: Side, other: Side, direction: int) -> bool:
        if packet.flags & ACK and not self._acknowledge(packet, own, other):
            return False
        if self.state == SYN_RECEIVED and direction == TO_SERVER and packet.flags & ACK:
            self.state = ESTABLISHED
        elif self.state == SYN_SENT:
            return False
        if self.state == SYN_RECEIVED and direction == TO_CLIENT and packet.payload:
            return self._segment(packet, own)
        taken = bool(packet.payload) and self._segment(packet, own)
        if packet.payload and not taken:
            return False
        if packet.flags & FIN and not own.closed:
            end = (packet.seq + len(packet.payload)) & _MASK
            if _after(end, own.following) >= 0 or not packet.payload:
                own.closed = True
                own.following = (end + 1) & _MASK if _after(end + 1, own.following) > 0 else own.following
        self._finish(packet, direction)
        own.window = packet.window
        return taken

    def _acknowledge(self, packet: Packet, own: Side, other: Side) -> bool:
        """Whether the acknowledgement can be; it then counts."""
        ahead = _after(packet.ack, other.following)
        if ahead > 0:
            if not (self.midstream or self._options.asynchronous) and ahead > _LARGEST_WINDOW >> 8:
                self.counters["stream.invalid_ack"] += 1
                return False
            if ahead > (1 << 20) and not self.midstream:
                return False
            other.following = packet.ack  # it has seen what was not captured
        if _after(packet.ack, other.acked) > 0:
            other.acked = packet.ack
        elif _after(packet.ack, other.acked) < -_LARGEST_WINDOW:
            self.counters["stream.invalid_ack"] += 1
            return False
        return True

    def _segment(self, packet: Packet, own: Side) -> bool:
        """Whether the payload is within what the other end grants; it then joins the stream."""
        other = self.sides[1] if own is self.sides[0] else self.sides[0]
        start = own.offset(packet.seq)
        end = start + len(packet.payload)
        window = max(other.window << other.scale, 1) if other.known else _UNKNOWN_WINDOW
        granted = own.acked_offset() + window
        if start > granted and start > own.offset(own.following):
            self.counters["stream.out_of_window"] += 1
            return False
        if end <= own.stream.done and end < own.acked_offset() - window:
            self.counters["stream.old"] += 1
            return False
        if end < 0:
            return False
        if _after(packet.seq + len(packet.payload), own.following) > 0:
            own.following = (packet.seq + len(packet.payload)) & _MASK
        depth = self._options.depth
        if depth and start >= depth:
            self.counters["stream.beyond_depth"] += 1
            return True
        own.stream.add(start, packet.payload[: depth - start] if depth else packet.payload)
        return True

    def _finish(self, packet: Packet, direction: int) -> None:
        """States after a FIN, and after its acknowledgement. The names are those of the server's side."""
        client, server = self.sides
        if not (client.closed or server.closed):
            return
        if self.state == ESTABLISHED:
            self.state = CLOSE_WAIT if direction == TO_SERVER else FIN_WAIT1
        elif self.state == CLOSE_WAIT and server.closed:
            self.state = LAST_ACK
        elif self.state == FIN_WAIT1 and client.closed:
            self.state = TIME_WAIT if self._answered(server) else CLOSING
        elif self.state == FIN_WAIT1 and self._answered(server):
            self.state = FIN_WAIT2
        elif self.state == FIN_WAIT2 and client.closed:
            self.state = TIME_WAIT
        elif (self.state == LAST_ACK and self._answered(server)) or (
            self.state in (TIME_WAIT, CLOSING) and self._answered(client) and self._answered(server)
        ):
            self.state = CLOSED

    @staticmethod
    def _answered(side: Side) -> bool:
        """Whether all that a side has sent, its FIN too, is acknowledged."""
        return _after(side.acked, side.following) >= 0

    def _reset(self, packet: Packet, own: Side, other: Side, direction: int) -> bool:
        if self.state == NEW:
            return False
        if self.state == SYN_SENT and direction == TO_CLIENT:
            if packet.flags & ACK and _after(packet.ack, other.following) != 0 and _after(packet.ack, other.first) != 0:
                self.counters["stream.invalid_reset"] += 1
                return False
        elif own.known:
            ahead = _after(packet.seq, own.following)
            window = max(other.window << other.scale, 1)
            if not -window <= ahead <= window:
                self.counters["stream.invalid_reset"] += 1
                return False
        if packet.flags & ACK and own.known and other.known:
            self._acknowledge(packet, own, other)
        own.resets = True
        self.state = CLOSED
        return False

    def ready(self, direction: int, *, end: bool = False) -> list[bytes | Gap]:
        """What has become whole of one side: what the other end has acknowledged, and at the end the rest."""
        side = self.sides[direction]
        found: list[bytes | Gap] = []
        upto = side.acked_offset()
        if end or self.state == CLOSED:
            upto = max(upto, side.stream.in_order())
        if side.closed and upto > side.stream.done:
            upto = min(upto, side.offset(side.following) - 1)
        while (part := side.stream.take(upto)) is not None:
            found.append(part)
        return found
