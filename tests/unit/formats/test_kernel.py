"""What Linux tells of itself."""

from __future__ import annotations

import ipaddress
import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats import kernel

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:05EA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0000 100 0 0 10 0
   1: 00000000:5EC0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0000 100 0 0 10 0
   2: 0100007F:05EA 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0000 100 0 0 10 0
   3: 00000000000000000000000001000000:05EA 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0 0
   4: 0000000000000000FFFF00000100007F:07E4 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0 0
"""


@pytest.mark.parametrize(
    ("status", "held"),
    [
        ("Name:\tx\nCapEff:\t0000000000002400\n", ["NET_BIND_SERVICE", "NET_RAW"]),
        ("CapEff:\t0000000000000000\n", []),
        ("CapEff:\n", []),
        ("nothing", []),
    ],
)
def test_capabilities(status: str, held: list[str]) -> None:
    assert kernel.capabilities(status) == held


@pytest.mark.skipif(sys.byteorder != "little", reason="the table is written for the other order of bytes")
def test_listeners() -> None:
    assert kernel.listeners(TCP) == [("127.0.0.1", 1514), ("0.0.0.0", 24256), ("::1", 1514), ("127.0.0.1", 2020)]


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("127.0.0.1", ["127.0.0.1", "0.0.0.0", "::"]),
        ("::1", ["0.0.0.0", "::"]),
        ("0.0.0.0", ["0.0.0.0", "::"]),
        ("localhost", ["127.0.0.1", "127.0.0.9", "0.0.0.0", "::"]),
    ],
)
def test_who_takes_what_is_sent_to_a_host(host: str, taken: list[str]) -> None:
    sockets = [("127.0.0.1", 80), ("127.0.0.9", 80), ("0.0.0.0", 80), ("::", 80), ("127.0.0.1", 81)]
    assert kernel.taking(sockets, host, 80) == taken


def test_listeners_of_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, open("/proc/net/tcp", encoding="ascii") as table:
        assert server.getsockname() in kernel.listeners(table.read())


@pytest.mark.parametrize(
    ("text", "limit"), [("max\n", None), ("536870912\n", 1 << 29), ("9223372036854771712\n", None), ("", None)]
)
def test_memory_limit(text: str, limit: int | None) -> None:
    assert kernel.memory_limit(text) == limit


def test_memory_kills() -> None:
    assert kernel.memory_kills("low 0\noom 3\noom_kill 2\noom_group_kill 0\n") == 2
    assert kernel.memory_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n") == 1
    assert kernel.memory_kills("") == 0


def test_memory_of_machine() -> None:
    assert kernel.memory_of_machine("MemTotal:        2048 kB\nMemFree: 1 kB\n") == 2 << 20
    assert kernel.memory_of_machine("") is None


def test_first_free_port() -> None:
    assert (kernel.first_free_port("0\n"), kernel.first_free_port("1024"), kernel.first_free_port("")) == (
        0,
        1024,
        1024,
    )


def test_nameservers() -> None:
    text = "# nameserver 9.9.9.9\nsearch a.b\nnameserver 10.0.0.2\nnameserver fd00::1\nnameserver here\nnameserver\n"
    assert kernel.nameservers(text) == ["10.0.0.2", "fd00::1"]


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    kernel.capabilities(text)
    kernel.memory_limit(text)
    kernel.memory_kills(text)
    kernel.memory_of_machine(text)
    kernel.first_free_port(text)
    kernel.nameservers(text)
    assert kernel.listeners(text) == []


@given(st.lists(st.tuples(st.ip_addresses(), st.integers(0, 65535), st.sampled_from(["01", "07", "0A"]))))
def test_every_address_is_read_as_it_was_written(sockets: list[tuple[ipaddress.IPv4Address, int, str]]) -> None:
    lines, expected = [], []
    for number, (address, port, state) in enumerate(sockets):
        words = [address.packed[start : start + 4] for start in range(0, len(address.packed), 4)]
        local = "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
        lines.append(f"{number:4d}: {local}:{port:04X} {'0' * len(local)}:0000 {state} 00000000:00000000 00:00000000")
        if state != "01":
            expected.append((str(getattr(address, "ipv4_mapped", None) or address), port))
    assert kernel.listeners("\n".join(lines)) == expected
