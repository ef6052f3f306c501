"""Fluent Bit's JSON, to the byte: what its outputs write for a record and its time.

No blanks; keys in the order of the record; non-ASCII as ``\\uxxxx`` unless ``escape_unicode`` is off; a float that is
whole as ``1.0``, others with up to 16 digits; bytes as text; a byte that is not UTF-8 as ``U+E0xx``.
Source: Fluent Bit 5.1.1, ``src/flb_pack.c`` and ``src/flb_utils.c``. Two deliberate differences, because what Fluent
Bit writes there is not JSON: a key that is not text is quoted, and the backslashes of an extension value's ``\\xNN``
are escaped.

Batches of plain values take the encoder of msgspec, which writes the same bytes; all else takes slower, exact paths.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Callable, Collection, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, Final

import msgspec

from outrider.formats.plain import CONTAINERS, all_plain, has_only_floats, is_plain
from outrider.formats.stamps import NANOSECONDS, iso
from outrider.model.batch import Record

BLOCK: Final = 256
"""Records encoded at a time: buffers of this size stay in the allocator's reach, larger ones are paged in anew."""

_first = itemgetter(0)
_encoder = msgspec.json.Encoder()
_ESCAPING = "outrider.json"
_FINITE_DEPTH = 100
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
    if date_key is None and 0 < len(records) <= BLOCK:
        lines = _plain_lines(records, set().union(*records), escape_unicode)
        if lines is not None:
            return _finish(lines)
    blocks = _blocks(b"\n", times, records, date_key, date_format, escape_unicode, nan_to_null)
    return _finish(b"\n".join([*blocks, b""]))


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
    blocks = _blocks(b",", times, records, date_key, date_format, escape_unicode, nan_to_null)
    return _finish(b"[%b]" % b",".join(blocks))


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
    return _finish(b"".join(_blocks(b"", times, records, date_key, date_format, escape_unicode, nan_to_null)))


def encode_each(
    records: Sequence[Record],
    columns: Sequence[tuple[str, Sequence[bytes]]] = (),
    *,
    escape_unicode: bool = True,
    strict: bool = False,
) -> list[bytes]:
    """One object a record, as separate texts.

    ``columns`` are members that come before those of the record: the key, and a JSON text for each record. A record
    that has the key itself keeps its own value. ``strict``: numbers that JSON does not know become null.
    """
    keys: set[Any] = set().union(*records)
    objects = _objects(records, keys, escape_unicode, False)
    if strict:
        for number, text in enumerate(objects):
            if (b"nan" in text or b"inf" in text) and (cleaned := finite(records[number])) is not records[number]:
                objects[number] = _one(cleaned, escape_unicode, False)
    if any(key in keys for key, _ in columns):
        heads = [
            b",".join(
                [_one(key, escape_unicode, False) + b":" + column[n] for key, column in columns if key not in record]
            )
            for n, record in enumerate(records)
        ]
    elif columns:
        parts = [_one(key, escape_unicode, False) + b":" for key, _ in columns]
        form = b",".join([part.replace(b"%", b"%%") + b"%b" for part in parts])
        heads = [form % values for values in zip(*(column for _, column in columns), strict=True)]
    if columns:
        objects = [
            text if not head else b"{%b,%b" % (head, text[1:]) if record else b"{%b}" % head
            for head, text, record in zip(heads, objects, records, strict=True)
        ]
    return [_finish(text) if b"\x7f" in text else text for text in objects]


def encode_behind(
    stamps: Sequence[bytes], records: Sequence[Record], own: Collection[str], *, escape_unicode: bool = True
) -> bytes | None:
    """Plain records, each behind its stamp, which begins an object with some members, as one text.

    None where that is not so simple, and ``encode_each`` is to be used: a record is empty, has one of the keys ``own``
    that the stamps bring, or holds more than plain values.
    """
    keys: set[Any] = set().union(*records)
    if not keys.isdisjoint(own) or not all(records) or not all_plain(records, keys):
        return None
    blocks = []
    for start in range(0, len(records), BLOCK):
        block = _plain_block(stamps[start : start + BLOCK], records[start : start + BLOCK], escape_unicode)
        if block is None:
            return None
        blocks.append(block)
    return _finish(b"".join(blocks))


def finite(value: Any, depth: int = 0) -> Any:
    """The value with None for each NaN and infinity in it; the value itself where there is none."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if kind not in CONTAINERS or depth > _FINITE_DEPTH:
        return value
    if kind is dict:
        changed = {k: clean for k, member in value.items() if (clean := finite(member, depth + 1)) is not member}
        return {**value, **changed} if changed else value
    items = [finite(item, depth + 1) for item in value]
    return items if any(a is not b for a, b in zip(items, value, strict=True)) else value


def format_float(value: float) -> str:
    """A float as Fluent Bit writes it in JSON: ``2.0``, ``0.1``, ``1e+300``; ``nan`` and ``inf`` as they are."""
    if value.is_integer() and abs(value) < _WHOLE_LIMIT:
        return f"{value:.1f}"
    return f"{value:.16g}"


def _blocks(
    separator: bytes,
    times: Sequence[int],
    records: Sequence[Record],
    date_key: str | None,
    date_format: str,
    escape_unicode: bool,
    nan_to_null: bool,
) -> list[bytes]:
    """The objects of up to ``BLOCK`` records each, joined; DEL is not escaped yet."""
    if date_format not in DATE_FORMATS:
        raise ValueError(f"'{date_format}' is not a date format; allowed: {', '.join(DATE_FORMATS)}")
    head = None if date_key is None else b"{%b:" % _one(date_key, escape_unicode, nan_to_null)
    blocks = []
    for start in range(0, len(records), BLOCK):
        part = records[start : start + BLOCK]
        keys: set[Any] = set().union(*part)
        if head is None:
            lines = _plain_lines(part, keys, escape_unicode) if separator == b"\n" else None
            if lines is None:
                blocks.append(separator.join(_objects(part, keys, escape_unicode, nan_to_null)))
            else:
                blocks.append(lines[:-1])  # the next block is joined with a line end
            continue
        stamps = _dates(times[start : start + BLOCK], date_format, separator + head)
        if date_key not in keys and all(part) and all_plain(part, keys):
            block = _plain_block(stamps, part, escape_unicode)
            if block is not None:
                blocks.append(block[len(separator) :])
                continue
        objects = _objects(part, keys, escape_unicode, nan_to_null)
        dated = [
            separator + text if date_key in record else b"%b,%b" % (date, text[1:]) if record else date + b"}"
            for date, text, record in zip(stamps, objects, part, strict=True)
        ]
        blocks.append(b"".join(dated)[len(separator) :])
    return blocks


def _plain_block(stamps: Sequence[bytes], records: Sequence[Record], escape_unicode: bool) -> bytes | None:
    """Plain records, each behind its stamp; None if some string holds a byte that is not UTF-8.

    Each record is written where it will stand, and the brace that it begins with made a comma: nothing is copied.
    """
    block = bytearray()
    write = _encoder.encode_into
    try:
        for stamp, record in zip(stamps, records, strict=True):
            block += stamp
            place = len(block)
            write(record, block, -1)
            block[place] = _COMMA_BYTE
        return _ascii(bytes(block)) if escape_unicode else bytes(block)
    except (UnicodeError, RecursionError):
        return None


def _ascii(raw: bytes) -> bytes:
    """JSON texts with ``\\uxxxx`` for what is not ASCII. Raises UnicodeDecodeError for what is not UTF-8."""
    return raw if raw.isascii() else raw.decode().encode("ascii", _ESCAPING)


def _escape(error: UnicodeError) -> tuple[str, int]:
    """What stands in the place of characters that are not ASCII: called for a run of them, as codecs do."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be").hex("u", 2)
    return "\\u" + units.replace("u", "\\u"), error.end


codecs.register_error(_ESCAPING, _escape)


def _objects(records: Sequence[Record], keys: set[Any], escape_unicode: bool, nan_to_null: bool) -> list[bytes]:
    """One JSON object a record. Whole blocks are tested by the set of their types: 0.1 µs a record."""
    if all_plain(records, keys):
        objects = _plain_objects(records, escape_unicode)
        if objects is not None:
            return objects
    return [_one(record, escape_unicode, nan_to_null) for record in records]


def _plain_lines(records: Sequence[Record], keys: set[Any], escape_unicode: bool) -> bytes | None:
    """Objects, each with a line end, in one call; None where that would not be Fluent Bit's text."""
    if not all_plain(records, keys):
        return None
    try:
        lines = _encoder.encode_lines(records)
        return _ascii(lines) if escape_unicode else lines
    except (UnicodeError, RecursionError):
        return None


def _plain_objects(records: Sequence[Record], escape_unicode: bool) -> list[bytes] | None:
    """Records of plain values; None if some string holds a byte that is not UTF-8, or for nesting too deep."""
    try:
        objects = [_encoder.encode(record) for record in records]
        if not escape_unicode:
            return objects
        return list(map(_ascii, objects))
    except (UnicodeEncodeError, RecursionError):
        return None


def _dates(times: Sequence[int], date_format: str, head: bytes) -> list[bytes]:
    """What begins the object of each time: ``head`` and the date."""
    start = head.replace(b"%", b"%%")
    if date_format == "double":
        # For times since 1978 this quotient is the double that seconds + nanoseconds / 1e9 rounds to.
        quotients = [ns / 1e9 for ns in times]
        form = start + b"%.16g"
        return [head + format_float(s).encode() if s.is_integer() else form % s for s in quotients]
    if date_format == "iso8601" and times:
        first = min(times) // NANOSECONDS
        base = first * NANOSECONDS
        if max(times) < base + NANOSECONDS:  # records come in runs of the same second
            form = b'%b"%b.%%06dZ"' % (start, iso(first).encode())
            return [form % ((ns - base) // 1000) for ns in times]
        parts = list(map(divmod, times, repeat(NANOSECONDS)))
        forms = {second: b'%b"%b.%%06dZ"' % (start, iso(second).encode()) for second in set(map(_first, parts))}
        return [forms[second] % (ns // 1000) for second, ns in parts]
    return [head + date for date in _WRITERS[date_format](times)]


def _iso8601(times: Sequence[int]) -> list[bytes]:
    return [b'"%b.%06dZ"' % (iso(ns // NANOSECONDS).encode(), ns % NANOSECONDS // 1000) for ns in times]


def _java_sql_timestamp(times: Sequence[int]) -> list[bytes]:
    return [date[:-2].replace(b"T", b" ") + b'"' for date in _iso8601(times)]


def _epoch(times: Sequence[int]) -> list[bytes]:
    return [b"%d" % (ns // NANOSECONDS) for ns in times]


def _epoch_ms(times: Sequence[int]) -> list[bytes]:
    return [b"%d" % (ns // 1_000_000) for ns in times]


_WRITERS: Final[dict[str, Callable[[Sequence[int]], list[bytes]]]] = {
    "iso8601": _iso8601,
    "java_sql_timestamp": _java_sql_timestamp,
    "epoch": _epoch,
    "epoch_ms": _epoch_ms,
    "epoch_millis": _epoch_ms,
    "epoch_milliseconds": _epoch_ms,
}
DATE_FORMATS: Final = ("double", *_WRITERS)


def _finish(raw: bytes) -> bytes:
    """The one character that msgspec leaves as it is and Fluent Bit escapes."""
    return raw.replace(b"\x7f", b"\\u007f")


def _one(value: Any, escape_unicode: bool, nan_to_null: bool) -> bytes:
    """Any value, by the fastest path that is exact for it."""
    try:
        if is_plain(value):
            text = _encoder.encode(value)
            return _ascii(text) if escape_unicode else text
        if type(value) is dict and not nan_to_null and has_only_floats(value):
            text = _encoder.encode(
                {k: msgspec.Raw(format_float(v).encode()) if type(v) is float else v for k, v in value.items()}
            )
            if text.isascii() or not escape_unicode:
                return text
    except (UnicodeEncodeError, RecursionError):
        pass  # a byte that is not UTF-8, or nesting deeper than the encoders go: the exact path takes both
    return _exact(value, _quote_ascii if escape_unicode else _encoder.encode, nan_to_null)


def _quote_ascii(text: str) -> bytes:
    return json.encoder.encode_basestring_ascii(text).encode("ascii")


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
        elif kind in CONTAINERS:
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
_COMMA_BYTE = ord(",")


def _key(key: Any) -> str:
    return _text(key) if isinstance(key, str | bytes) else _exact(key, _quote_ascii, False).decode()


def _text(value: Any) -> str:
    """Text of a string, bytes or an extension; a byte that is not UTF-8 becomes U+E0xx."""
    if isinstance(value, msgspec.msgpack.Ext):
        return "".join([f"\\x{byte:02x}" for byte in bytes(value.data)])
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
    return _SURROGATE.sub(lambda match: chr(0xE000 | ord(match[0]) & 0xFF), text)
