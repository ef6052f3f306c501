"""A message as rules and events see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from outrider.ids.apps.dns.message import CODES, TYPES, Message, Record
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER

_FLAGS: Final = (("aa", 0x0400), ("tc", 0x0200), ("rd", 0x0100), ("ra", 0x0080), ("z", 0x0040))
_SECTIONS: Final = ("answers", "authorities", "additionals")


class DnsTransaction:
    """See ``outrider.ids.apps.transaction.Transaction``: each message is one."""

    def __init__(self, number: int, direction: int, message: Message) -> None:
        self.id = number
        self.direction = direction
        self.message = message
        self.fresh = [direction == TO_SERVER, direction == TO_CLIENT]
        self.done = [True, True]
        self.alerted: set[tuple[int, int]] = set()

    def forget(self) -> None:
        """Nothing of it is counted."""

    def buffer(self, name: str, direction: int) -> Sequence[bytes]:
        if direction != self.direction:
            return ()
        kind, _, part = name.removeprefix("dns.").partition(".")
        message = self.message
        match kind:
            case "query" | "queries":
                if name == "dns.query" and message.answer:
                    return ()
                return [question.name for question in message.questions]
            case "response":
                every = [record for section in message.sections for record in section]
                return [question.name for question in message.questions] + _names(every) if message.answer else ()
            case "answer" if part == "name":
                return _names(message.sections[0])
            case _ if kind in _SECTIONS:
                return _names(message.sections[_SECTIONS.index(kind)])
            case _:
                return ()

    def number(self, name: str) -> int | None:
        message = self.message
        match name:
            case "dns.opcode":
                return message.opcode
            case "dns.rcode":
                return message.code if message.answer else None
            case "dns.rrtype":
                if message.answer and message.sections[0]:
                    return message.sections[0][0].kind
                return message.questions[0].kind if message.questions else None
            case _:
                return None

    def event(self) -> dict[str, Any]:
        message = self.message
        told: dict[str, Any] = {"version": 3, "type": "response" if message.answer else "request", "tx_id": self.id}
        told["id"] = message.id
        told["flags"] = f"{message.flags:x}"
        if message.answer:
            told["qr"] = True
        told |= {name: True for name, bit in _FLAGS if message.flags & bit}
        told["opcode"] = message.opcode
        if message.answer:
            told["rcode"] = _code(message.code)
        if message.questions:
            told["queries"] = [{"rrname": _text(one.name), "rrtype": _type(one.kind)} for one in message.questions]
        for name, section in zip(_SECTIONS, message.sections, strict=True):
            if section and message.answer:
                told[name] = [entry for record in section for entry in _entries(record)]
        grouped: dict[str, list[Any]] = {}
        for record in message.sections[0] if message.answer else ():
            for entry in _entries(record):
                if "rdata" in entry:
                    grouped.setdefault(_type(record.kind), []).append(entry["rdata"])
        if grouped:
            told["grouped"] = grouped
        return told

    def older_event(self) -> dict[str, Any]:
        """As version 2 of these events has it."""
        message = self.message
        told = self.event()
        told["version"] = 2
        told["type"] = "answer" if message.answer else "query"
        told.pop("queries", None)
        if message.questions:
            told["rrname"] = _text(message.questions[0].name)
            told["rrtype"] = _type(message.questions[0].kind)
        return told


def _names(records: Sequence[Record]) -> list[bytes]:
    return [record.name for record in records]


def _code(code: int) -> str:
    return CODES.get(code, str(code))


def _type(kind: int) -> str:
    return TYPES.get(kind, str(kind))


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"\\x{byte:02x}" for byte in value)


def _entries(record: Record) -> list[dict[str, Any]]:
    """A record as events show it; each text of a TXT by itself."""
    base: dict[str, Any] = {"rrname": _text(record.name), "rrtype": _type(record.kind), "ttl": record.ttl}
    told = record.told
    if record.kind == 6 and isinstance(told, tuple):
        names = ("mname", "rname", "serial", "refresh", "retry", "expire", "minimum")
        values = [_text(part) if isinstance(part, bytes) else part for part in told]
        return [base | {"soa": dict(zip(names, values, strict=True))}]
    if record.kind == 33 and isinstance(told, tuple):
        priority, weight, port, name = told
        return [base | {"srv": {"priority": priority, "weight": weight, "port": port, "name": _text(name)}}]
    if record.kind == 16 and isinstance(told, tuple):
        return [base | {"rdata": _text(text)} for text in told]
    if record.kind in (41, 43, 46, 47, 48):
        return [base]
    return [base | {"rdata": _text(told) if isinstance(told, bytes) else told}]
