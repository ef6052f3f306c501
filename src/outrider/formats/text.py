"""Records as lines of text: the default form of the ``stdout`` output and the forms of ``file``.

Values stand as Fluent Bit prints msgpack: text in double quotes without escapes, floats with six decimals, maps as
``{"k"=>"v"}``. Nothing is escaped, so a line end inside a value makes two lines; JSON forms do not have that fault.
Source: Fluent Bit 5.1.1, ``plugins/out_stdout/stdout.c`` and ``plugins/out_file/file.c``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from outrider.formats import json
from outrider.formats.stamps import NANOSECONDS
from outrider.model.batch import Record

_FIELD = re.compile(r"\{([^{}]*)\}")


def stdout_lines(
    tag: str, times: Sequence[int], records: Sequence[Record], metadata: Sequence[Record] | None = None
) -> bytes:
    """``[n] tag: [[sec.nsec, {metadata}], {"key"=>"value"}]`` a record; ``n`` counts within the batch."""
    return _encode(
        "".join(
            [
                f"[{n}] {tag}: [[{_stamp(ns)}, {_print(metadata[n]) if metadata else '{}'}], {_print(record)}]\n"
                for n, (ns, record) in enumerate(zip(times, records, strict=True))
            ]
        )
    )


def file_lines(tag: str, times: Sequence[int], records: Sequence[Record], *, escape_unicode: bool = True) -> bytes:
    """``tag: [sec.nsec, {json}]`` a record: the default form of ``file``."""
    name = _encode(tag)
    return b"".join(
        [
            b"%b: [%b, %b]\n" % (name, _stamp(ns).encode(), json.encode(record, escape_unicode=escape_unicode))
            for ns, record in zip(times, records, strict=True)
        ]
    )


def plain_lines(times: Sequence[int], records: Sequence[Record], *, escape_unicode: bool = True) -> bytes:
    """The record as JSON, without its time."""
    return json.encode_lines(times, records, None, escape_unicode=escape_unicode)


def csv_lines(times: Sequence[int], records: Sequence[Record], delimiter: str = ",") -> bytes:
    """``sec.nsec,"value",1`` a record, without the keys."""
    return _encode(
        "".join(
            [
                delimiter.join([_stamp(ns), *map(_print, record.values())]) + "\n"
                for ns, record in zip(times, records, strict=True)
            ]
        )
    )


def csv_header(record: Record, delimiter: str = ",") -> bytes:
    """The names of the columns, as of this record: the first line of a file with ``csv_column_names``."""
    return _encode(delimiter.join(["timestamp", *map(_print, record)]) + "\n")


def ltsv_lines(
    times: Sequence[int], records: Sequence[Record], delimiter: str = "\t", label_delimiter: str = ":"
) -> bytes:
    """``"time":sec.usec``, then ``"key":"value"`` for each member, separated by tabs."""
    lines = []
    for ns, record in zip(times, records, strict=True):
        fields = [f'"time"{label_delimiter}{_seconds(ns)}']
        fields += [f"{_print(key)}{label_delimiter}{_print(value)}" for key, value in record.items()]
        lines.append(delimiter.join(fields) + "\n")
    return _encode("".join(lines))


def template_lines(times: Sequence[int], records: Sequence[Record], template: str) -> bytes:
    """``template`` with ``{time}`` and ``{key}`` replaced; a key that the record has not stays as it is written."""
    lines = []
    for ns, record in zip(times, records, strict=True):

        def field(match: re.Match[str], ns: int = ns, record: Record = record) -> str:
            if match[1] == "time":
                return _seconds(ns)
            if match[1] not in record:
                return match[0]
            value = record[match[1]]
            return value if isinstance(value, str) else _print(value)

        lines.append(_FIELD.sub(field, template) + "\n")
    return _encode("".join(lines))


def _stamp(ns: int) -> str:
    return f"{ns // NANOSECONDS}.{ns % NANOSECONDS:09d}"


def _seconds(ns: int) -> str:
    """Seconds with six decimals, rounded as the double that Fluent Bit prints is."""
    return f"{ns / 1e9:f}"


def _print(value: Any) -> str:
    """A value as msgpack's own printer writes it, without recursion: nesting is as deep as the sender likes."""
    if type(value) is str:
        return f'"{value}"'
    out: list[str] = []
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is dict:
            parts: list[Any] = [_Mark("{")]
            for key, member in item.items():
                parts += [key, _Mark("=>"), member, _Mark(", ")]
            parts[max(len(parts) - 1, 1) :] = [_Mark("}")]
            waiting += reversed(parts)
        elif type(item) in (list, tuple):
            parts = [_Mark("[")]
            for member in item:
                parts += [member, _Mark(", ")]
            parts[max(len(parts) - 1, 1) :] = [_Mark("]")]
            waiting += reversed(parts)
        else:
            out.append(_scalar(item))
    return "".join(out)


class _Mark(str):
    """Punctuation among the values that wait to be printed."""

    __slots__ = ()


def _scalar(value: Any) -> str:
    kind = type(value)
    if kind is _Mark:
        return str(value)
    if kind is str:
        return f'"{value}"'
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "nil"
    if kind is float:
        return f"{value:f}"
    if kind is bytes:
        return f'"{_binary(value)}"'
    if kind is msgspec.msgpack.Ext:
        return f'(ext: {value.code})"{_binary(bytes(value.data))}"'
    return str(value)


def _binary(raw: bytes) -> str:
    """Bytes with quotes and backslashes escaped and what is not printable ASCII as ``\\xNN``."""
    return "".join([f"\\{chr(c)}" if c in b'"\\' else chr(c) if 32 <= c < 127 else f"\\x{c:02x}" for c in raw])


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which no msgpack text can hold
        return text.encode("utf-8", "replace")
