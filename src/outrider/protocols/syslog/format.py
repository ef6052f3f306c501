"""Records to syslog messages, to the byte as Fluent Bit's ``syslog`` output.

RFC 3164: ``<PRI>Mmm dd HH:MM:SS HOST APP[PROCID]: MESSAGE``; what is missing leaves nothing in its place, and a process
id without an application name is not written. RFC 5424: every missing field is ``-``, fields are cut at 255, 48, 128
and 32 bytes, the message follows a byte order mark. In both, a message that begins with ``<`` is sent alone, as it is.
Line ends inside a message stay. Source: Fluent Bit 5.1.1, ``plugins/out_syslog/syslog.c``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, Literal, TypeAlias

from outrider.formats.stamps import NANOSECONDS, bsd, iso
from outrider.model.batch import Record
from outrider.protocols.syslog.names import facility_number, severity_number

BLOCK: Final = 256
"""Records formatted at a time: buffers of this size stay in the allocator's reach, larger ones are paged in anew."""

DEFAULT_MAXSIZE: Final = {"rfc3164": 1024, "rfc5424": 2048}

_ROLES = ("severity", "facility", "hostname", "appname", "procid", "msgid", "message")
_LIMITS = {"hostname": 255, "appname": 48, "procid": 128, "msgid": 32}
_SD_NAME = bytes(c if 33 <= c < 127 and c not in b'="]' else ord("_") for c in range(256))
_SD_VALUE = str.maketrans({"\\": "\\\\", '"': '\\"', "]": "\\]"})
_Layout: TypeAlias = list[tuple[str | None, str]]
"""The parts of a line in order: a role whose member stands there, or a constant text."""

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


@dataclass(frozen=True)
class SyslogFormat:
    """The options of the output that shape a message; keys name top-level members of the record.

    ``maxsize`` is in bytes, without a line end; 0 is the default of the format. Raises ValueError for a preset out of
    range. A member serves only the first role that names it, in the order severity, facility, hostname, appname,
    procid, msgid, message; text, bytes and numbers count as values, null, lists and maps as missing.
    """

    format: Literal["rfc3164", "rfc5424"] = "rfc5424"
    maxsize: int = 0
    severity_key: str | None = None
    facility_key: str | None = None
    hostname_key: str | None = None
    appname_key: str | None = None
    procid_key: str | None = None
    msgid_key: str | None = None
    message_key: str | None = None
    sd_keys: tuple[str, ...] = ()
    severity_preset: int = 6
    facility_preset: int = 1
    hostname_preset: str | None = None
    appname_preset: str | None = None
    procid_preset: str | None = None
    msgid_preset: str | None = None
    allow_longer_sd_id: bool = False

    def __post_init__(self) -> None:
        if self.format not in DEFAULT_MAXSIZE:
            raise ValueError(f"'{self.format}' is not a syslog format; allowed: {', '.join(DEFAULT_MAXSIZE)}")
        if not 0 <= self.severity_preset <= 7:
            raise ValueError(f"the severity preset {self.severity_preset} is out of range; allowed: 0 to 7")
        if not 0 <= self.facility_preset <= 23:
            raise ValueError(f"the facility preset {self.facility_preset} is out of range; allowed: 0 to 23")

    def lines(self, times: Sequence[int], records: Sequence[Record]) -> list[bytes]:
        """One message a record, without a line end. ``times`` are nanoseconds since the epoch."""
        return [self._line(ns, record) for ns, record in zip(times, records, strict=True)]

    def blocks(self, times: Sequence[int], records: Sequence[Record]) -> list[bytes]:
        """The messages of up to ``BLOCK`` records each, every one ended by a line feed: what goes over TCP."""
        return [
            self._block(times[start : start + BLOCK], records[start : start + BLOCK])
            for start in range(0, len(records), BLOCK)
        ]

    def stream(self, times: Sequence[int], records: Sequence[Record]) -> bytes:
        """``blocks`` as one piece."""
        return b"".join(self.blocks(times, records))

    @cached_property
    def _limit(self) -> int:
        return self.maxsize or DEFAULT_MAXSIZE[self.format]

    @cached_property
    def _keys(self) -> dict[str, str]:
        """Role to key, each key under its first role only."""
        keys: dict[str, str] = {}
        for role in _ROLES:
            key = getattr(self, f"{role}_key")
            if key and key not in keys.values():
                keys[role] = key
        return keys

    @cached_property
    def _preset(self) -> dict[str, str | None]:
        return {role: getattr(self, f"{role}_preset") for role in _LIMITS}

    @cached_property
    def _layouts(self) -> dict[frozenset[str], _Layout]:
        """``_layout`` for the sets of missing roles met so far."""
        return {}

    def _layout(self, absent: frozenset[str]) -> _Layout:
        """The parts of a line behind the time where the roles in ``absent`` have no member and the others have one."""
        keys = {role: key for role, key in self._keys.items() if role not in absent}
        given = {role: keys.get(role) or preset for role, preset in self._preset.items()}

        def part(role: str) -> tuple[str | None, str]:
            return (role, "") if role in keys else (None, self._cut(role, self._preset[role] or "-"))

        if self.format == "rfc5424":
            parts = [p for role in _LIMITS for p in (part(role), (None, " "))]
            parts.append((None, "- " + _BOM if "message" in keys else "-"))
        else:
            parts = [part("hostname"), (None, " ")] if given["hostname"] else []
            if given["appname"]:
                procid = [(None, "["), part("procid"), (None, "]")] if given["procid"] else []
                parts += [part("appname"), *procid, (None, ": ")]
        if "message" in keys:
            parts.append(("message", ""))
        return _merged([*parts, (None, "\n")])

    def _block(self, times: Sequence[int], records: Sequence[Record]) -> bytes:
        """Column by column where all records have the same members as text; record by record otherwise."""
        if not self.sd_keys and "severity" not in self._keys and "facility" not in self._keys:
            text = self._fast(times, records, frozenset())
            if text is None:
                absent = [role for role, key in self._keys.items() if not any(key in record for record in records)]
                text = self._fast(times, records, frozenset(absent)) if absent else None
            if text is not None:
                return _encode(text)
        return b"".join([self._line(ns, record) + b"\n" for ns, record in zip(times, records, strict=True)])

    def _fast(self, times: Sequence[int], records: Sequence[Record], absent: frozenset[str]) -> str | None:
        """The block's text; None if some record lacks a member, or a member or line cannot be used as it is."""
        layout = self._layouts.get(absent)
        if layout is None:
            layout = self._layouts[absent] = self._layout(absent)
        columns: list[Iterable[str]] = [self._stamps(times)]
        try:
            for role, constant in layout:
                if role is None:
                    columns.append(repeat(constant))
                    continue
                members = map(itemgetter(self._keys[role]), records)
                if role == "message":
                    columns.append(messages := list(members))
                    if "<" in {text[:1] for text in messages}:
                        return None
                elif self.format == "rfc5424":
                    columns.append(column := list(members))
                    if not _fits(column, _LIMITS[role]):
                        return None
                else:
                    columns.append(members)
            # Rows are made and joined in C: half of what one join of all parts takes, and less than format strings.
            lines = list(map("".join, zip(*columns, strict=False)))
        except (KeyError, TypeError):
            return None  # a missing member, or one that is not text: str.join takes nothing else
        block = "".join(lines)
        if 4 * len(block) > self._limit:  # else even all lines together are short enough
            longest = max(map(len, lines)) - len("\n")
            if (longest if block.isascii() else 4 * longest) > self._limit:
                return None
        return block

    def _stamps(self, times: Sequence[int]) -> list[str]:
        """Priority and time of each record, with the space behind them."""
        priority = self.facility_preset * 8 + self.severity_preset
        if self.format == "rfc5424":
            return [f"<{priority}>1 {iso(ns // NANOSECONDS)}.{ns % NANOSECONDS // 1000:06d}Z " for ns in times]
        stamps: list[str] = []
        begin = end = 0
        stamp = ""
        for ns in times:
            if not begin <= ns < end:  # times come in runs of the same second
                begin = ns - ns % NANOSECONDS
                end = begin + NANOSECONDS
                stamp = f"<{priority}>{bsd(begin // NANOSECONDS)} "
            stamps.append(stamp)
        return stamps

    def _line(self, ns: int, record: Record) -> bytes:
        """Any record, exactly; without a line end."""
        found = {role: _text(record.get(key)) for role, key in self._keys.items()}
        message = found.get("message")
        if message is not None and message.startswith("<"):
            return _encode(message)[: self._limit]
        severity = _number(severity_number, found.get("severity"), self.severity_preset)
        facility = _number(facility_number, found.get("facility"), self.facility_preset)
        fields = {role: preset if (text := found.get(role)) is None else text for role, preset in self._preset.items()}
        if self.format == "rfc5424":
            head = f"<{facility * 8 + severity}>1 {iso(ns // NANOSECONDS)}.{ns % NANOSECONDS // 1000:06d}Z "
            head += "".join([self._cut(role, text or "-") + " " for role, text in fields.items()])
            line = _encode(head) + (self._structured(record) or b"-")
            if message is not None:
                line += _encode(f" {_BOM}{message}")
            return line[: self._limit]
        head = f"<{facility * 8 + severity}>{bsd(ns // NANOSECONDS)} "
        if fields["hostname"] is not None:
            head += fields["hostname"] + " "
        if fields["appname"] is not None:
            head += fields["appname"] + ("" if fields["procid"] is None else f"[{fields['procid']}]") + ": "
        return _encode(head + (message or ""))[: self._limit]

    def _cut(self, role: str, text: str) -> str:
        """A field of RFC 5424 at its longest, in bytes; RFC 3164 has no limits."""
        limit = _LIMITS[role]
        if self.format == "rfc3164" or 4 * len(text) <= limit:
            return text
        return _encode(text)[:limit].decode("utf-8", "surrogateescape")

    def _structured(self, record: Record) -> bytes:
        """The structured data elements, in the order of the record."""
        if not self.sd_keys:
            return b""
        return b"".join(
            [self._element(key, value) for key, value in record.items() if key in self.sd_keys and type(value) is dict]
        )

    def _element(self, key: str, members: dict[Any, Any]) -> bytes:
        pieces = [self._sd_name(key)]
        for name, value in members.items():
            text, name_text = _text(value), _text(name)
            if text is not None and name_text is not None:
                pieces.append(b' %b="%b"' % (self._sd_name(name_text), _encode(text.translate(_SD_VALUE))))
        return b"[%b]" % b"".join(pieces)

    def _sd_name(self, name: str) -> bytes:
        raw = _encode(name)
        return (raw if self.allow_longer_sd_id else raw[:32]).translate(_SD_NAME)


def _merged(parts: _Layout) -> _Layout:
    """Neighbouring constants as one."""
    merged: _Layout = []
    for role, text in parts:
        if role is None and merged and merged[-1][0] is None:
            merged[-1] = (None, merged[-1][1] + text)
        else:
            merged.append((role, text))
    return merged


def _fits(column: list[str], limit: int) -> bool:
    """Whether a field of RFC 5424 can be written as it is in every record: not empty, not too long."""
    lengths = set(map(len, column))
    return 0 not in lengths and max(lengths) <= limit and "".join(column).isascii()


def _text(value: Any) -> str | None:
    """A member as text; None for what counts as missing."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bytes:
        return bytes(value).decode("utf-8", "surrogateescape")
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return f"{value:f}"
    return None


def _number(read: Callable[[str], int | None], text: str | None, preset: int) -> int:
    number = None if text is None else read(text)
    return preset if number is None else number


def _encode(text: str) -> bytes:
    """UTF-8, surrogate escapes as the bytes they stand for; half of a pair, which has no UTF-8, as U+FFFD."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        whole = "".join([c if c < "\ud800" or "\udc80" <= c <= "\udcff" or c > "\udfff" else "\ufffd" for c in text])
        return whole.encode("utf-8", "surrogateescape")
