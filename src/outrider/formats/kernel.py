"""What Linux tells in /proc, in /sys/fs/cgroup and in /etc/resolv.conf; text that is not as expected tells nothing."""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterable
from typing import Final

_CAPABILITY_BITS: Final = {10: "NET_BIND_SERVICE", 12: "NET_ADMIN", 13: "NET_RAW", 19: "SYS_PTRACE", 21: "SYS_ADMIN"}
_SOCKET: Final = re.compile(r"\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) ")
_TCP_LISTEN: Final = "0A"
_UDP_OPEN: Final = "07"
ANY: Final = frozenset({"0.0.0.0", "::"})
"""The addresses of who listens on all of a machine's."""
_NO_LIMIT: Final = 1 << 60
"""A memory limit of cgroup v1 that is none has the largest number of pages."""


def capabilities(status: str) -> list[str]:
    """The names of the Linux capabilities that matter to us, from the text of ``/proc/self/status``."""
    for line in status.splitlines():
        found = re.fullmatch(r"CapEff:\s*([0-9a-f]{1,16})\s*", line)
        if found:
            mask = int(found[1], 16)
            return [name for bit, name in _CAPABILITY_BITS.items() if mask >> bit & 1]
    return []


def listeners(table: str) -> list[tuple[str, int]]:
    """Address and port of each socket that takes connections or datagrams.

    ``table``: /proc/net/tcp, tcp6, udp or udp6, or several of them one after another.
    """
    found = []
    for line in table.splitlines():
        entry = _SOCKET.match(line)
        if entry and entry[3] in (_TCP_LISTEN, _UDP_OPEN):
            found.append((_address(entry[1]), int(entry[2], 16)))
    return found


def taking(found: Iterable[tuple[str, int]], host: str, port: int) -> list[str]:
    """The addresses of those of the ``listeners`` that take what is sent to a host; one with a name may be any."""
    addresses = [address for address, its_port in found if its_port == port]
    try:
        wanted = ipaddress.ip_address(host)
    except ValueError:
        return addresses
    return [address for address in addresses if address in ANY or ipaddress.ip_address(address) == wanted]


def _address(text: str) -> str:
    words = [int(text[start : start + 8], 16).to_bytes(4, sys.byteorder) for start in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def memory_limit(text: str) -> int | None:
    """Bytes, from ``memory.max`` (cgroup v2) or ``memory.limit_in_bytes`` (v1); None: there is no limit."""
    number = _number(text)
    return number if number is not None and number < _NO_LIMIT else None


def memory_kills(events: str) -> int:
    """How many processes were killed for want of memory: ``memory.events`` (v2) or ``memory.oom_control`` (v1)."""
    found = re.search(r"^oom_kill (\d{1,18})$", events, re.MULTILINE)
    return int(found[1]) if found else 0


def memory_of_machine(meminfo: str) -> int | None:
    """Bytes of memory of the machine, from /proc/meminfo."""
    found = re.search(r"^MemTotal:\s*(\d{1,15}) kB$", meminfo, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def first_free_port(text: str) -> int:
    """The first port that needs no capability: ``net.ipv4.ip_unprivileged_port_start``."""
    number = _number(text)
    return 1024 if number is None else number


def nameservers(resolver: str) -> list[str]:
    """The addresses of name servers in resolv.conf, in order."""
    found = []
    for line in resolver.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                found.append(str(ipaddress.ip_address(words[1])))
            except ValueError:
                continue
    return found


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
