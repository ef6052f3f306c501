"""Fluent Bit's JSON, to the byte: what its outputs write for a record and its time.

No blanks; keys in the order of the record; non-ASCII as ``\\uxxxx`` unless ``escape_unicode`` is off; a float that is
whole as ``1.0``, others with up to 16 digits; bytes as text; a byte that is not UTF-8 as ``U+E0xx``.
Source: Fluent Bit 5.1.1, ``src/flb_pack.c`` and ``src/flb_utils.c``. Two deliberate differences, because what Fluent
Bit writes there is not JSON: a key that is not text is quoted, and the backslashes of an extension value's ``\\xNN``
are escaped.

Batches of plain values take the encoder of msgspec, which writes the same bytes; all else takes slower, exact paths.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Final

import msgspec

from outrider.formats.stamps import NANOSECONDS, iso
from outrider.model.batch import Record

DATE_FORMATS: Final = (
    "double",
    "iso8601",
    "java_sql_timestamp",
    "epoch",
    "epoch_ms",
    "epoch_millis",
    "epoch_milliseconds",
)

_encoder = msgspec.json.Encoder()
_ascii_encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_PLAIN = frozenset({str, int, bool, type(None)})
_CONTAINERS = frozenset({dict, list, tuple})
_PLAIN_OR_CONTAINER = _PLAIN | _CONTAINERS
_PLAIN_OR_FLOAT = _PLAIN | {float}
_PLAIN_KEYS = frozenset({str, int})
_SURROGATE = re.compile("[\ud800-\udfff]")
_WHOLE_LIMIT = 2.0**63


def encode(value: Any, *, escape_unicode: bool = True, nan_to_null: bool = False) -> bytes:
    """One value, such as a record."""
    return _finish(_one(value, escape_unicode, nan_to_null))


def encode_lines(
    times: Sequence[int],
    records: Sequence[Record],
    date_key: str | None = "date",
    date_format: str = "double",
    *,
    escape_unicode: bool = True,
    nan_to_null: bool = False,
) -> bytes:
    """One object a line, each line ended. ``times`` are nanoseconds; their member comes first; None leaves it out.

    A record that has the key itself keeps its own value and gets no date. Raises ValueError for an unknown
    ``date_format``.
    """
    objects = _objects(times, records, date_key, date_format, escape_unicode, nan_to_null)
    return _finish(b"\n".join([*objects, b""]))


def encode_array(
    times: Sequence[int],
    records: Sequence[Record],
    date_key: str | None = "date",
    date_format: str = "double",
    *,
    escape_unicode: bool = True,
    nan_to_null: bool = False,
) -> bytes:
    """All objects in one array, without a line end. Otherwise as ``encode_lines``."""
    objects = _objects(times, records, date_key, date_format, escape_unicode, nan_to_null)
    return _finish(b"[%b]" % b",".join(objects))


def encode_stream(
    times: Sequence[int],
    records: Sequence[Record],
    date_key: str | None = "date",
    date_format: str = "double",
    *,
    escape_unicode: bool = True,
    nan_to_null: bool = False,
) -> bytes:
    """All objects one after another with nothing between. Otherwise as ``encode_lines``."""
    return _finish(b"".join(_objects(times, records, date_key, date_format, escape_unicode, nan_to_null)))


def format_float(value: float) -> str:
    """A float as Fluent Bit writes it in JSON: ``2.0``, ``0.1``, ``1e+300``; ``nan`` and ``inf`` as they are."""
    if value.is_integer() and abs(value) < _WHOLE_LIMIT:
        return f"{value:.1f}"
    return f"{value:.16g}"


def _objects(
    times: Sequence[int],
    records: Sequence[Record],
    date_key: str | None,
    date_format: str,
    escape_unicode: bool,
    nan_to_null: bool,
) -> list[bytes]:
    """One JSON object a record; DEL is not escaped yet."""
    if date_format not in DATE_FORMATS:
        raise ValueError(f"'{date_format}' is not a date format; allowed: {', '.join(DATE_FORMATS)}")
    keys: set[Any] = set().union(*records)
    # Whole batches are tested by the set of their types, which costs 0.1 µs a record.
    plain = _PLAIN_KEYS.issuperset(map(type, keys)) and _PLAIN.issuperset(
        set(map(type, chain.from_iterable(map(dict.values, records))))
    )
    objects = _plain_objects(records, escape_unicode) if plain else None
    if objects is None:
        objects = [_one(record, escape_unicode, nan_to_null) for record in records]
    if date_key is None:
        return objects
    head = b"{%b:" % _one(date_key, escape_unicode, nan_to_null)
    dated = [
        b"%b%b,%b" % (head, date, text[1:]) if len(text) > 2 else b"%b%b}" % (head, date)
        for date, text in zip(_dates(times, date_format), objects, strict=True)
    ]
    if date_key in keys:
        return [text if date_key in record else new for record, text, new in zip(records, objects, dated, strict=True)]
    return dated


def _plain_objects(records: Sequence[Record], escape_unicode: bool) -> list[bytes] | None:
    """Records of plain values without nesting; None if some string holds a byte that is not UTF-8."""
    try:
        objects = [_encoder.encode(record) for record in records]
    except UnicodeEncodeError:
        return None
    if not escape_unicode:
        return objects
    return [
        text if text.isascii() else _ascii_encoder.encode(record).encode()
        for text, record in zip(objects, records, strict=True)
    ]


def _dates(times: Sequence[int], date_format: str) -> list[bytes]:
    """The value of the date member for each time."""
    if date_format == "double":
        # For times since 1978 this quotient is the double that seconds + nanoseconds / 1e9 rounds to.
        dates = [b"%.16g" % (ns / 1e9) for ns in times]
        return [
            date if b"." in date else format_float(ns / 1e9).encode() for ns, date in zip(times, dates, strict=True)
        ]
    if date_format == "epoch":
        return [b"%d" % (ns // NANOSECONDS) for ns in times]
    if date_format == "iso8601":
        return [f'"{iso(ns // NANOSECONDS)}.{ns % NANOSECONDS // 1000:06d}Z"'.encode() for ns in times]
    if date_format == "java_sql_timestamp":
        return [f'"{iso(ns // NANOSECONDS).replace("T", " ")}.{ns % NANOSECONDS // 1000:06d}"'.encode() for ns in times]
    return [b"%d" % (ns // 1_000_000) for ns in times]


def _finish(raw: bytes) -> bytes:
    """The one character that msgspec leaves as it is and Fluent Bit escapes."""
    return raw.replace(b"\x7f", b"\\u007f")


def _one(value: Any, escape_unicode: bool, nan_to_null: bool) -> bytes:
    """Any value, by the fastest path that is exact for it."""
    try:
        if _is_plain(value):
            text = _encoder.encode(value)
            return text if text.isascii() or not escape_unicode else _ascii_encoder.encode(value).encode()
        if type(value) is dict and not nan_to_null and _has_only_floats(value):
            text = _encoder.encode(
                {k: msgspec.Raw(format_float(v).encode()) if type(v) is float else v for k, v in value.items()}
            )
            if text.isascii() or not escape_unicode:
                return text
    except (UnicodeEncodeError, RecursionError):
        pass  # a byte that is not UTF-8, or nesting deeper than the encoders go: the exact path takes both
    return _exact(value, _quote_ascii if escape_unicode else _encoder.encode, nan_to_null)


def _has_only_floats(record: dict[Any, Any]) -> bool:
    """Whether floats are all that keeps a record from being plain; those are few and flat in most logs."""
    return _PLAIN_KEYS.issuperset(map(type, record)) and _PLAIN_OR_FLOAT.issuperset(map(type, record.values()))


def _quote_ascii(text: str) -> bytes:
    return json.encoder.encode_basestring_ascii(text).encode("ascii")


def _is_plain(value: Any) -> bool:
    """Whether msgspec writes this value as Fluent Bit would: no floats, bytes, extensions or odd keys anywhere."""
    waiting: list[Any] = [[value]]
    while waiting:
        container = waiting.pop()
        if type(container) is dict:
            if not _PLAIN_KEYS.issuperset(map(type, container)):
                return False
            container = container.values()
        kinds = set(map(type, container))
        if not kinds <= _PLAIN_OR_CONTAINER:
            return False
        if not kinds <= _PLAIN:
            waiting += [item for item in container if type(item) in _CONTAINERS]
    return True


def _exact(value: Any, quote: Callable[[str], bytes], nan_to_null: bool) -> bytes:
    """Any value, without recursion: a record may be nested as deep as its sender likes."""
    out: list[Any] = []
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is msgspec.Raw:
            out.append(item)
        elif kind is dict:
            parts: list[Any] = [_OPEN_MAP]
            for key, member in item.items():
                parts += [msgspec.Raw(quote(_key(key)) + b":"), member, _COMMA]
            parts[max(len(parts) - 1, 1) :] = [_CLOSE_MAP]
            waiting += reversed(parts)
        elif kind in _CONTAINERS:
            parts = [_OPEN_LIST]
            for member in item:
                parts += [member, _COMMA]
            parts[max(len(parts) - 1, 1) :] = [_CLOSE_LIST]
            waiting += reversed(parts)
        elif kind is float:
            out.append(b"null" if nan_to_null and math.isnan(item) else format_float(item).encode())
        elif item is None or kind is int or kind is bool:
            out.append(_encoder.encode(item))
        else:
            out.append(quote(_text(item)))
    return b"".join(out)


_OPEN_MAP = msgspec.Raw(b"{")
_CLOSE_MAP = msgspec.Raw(b"}")
_OPEN_LIST = msgspec.Raw(b"[")
_CLOSE_LIST = msgspec.Raw(b"]")
_COMMA = msgspec.Raw(b",")


def _key(key: Any) -> str:
    return _text(key) if isinstance(key, str | bytes) else _exact(key, _quote_ascii, False).decode()


def _text(value: Any) -> str:
    """Text of a string, bytes or an extension; a byte that is not UTF-8 becomes U+E0xx."""
    if isinstance(value, msgspec.msgpack.Ext):
        return "".join([f"\\x{byte:02x}" for byte in bytes(value.data)])
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
    return _SURROGATE.sub(lambda match: chr(0xE000 | ord(match[0]) & 0xFF), text)
