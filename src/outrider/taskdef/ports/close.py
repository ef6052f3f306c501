"""How a security group is closed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct

from outrider.taskdef.ports.groups import Group
from outrider.taskdef.ports.rule import Rule, Sender, rest

_KEYS: Final = {
    "ipv4": ("IpRanges", "CidrIp"),
    "ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefix list": ("PrefixListIds", "PrefixListId"),
    "group": ("UserIdGroupPairs", "GroupId"),
}


class Closing(Struct, frozen=True):
    """``open`` are the rules to take away, ``added`` those that keep open what may stay so; empty: it is closed.

    What is added comes first, so that nobody is cut off meanwhile.
    """

    group: Group
    open: tuple[Rule, ...]
    added: tuple[Rule, ...]


def closing(group: Group) -> Closing:
    """What closes a group. Nothing is added that another rule of the group says already: EC2 would refuse it."""
    opened = [rule for rule in group.rules if rule.senders and rule.opens()]
    kept = [rule for rule in group.rules if rule not in opened]
    seen = {key for rule in kept for key in _keys(rule)}
    added: dict[tuple[str, int, int], list[Sender]] = {}
    for rule in opened:
        for piece in rest(rule):
            for sender, key in zip(piece.senders, _keys(piece), strict=True):
                if key not in seen:
                    seen.add(key)
                    added.setdefault((piece.protocol, piece.first, piece.last), []).append(sender)
    rules = [Rule(protocol, first, last, tuple(senders)) for (protocol, first, last), senders in added.items()]
    return Closing(group, tuple(opened), tuple(rules))


def _keys(rule: Rule) -> list[tuple[str, int, int, str]]:
    """What EC2 takes for the same rule: the description does not count."""
    return [(rule.protocol, rule.first, rule.last, sender.name) for sender in rule.senders]


def permissions(rules: Iterable[Rule], *, described: bool) -> list[dict[str, Any]]:
    """The rules as ``--ip-permissions`` takes them."""
    return [_permission(rule, described=described) for rule in rules]


def _permission(rule: Rule, *, described: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"IpProtocol": rule.protocol}
    if rule.protocol != "-1":
        found |= {"FromPort": rule.first, "ToPort": rule.last}
    for sender in rule.senders:
        array, name = _KEYS[sender.kind]
        item = {name: sender.name}
        if sender.account:
            item["UserId"] = sender.account
        if described and sender.description:
            item["Description"] = sender.description
        found.setdefault(array, []).append(item)
    return found
