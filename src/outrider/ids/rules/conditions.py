"""What else must hold for a rule: headers of packets, the flow, what an application says, and states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from outrider.ids.rules.numbers import Numbers


@dataclass(frozen=True, slots=True)
class Field:
    """A number of a packet (``ttl``, ``itype``, ``dsize``, …) or of a transaction (``urilen``, ``dns.opcode``, …)."""

    name: str
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class FlowField:
    """A number of a flow: ``pkts``, ``bytes`` or ``age``; ``direction`` is to_server, to_client, both (their sum),
    either (one of them)."""

    name: str
    direction: str
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class TcpFlags:
    """``wanted`` of the flags that are not ``ignored``.

    ``mode``: these alone (empty), these at least (``+``), one of them (``*``), not these alone (``!``).
    """

    wanted: int
    ignored: int = 0
    mode: str = ""


@dataclass(frozen=True, slots=True)
class FragmentBits:
    """``wanted`` of more fragments (1), do not fragment (2), reserved (4); ``mode`` as in TcpFlags."""

    wanted: int
    mode: str = ""


@dataclass(frozen=True, slots=True)
class IpOption:
    """An option of the IPv4 header, by its type; -1 is any."""

    kind: int


@dataclass(frozen=True, slots=True)
class SameAddress:
    """Source and destination are the same address."""


@dataclass(frozen=True, slots=True)
class StreamSize:
    """Bytes of a TCP stream by its sequence numbers; ``direction`` is server, client, both (each) or either."""

    direction: str
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class ApplicationProtocol:
    """What the flow speaks; ``direction`` as each side alone tells it, empty for the flow."""

    name: str
    negated: bool = False
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Versions:
    """The TLS version is one of ``numbers``, or is known and none of ``others`` (which may be empty).

    Versions are as records have them: 0x0301 is 1.0, 0x0002 is SSL 2.
    """

    field: str
    numbers: frozenset[int]
    others: frozenset[int]


@dataclass(frozen=True, slots=True)
class TlsStates:
    """A message of the TLS handshake has been seen: each name is one of client_hello, server_hello, client_keyx,
    server_keyx, unknown."""

    names: frozenset[str]
    negated: frozenset[str]


Condition: TypeAlias = (
    Field
    | FlowField
    | TcpFlags
    | FragmentBits
    | IpOption
    | SameAddress
    | StreamSize
    | ApplicationProtocol
    | Versions
    | TlsStates
)


@dataclass(frozen=True, slots=True)
class FlowTest:
    """``flow``: direction, and what is asked of the flow. None asks nothing."""

    direction: str = ""
    established: bool | None = None
    stream: bool | None = None
    fragment: bool | None = None


@dataclass(frozen=True, slots=True)
class FlowBits:
    """``action`` is set, unset, toggle, isset or isnotset; of several ``names`` one is enough."""

    action: str
    names: tuple[str, ...]

    @property
    def tests(self) -> bool:
        """Whether it asks, rather than changes."""
        return self.action in ("isset", "isnotset")


@dataclass(frozen=True, slots=True)
class SharedBits:
    """``xbits`` and ``hostbits``: bits of a host, a pair of hosts or a transaction, for ``expire`` seconds.

    ``track`` is ip_src, ip_dst, ip_pair, tx, or for hostbits both: either end has it.
    """

    action: str
    name: str
    track: str
    expire: int

    @property
    def tests(self) -> bool:
        """Whether it asks, rather than changes."""
        return self.action in ("isset", "isnotset")


@dataclass(frozen=True, slots=True)
class FlowNumber:
    """``flowint``: ``operator`` is isset, notset, = (set), + or -, or a comparison; ``value`` a number or a name."""

    name: str
    operator: str
    value: int | str = 0

    @property
    def tests(self) -> bool:
        """Whether it asks, rather than changes."""
        return self.operator not in ("=", "+", "-")


State: TypeAlias = FlowBits | SharedBits | FlowNumber


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a rule that matches alerts. ``kind`` is limit, threshold, both, backoff or detection_filter; ``track`` is
    by_src, by_dst, by_both, by_rule or by_flow."""

    kind: str
    track: str
    count: int
    seconds: int
    multiplier: int = 1
