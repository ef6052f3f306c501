"""Files to signatures and refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from outrider.ids.rules.conditions import FlowTest
from outrider.ids.rules.draft import Draft
from outrider.ids.rules.keywords.table import FAMILIES, FLAGS, READERS, UNSUPPORTED
from outrider.ids.rules.lines import RULE_LIMIT, Line, lines_of
from outrider.ids.rules.refusal import Refusal, RuleError, UnsupportedError
from outrider.ids.rules.signature import Header, Inspection, Signature
from outrider.ids.rules.split import Option, Split, split
from outrider.ids.rules.steps import Base64Decode, Pcre
from outrider.ids.rules.tables import UNKNOWN_PRIORITY, Tables
from outrider.ids.rules.variables import Variables

Probe: TypeAlias = Callable[[Pcre], None]
"""Raises RuleError for an expression that cannot be compiled."""

ACTIONS: Final = ("alert", "pass", "drop", "reject", "rejectsrc", "rejectdst", "rejectboth")
PROTOCOLS: Final = frozenset(
    {"ip", "ipv4", "ip4", "ipv6", "ip6", "tcp", "tcp4", "tcp6", "tcp-pkt", "tcp-stream", "udp", "udp4", "udp6"}
    | {"icmp", "icmpv4", "icmp4", "icmpv6", "icmp6", "sctp", "http", "http1", "dns", "tls", "ssl"}
)
"""What a header may have, in the spelling of the rule; ``ssl`` is ``tls``."""
_OTHERS: Final = frozenset(
    {"smtp", "ftp", "ftp-data", "smb", "dcerpc", "ssh", "http2", "quic", "krb5", "nfs", "tftp", "mqtt", "ldap", "rdp"}
    | {"sip", "snmp", "ntp", "dhcp", "ike", "ikev2", "rfb", "modbus", "dnp3", "enip", "imap", "pop3", "pgsql", "esp"}
    | {"telnet", "websocket", "bittorrent-dht", "mdns", "doh2", "arp", "ether", "pkthdr", "decnet"}
)
_SAME: Final = {"ssl": "tls", "http1": "http", "ipv4": "ip4", "ipv6": "ip6", "icmpv4": "icmp4", "icmpv6": "icmp6"}
_SID: Final = re.compile(r"[;(\s]sid\s*:\s*(\d{1,10})\s*;", re.ASCII)


@dataclass(slots=True)
class RuleSet:
    """``signatures`` in load order. ``warnings`` are rules that are used, with something amiss."""

    signatures: list[Signature] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    warnings: list[Refusal] = field(default_factory=list)


class Loader:
    """Reads rules of one or several files into one set."""

    def __init__(self, variables: Variables, tables: Tables, probe: Probe | None = None) -> None:
        """``probe`` tries expressions; without it they are taken as they are."""
        self.found = RuleSet()
        self._variables = variables
        self._tables = tables
        self._probe = probe
        self._seen: dict[tuple[int, int], tuple[int, int]] = {}
        """gid and sid to rev and index in ``signatures``."""

    def read(self, text: str, file: str) -> None:
        """Add the rules of a file."""
        for line in lines_of(text, file):
            try:
                self._add(self._signature(line))
            except RuleError as error:
                self._refuse(line, error)

    def _refuse(self, line: Line, error: RuleError) -> None:
        sid = _SID.search(line.text)
        supported = not isinstance(error, UnsupportedError)
        self.found.refusals.append(Refusal(line.place(error.at), str(error), int(sid[1]) if sid else None, supported))

    def _add(self, signature: Signature) -> None:
        """The higher revision of two rules with one number counts; the first of equal ones."""
        number = (signature.gid, signature.sid)
        known = self._seen.get(number)
        if known is None:
            self._seen[number] = (signature.rev, len(self.found.signatures))
            self.found.signatures.append(signature)
            return
        rev, index = known
        kept, left = (
            (signature, self.found.signatures[index])
            if signature.rev > rev
            else (
                self.found.signatures[index],
                signature,
            )
        )
        self.found.refusals.append(
            Refusal(left.place, f"the rule in {kept.place} has the same number; rev {kept.rev}", left.sid, True)
        )
        if kept is signature:
            self._seen[number] = (signature.rev, index)
            self.found.signatures[index] = signature

    def _signature(self, line: Line) -> Signature:
        if len(line.text) > RULE_LIMIT:
            raise RuleError(f"longer than {RULE_LIMIT} characters")
        found = split(line.text)
        action, protocol = self._kind(found)
        header = self._header(found)
        draft = Draft(action, protocol)
        for option in found.options:
            self._option(draft, option)
        if draft.sid is None:
            raise RuleError("there is no sid", 0)
        self._check(draft)
        return self._made(draft, header, line)

    def _kind(self, found: Split) -> tuple[str, str]:
        action, protocol = found.header[0].lower(), found.header[1].lower()
        if action not in ACTIONS:
            raise RuleError(f"'{action}' is no action; {', '.join(ACTIONS)} are", found.at[0])
        if protocol in _OTHERS:
            raise UnsupportedError(f"the protocol {protocol} is not taken apart here", found.at[1])
        if protocol not in PROTOCOLS:
            raise RuleError(f"'{protocol}' is no protocol", found.at[1])
        return action, _SAME.get(protocol, protocol)

    def _header(self, found: Split) -> Header | None:
        if len(found.header) == 2:
            return None
        sets = []
        for at in (2, 3, 5, 6):
            read = self._variables.address_set if at in (2, 5) else self._variables.port_set
            try:
                sets.append(read(found.header[at]))
            except RuleError as error:
                raise RuleError(str(error), found.at[at]) from None
        source, source_ports, destination, destination_ports = sets
        return Header(source, source_ports, found.header[4], destination, destination_ports)  # type: ignore[arg-type]

    def _option(self, draft: Draft, option: Option) -> None:
        name, value = option.name, option.value
        try:
            if value is not None and name in READERS:
                READERS[name](draft, value)
            elif value is None and name in FLAGS:
                FLAGS[name](draft)
            elif name in READERS:
                raise RuleError(f"{name} needs a value")
            elif name in FLAGS:
                raise RuleError(f"{name} takes no value")
            elif name in UNSUPPORTED:
                raise UnsupportedError(f"{name}: {UNSUPPORTED[name]} are not supported")
            elif name.startswith(FAMILIES):
                raise UnsupportedError(f"{name}: this protocol is not taken apart here")
            else:
                raise RuleError(f"'{name}' is no keyword")
            if name == "pcre" and self._probe is not None:
                self._probe(_last_expression(draft))
        except RuleError as error:
            error.at = option.at
            raise

    def _check(self, draft: Draft) -> None:
        """What is wrong with a rule as a whole. Raises RuleError."""
        protocols = {part.buffer.protocol for part in draft.parts} - {""}
        if len(protocols) > 1:
            raise RuleError(f"it looks at buffers of {' and of '.join(sorted(protocols))}", 0)
        if protocols and draft.protocol in ("http", "dns", "tls") and {draft.protocol} != protocols:
            raise RuleError(f"a rule for {draft.protocol} looks at a buffer of {protocols.pop()}", 0)
        if protocols and draft.protocol in ("tcp-pkt", "icmp", "icmp4", "icmp6"):
            raise RuleError(f"a rule for {draft.protocol} looks at a buffer of {protocols.pop()}", 0)
        steps = [step for part in draft.parts for step in part.steps]
        decoded = any(part.buffer.name == "base64_data" and part.steps for part in draft.parts)
        if decoded and not any(isinstance(step, Base64Decode) for step in steps):
            raise RuleError("base64_data stands there without base64_decode", 0)
        for part in draft.parts:
            if not part.steps:
                raise RuleError(f"nothing is looked for in {part.buffer.name}", 0)
        flow = draft.flow
        if flow and flow.direction:
            wrong = {"to_server": "to_client", "to_client": "to_server"}[flow.direction]
            for part in draft.parts:
                if part.buffer.direction == wrong:
                    raise RuleError(f"{part.buffer.name} never travels {flow.direction}, which flow asks for", 0)

    def _made(self, draft: Draft, header: Header | None, line: Line) -> Signature:
        assert draft.sid is not None
        known = self._tables.classifications.get(draft.classification.lower())
        if draft.classification and known is None:
            self._warn(line, draft, f"the class '{draft.classification}' is not known; its priority is 3")
        metadata: dict[str, list[str]] = {}
        for name, value in draft.metadata:
            metadata.setdefault(name, []).append(value)
        references = []
        for kind, target in draft.references:
            beginning = self._tables.references.get(kind)
            if beginning is None:
                self._warn(line, draft, f"the reference '{kind}' is not known")
            references.append(f"{beginning or ''}{target}")
        return Signature(
            number=len(self.found.signatures),
            place=line.place(),
            action=draft.action,
            protocol=draft.protocol,
            header=header,
            sid=draft.sid,
            gid=draft.gid,
            rev=draft.rev,
            message=draft.message,
            classification=draft.classification,
            category=known.category if known else "",
            priority=draft.priority or (known.priority if known else UNKNOWN_PRIORITY),
            references=tuple(references),
            metadata=tuple((name, tuple(values)) for name, values in metadata.items()),
            target=draft.target,
            inspections=tuple(
                Inspection(
                    part.buffer, part.direction or part.buffer.direction, tuple(part.transforms), tuple(part.steps)
                )
                for part in draft.parts
            ),
            conditions=tuple(draft.conditions),
            flow=draft.flow or FlowTest(),
            states=tuple(draft.states),
            thresholds=tuple(draft.thresholds),
            noalert=draft.noalert,
            prefilter=draft.prefilter,
            text=line.text,
        )

    def _warn(self, line: Line, draft: Draft, reason: str) -> None:
        self.found.warnings.append(Refusal(line.place(), reason, draft.sid, True))


def load(files: Iterable[tuple[str, str]], variables: Variables, tables: Tables, probe: Probe | None = None) -> RuleSet:
    """The rules of files, each as (text, name)."""
    loader = Loader(variables, tables, probe)
    for text, file in files:
        loader.read(text, file)
    return loader.found


def _last_expression(draft: Draft) -> Pcre:
    steps = [step for part in draft.parts for step in part.steps]
    return [step for step in steps if isinstance(step, Pcre)][-1]
