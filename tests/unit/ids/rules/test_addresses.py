from __future__ import annotations

import ipaddress
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.ids.rules.addresses import addresses, joined, less
from outrider.ids.rules.ports import ports
from outrider.ids.rules.refusal import RuleError
from outrider.ids.rules.variables import Variables


def has(text: str, address: str) -> bool:
    found = ipaddress.ip_address(address)
    return addresses(text).has(found.version, int(found))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("any", "1.2.3.4", ""),
        ("any", "::1", ""),
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
        ("10.0.0.1/255.255.255.0", "10.0.0.200", "10.0.1.1"),
        ("!10.0.0.0/8", "9.9.9.9", "10.0.0.1"),
        ("!10.0.0.0/8", "fe80::1", "10.0.0.1"),
        ("[10.0.0.0/8,!10.1.0.0/16]", "10.2.0.1", "10.1.0.1"),
        ("[10.0.0.0/8, ![10.1.0.0/16, !10.1.1.0/24]]", "10.1.1.7", "10.1.2.7"),
        ("[!1.1.1.1,!2.2.2.2]", "3.3.3.3", "2.2.2.2"),
        ("1.1.1.1-1.1.1.9", "1.1.1.5", "1.1.1.10"),
        ("2001:db8::/32", "2001:db8::1", "2001:db9::1"),
        ("[1.1.1.1,any]", "8.8.8.8", ""),
    ],
)
def test_who_belongs_to_a_set(text: str, inside: str, outside: str) -> None:
    assert has(text, inside)
    assert not outside or not has(text, outside)


@pytest.mark.parametrize(
    "text",
    ["!any", "[1.1.1.1,!1.1.1.1]", "[10.0.0.0/8,!any]", "1.1.1", "[1.1.1.1", "[]", "[1.1.1.1,]", "9.9.9.9-1.1.1.1", ""],
)
def test_sets_that_cannot_be(text: str) -> None:
    with pytest.raises(RuleError):
        addresses(text)


RANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair))), max_size=8
)


@given(RANGES, RANGES)
def test_ranges_are_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    def members(ranges: object) -> set[int]:
        return {n for low, high in ranges for n in range(low, high + 1)}  # type: ignore[attr-defined]

    left, right = joined(one), joined(other)
    assert members(left) == members(one)
    assert members(less(left, right)) == members(one) - members(other)
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(left))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("any", (0, 80, 65535), ()),
        ("80", (80,), (79, 81)),
        ("1024:", (1024, 65535), (1023,)),
        (":1023", (0, 1023), (1024,)),
        ("[80,443,8000:8100,!8080]", (80, 8000, 8100), (8080, 81)),
        ("!80", (79, 81), (80,)),
        ("[!80,!443]", (1,), (80, 443)),
        ("[1:100,![20:30,!25]]", (25, 1, 31), (20, 30)),
    ],
)
def test_ports(text: str, inside: tuple[int, ...], outside: tuple[int, ...]) -> None:
    found = ports(text)
    assert all(port in found for port in inside)
    assert not any(port in found for port in outside)


@pytest.mark.parametrize("text", ["!any", "70000", "9:1", ":", "x", "[80,!80]", "80 81"])
def test_ports_that_cannot_be(text: str) -> None:
    with pytest.raises(RuleError):
        ports(text)


def test_variables_stand_in_one_another_and_are_counted() -> None:
    known = Variables({"HOME": "[10.0.0.0/8,$MORE]", "MORE": "192.168.0.0/16", "OUT": "!$HOME", "SPARE": "any"}, {})
    assert known.address_set("$OUT").has(4, 0x08080808)
    assert not known.address_set("$OUT").has(4, 0xC0A80001)
    assert known.used == {"OUT", "HOME", "MORE"}


@pytest.mark.parametrize(
    ("values", "told"), [({"A": "$B", "B": "$A"}, "circle"), ({}, "no variable"), ({"A": "!any"}, "leaves no address")]
)
def test_variables_that_cannot_be(values: dict[str, str], told: str) -> None:
    with pytest.raises(RuleError, match=told):
        Variables(values, {}).address_set("$A")
