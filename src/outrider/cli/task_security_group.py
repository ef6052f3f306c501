"""``outrider task security-group``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Annotated

import typer

from outrider.model.errors import UserError
from outrider.taskdef.ports import GUARDED, Closing, Group, Rule, Sender, closing, groups_in, rest
from outrider.taskdef.ports.close import permissions
from outrider.taskdef.source import read_text

_ANYBODY = ("0.0.0.0/0", "::/0")


def register(group: typer.Typer) -> None:
    """Add ``security-group`` to the ``task`` commands."""
    group.command("security-group")(security_group)


def security_group(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="What 'aws ec2 describe-security-groups' prints, CloudFormation, Terraform or a plan; - reads it.",
        ),
    ],
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="ID", help="Only this group, in a template by its name there; repeatable."),
    ] = None,
) -> None:
    """Find rules that let others reach a task's log ports, and print the commands that close them.

    Only the containers of a task use TCP and UDP 1514 (the agent) and TCP 24224 (the log router), over loopback; who
    else reaches them can forge logs. Standard output gets commands of the AWS command line, standard error what they
    are for. A range is split: what else it opens is opened again first. For a template it tells what to write, and
    what only the deployment knows. Nothing is called. Exit status: 0, 1 when a port is open, 2 for wrong arguments or
    files.

    Example: aws ec2 describe-security-groups | outrider task security-group - --group sg-0123456789abcdef0
    """
    found = _chosen(groups_in(*read_text(file, "what describe-security-groups prints, or a template")), group or [])
    done = [closing(one) for one in found]
    for one in done:
        for line in _told(one):
            typer.echo(line, err=True)
        for line in _commands(one) if one.group.is_there else ():
            typer.echo(line)
    raise typer.Exit(1 if any(one.open for one in done) else 0)


def _chosen(groups: list[Group], wanted: list[str]) -> list[Group]:
    known = [group.id for group in groups]
    for name in wanted:
        if name not in known:
            raise UserError(f"--group {name}: the file has no such group", found=name, allowed=known)
    return [group for group in groups if not wanted or group.id in wanted]


def _told(done: Closing) -> Iterator[str]:
    group = done.group
    name = f"{group.id} ({group.name})" if group.name else group.id
    for place in group.doubts:
        yield f"{place}: note: only the deployment knows which ports this rule of {name} opens"
    if not done.open:
        yield f"{name} opens none of the log ports"
    for rule in done.open:
        ports = " and ".join(f"{protocol.upper()} {port}" for protocol, port in rule.opens())
        senders = ", ".join(_sender(sender, group) for sender in rule.senders)
        yield f"{rule.place}: {name} lets {senders} reach {ports}: the rule opens {_range(rule)}"
        if not group.is_there:
            left = ", ".join(_range(piece) for piece in rest(rule) if piece.protocol in GUARDED)
            yield f"  fix: {f'open {left} instead, as far as you use it' if left else 'remove the rule'}"
    if group.is_there and any(rule.protocol == "-1" for rule in done.open):
        yield (
            f"note: {name} has a rule for all protocols; TCP, UDP and ICMP are opened again, others (GRE, ESP …) are "
            "not: open those that you use by their number"
        )


def _sender(sender: Sender, group: Group) -> str:
    if sender.name in _ANYBODY:
        return f"anybody ({sender.name})"
    if sender.kind == "group":
        return "members of the group itself" if sender.name == group.id else f"members of group {sender.name}"
    return f"prefix list {sender.name}" if sender.kind == "prefix list" else sender.name


def _range(rule: Rule) -> str:
    if rule.protocol == "-1":
        return "all protocols and ports"
    ports = str(rule.first) if rule.first == rule.last else f"{rule.first} to {rule.last}"
    return f"{rule.protocol.upper()} {ports}"


def _commands(done: Closing) -> Iterator[str]:
    """What is added comes first, so that nobody is cut off meanwhile."""
    if done.added:
        yield _command("authorize", done.group, done.added)
    if done.open:
        yield _command("revoke", done.group, done.open)


def _command(verb: str, group: Group, rules: tuple[Rule, ...]) -> str:
    document = json.dumps(permissions(rules, described=verb == "authorize"), ensure_ascii=False)
    words = ["aws", "ec2", f"{verb}-security-group-ingress", "--group-id", group.id, "--ip-permissions", document]
    return shlex.join(words)
