"""What a rule of a security group opens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from outrider.model.errors import Place

GUARDED: Final = {"tcp": (1514, 24224), "udp": (1514,)}
"""Protocol to ports that only the task's own containers use: the agent's for syslog, the router's for forward."""
ALL: Final = "-1"
"""Every protocol and port."""
LAST_PORT: Final = 65535

SenderKind: TypeAlias = Literal["ipv4", "ipv6", "prefix list", "group"]


class Sender(Struct, frozen=True):
    """Who may send: an address range, a prefix list or a group, which ``account`` owns."""

    kind: SenderKind
    name: str
    description: str = ""
    account: str = ""


class Rule(Struct, frozen=True):
    """An inbound rule. ``protocol`` is ``tcp``, ``udp``, ``icmp``, ``icmpv6``, a number, or ``-1`` for all.

    ``first`` and ``last`` are ports; for ICMP they are type and code, -1 for any.
    """

    protocol: str
    first: int
    last: int
    senders: tuple[Sender, ...]
    place: Place = Place("")

    def opens(self) -> list[tuple[str, int]]:
        """The guarded protocols and ports that it opens."""
        return [
            (protocol, port)
            for protocol, ports in GUARDED.items()
            for port in ports
            if self.protocol == ALL or (self.protocol == protocol and self.first <= port <= self.last)
        ]


def rest(rule: Rule) -> list[Rule]:
    """Rules that open everything that this one opens but the guarded ports.

    Of a rule for all protocols what is left is TCP, UDP and ICMP: others can only be named one by one.
    """
    if rule.protocol != ALL:
        return list(_split(rule))
    whole = [replace(rule, protocol=protocol, first=0, last=LAST_PORT) for protocol in GUARDED]
    left = [piece for one in whole for piece in _split(one)]
    for protocol, kinds in (("icmp", ("ipv4", "prefix list", "group")), ("icmpv6", ("ipv6", "group"))):
        senders = tuple(sender for sender in rule.senders if sender.kind in kinds)
        if senders:
            left.append(replace(rule, protocol=protocol, first=-1, last=-1, senders=senders))
    return left


def _split(rule: Rule) -> Iterator[Rule]:
    """The parts of a range between the guarded ports."""
    inside = [port for port in sorted(GUARDED.get(rule.protocol, ())) if rule.first <= port <= rule.last]
    for before, after in pairwise([rule.first - 1, *inside, rule.last + 1]):
        if before + 1 <= after - 1:
            yield replace(rule, first=before + 1, last=after - 1)
