"""Security groups, and their rules in what ``aws ec2 describe-security-groups`` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from outrider.model.errors import Place, UserError
from outrider.taskdef.ports.rule import ALL, LAST_PORT, Rule, Sender, SenderKind
from outrider.taskdef.shape import Path, kind_of
from outrider.taskdef.source import Source

_FORM: Final = "give what 'aws ec2 describe-security-groups' prints"
_NUMBERS: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": ALL}
_SENDERS: Final[tuple[tuple[str, str, SenderKind], ...]] = (
    ("IpRanges", "CidrIp", "ipv4"),
    ("Ipv6Ranges", "CidrIpv6", "ipv6"),
    ("PrefixListIds", "PrefixListId", "prefix list"),
    ("UserIdGroupPairs", "GroupId", "group"),
)


class Group(Struct, frozen=True):
    """A security group and its inbound rules.

    One that a template declares is not there yet (``is_there``): its id is what the template calls it, and ``doubts``
    are the rules that only the deployment knows.
    """

    id: str
    name: str
    rules: tuple[Rule, ...]
    is_there: bool = True
    doubts: tuple[Place, ...] = ()


def read_groups(source: Source) -> list[Group]:
    """The groups in a file. Raises UserError with the place of what is none."""
    return [_group(source, item, path) for item, path in _objects(source, source.value, (), "SecurityGroups")]


def _objects(source: Source, holder: Any, path: Path, key: str) -> Iterator[tuple[dict[str, Any], Path]]:
    """The objects of an array, each with its path."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(value, list):
        found = f"this is {kind_of(holder)}" if not isinstance(holder, dict) else f"{key} is missing or no array"
        raise UserError(f"an object with an array {key} was expected, {found}", source.place((*path, key)), fix=_FORM)
    for place, item in enumerate(value):
        if not isinstance(item, dict):
            where = source.place((*path, key, place))
            raise UserError(f"{key} holds objects, this is {kind_of(item)}", where, fix=_FORM)
        yield item, (*path, key, place)


def _group(source: Source, item: dict[str, Any], path: Path) -> Group:
    rules = [_rule(source, rule, where) for rule, where in _objects(source, item, path, "IpPermissions")]
    name = item.get("GroupName")
    return Group(_text(source, item, path, "GroupId"), name if isinstance(name, str) else "", tuple(rules))


def _rule(source: Source, item: dict[str, Any], path: Path) -> Rule:
    protocol = _text(source, item, path, "IpProtocol")
    first, last = (_number(source, item, path, key) for key in ("FromPort", "ToPort"))
    return rule_of(protocol, first, last, tuple(_senders(source, item, path)), source.place(path))


def rule_of(protocol: str, first: int | None, last: int | None, senders: tuple[Sender, ...], place: Place) -> Rule:
    """A rule as EC2 takes it: protocols by number or name, ports that are left out."""
    protocol = _NUMBERS.get(protocol.lower(), protocol.lower())
    if protocol == ALL or (protocol in ("tcp", "udp") and (first is None or first < 0)):
        first, last = 0, LAST_PORT
    whole = (-1 if first is None else first, -1 if last is None else last)
    return Rule(protocol, *whole, senders, place)


def _senders(source: Source, item: dict[str, Any], path: Path) -> Iterator[Sender]:
    for key, name, kind in _SENDERS:
        for sender, where in _objects(source, item, path, key) if item.get(key) is not None else ():
            description, account = sender.get("Description"), sender.get("UserId")
            yield Sender(
                kind,
                _text(source, sender, where, name),
                description if isinstance(description, str) else "",
                account if isinstance(account, str) else "",
            )


def _text(source: Source, item: dict[str, Any], path: Path, key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str) or not value:
        raise UserError(f"{key} is missing or no string", source.place((*path, key)), fix=_FORM)
    return value


def _number(source: Source, item: dict[str, Any], path: Path, key: str) -> int | None:
    value = item.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise UserError(f"{key} is a number, this is {kind_of(value)}", source.place((*path, key)), fix=_FORM)
    return value
