"""Security groups: what is open, and what closes it, tried on a group of EC2's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.ports import GUARDED, Closing, Group, Rule, Sender, closing, read_groups
from outrider.taskdef.ports.close import permissions
from outrider.taskdef.source import Source

WORLD = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def groups(*rules: dict[str, Any]) -> list[Group]:
    value = {"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "g", "IpPermissions": list(rules)}]}
    return read_groups(Source(json.dumps(value), "groups.json"))


def closed(*rules: dict[str, Any]) -> Closing:
    (group,) = groups(*rules)
    return closing(group)


def rule(protocol: str, first: int | None = None, last: int | None = None, **senders: Any) -> dict[str, Any]:
    ports = {} if first is None else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": protocol, **ports, **(senders or WORLD)}


def pieces(done: Closing) -> list[tuple[str, int, int]]:
    return [(added.protocol, added.first, added.last) for added in done.added]


@pytest.mark.parametrize(
    ("given_", "opened", "left"),
    [
        (rule("tcp", 1514, 1514), [("tcp", 1514)], []),
        (rule("udp", 1514, 1514), [("udp", 1514)], []),
        (rule("6", 24224, 24225), [("tcp", 24224)], [("tcp", 24225, 24225)]),
        (rule("udp", 24224, 24224), [], []),
        (rule("tcp", 443, 443), [], []),
        (rule("tcp", 1515, 24223), [], []),
        (
            rule("tcp", 0, 65535),
            [("tcp", 1514), ("tcp", 24224)],
            [("tcp", 0, 1513), ("tcp", 1515, 24223), ("tcp", 24225, 65535)],
        ),
        (rule("17", 1000, 2000), [("udp", 1514)], [("udp", 1000, 1513), ("udp", 1515, 2000)]),
        (rule("icmp", -1, -1), [], []),
        (rule("50"), [], []),
        (
            rule("-1"),
            [("tcp", 1514), ("tcp", 24224), ("udp", 1514)],
            [
                *(("tcp", 0, 1513), ("tcp", 1515, 24223), ("tcp", 24225, 65535)),
                *(("udp", 0, 1513), ("udp", 1515, 65535), ("icmp", -1, -1)),
            ],
        ),
    ],
)
def test_what_is_open_and_what_is_left(
    given_: dict[str, Any], opened: list[tuple[str, int]], left: list[tuple[str, int, int]]
) -> None:
    done = closed(given_)
    assert [found for one in done.open for found in one.opens()] == opened
    assert pieces(done) == left


@pytest.mark.parametrize(
    ("senders", "kind", "name"),
    [
        ({"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "d"}]}, "ipv4", "10.0.0.0/8"),
        ({"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}, "ipv6", "::/0"),
        ({"PrefixListIds": [{"PrefixListId": "pl-1"}]}, "prefix list", "pl-1"),
        ({"UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "1"}]}, "group", "sg-1"),
    ],
)
def test_every_kind_of_sender_counts(senders: dict[str, Any], kind: str, name: str) -> None:
    done = closed(rule("tcp", 1513, 1514, **senders))
    (sender,) = done.open[0].senders
    assert (sender.kind, sender.name) == (kind, name)
    (array,) = senders
    assert permissions(done.added, described=True) == [
        {"IpProtocol": "tcp", "FromPort": 1513, "ToPort": 1513, array: senders[array]}
    ]
    shorter = [{key: value for key, value in item.items() if key != "Description"} for item in senders[array]]
    assert permissions(done.open, described=False)[0][array] == shorter


def test_ping_of_ipv6_is_another_protocol() -> None:
    done = closed(rule("-1", Ipv6Ranges=[{"CidrIpv6": "::/0"}]))
    assert [added.protocol for added in done.added][-1] == "icmpv6"
    assert "icmp" not in [added.protocol for added in done.added]


def test_what_is_there_already_is_not_added_again() -> None:
    done = closed(rule("tcp", 0, 65535), rule("tcp", 0, 1513), rule("-1"))
    assert ("tcp", 0, 1513) not in pieces(done)
    assert len(pieces(done)) == len(set(pieces(done)))


def test_a_rule_without_senders_opens_nothing() -> None:
    assert closed({"IpProtocol": "-1"}).open == ()


ports = st.sampled_from([0, 1, 1513, 1514, 1515, 24223, 24224, 24225, 65535]) | st.integers(0, 65535)
senders = st.sampled_from([Sender("ipv4", "0.0.0.0/0"), Sender("ipv6", "::/0"), Sender("group", "sg-1")])
ranges = st.tuples(ports, ports).map(sorted)
rules = st.builds(
    lambda protocol, ends, who: Rule(protocol, ends[0], ends[1], tuple(who)),
    st.sampled_from(["tcp", "udp"]),
    ranges,
    st.lists(senders, max_size=2, unique=True),
) | st.builds(lambda who: Rule("-1", 0, 65535, tuple(who)), st.lists(senders, max_size=2, unique=True))


def reach(found: Iterator[Rule] | tuple[Rule, ...], protocol: str, port: int) -> set[str]:
    return {
        sender.name
        for one in found
        for sender in one.senders
        if one.protocol == "-1" or (one.protocol == protocol and one.first <= port <= one.last)
    }


@given(st.lists(rules, max_size=4), st.sampled_from(["tcp", "udp"]), ports)
def test_nobody_reaches_the_log_ports_and_everything_else_stays(found: list[Rule], protocol: str, port: int) -> None:
    group = Group("sg-1", "", tuple(found))
    done = closing(group)
    after = (*(one for one in found if one not in done.open), *done.added)
    expected = set() if port in GUARDED[protocol] else reach(group.rules, protocol, port)
    assert reach(after, protocol, port) == expected


keys = st.sampled_from(
    ("SecurityGroups", "GroupId", "IpPermissions", "IpProtocol", "FromPort", "ToPort", "IpRanges", "CidrIp", "UserId")
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["tcp", "-1", "sg-1"]) | st.text(max_size=3),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(keys, v, max_size=6),
)
odd_rules = st.fixed_dictionaries({"IpProtocol": values}, optional={"FromPort": values, "IpRanges": values})
odd_groups = st.builds(
    lambda items: {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": items}]}, st.lists(odd_rules | values)
)


@given(values | odd_groups)
def test_odd_files_are_refused_with_a_place(value: Any) -> None:
    refused: list[UserError] = []
    try:
        for group in read_groups(Source(json.dumps(value), "groups.json")):
            closing(group)
    except UserError as error:
        refused.append(error)
    assert all(error.place is not None for error in refused)
