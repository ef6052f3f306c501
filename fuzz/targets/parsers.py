"""Parsers, times, decoders, multiline."""

from __future__ import annotations

import contextlib
from typing import Final

from fuzz.target import steered, target
from fuzz.targets.syslog import NOW
from outrider.formats import casts, decoders, escapes, msgpack, pairs, stamps
from outrider.formats.jsontext import json_object, json_objects
from outrider.formats.multiline import Joiner
from outrider.formats.parser import Parser
from outrider.formats.regex import Regex
from outrider.formats.timeformat import TimeFormat, zone_offset
from outrider.pipeline.config import stock
from outrider.pipeline.config.library import Library

_LIBRARY: Final = Library()
_STOCK: Final = [_LIBRARY.parser(name) for name in sorted(stock.PARSERS)]
_MULTILINE: Final = [_LIBRARY.multiline(name) for name in sorted(stock.MULTILINE)]
_RULES: Final = [
    decoders.rule(f"{backend} {field} {action}", replaces=replaces)
    for backend, field, action, replaces in (
        ("json", "a", "try_next", False),
        ("escaped_utf8", "a", "do_next", True),
        ("json", "a", "", True),
        ("mysql_quoted", "b", "do_next", True),
        ("escaped", "b", "", True),
    )
]
_CASTS: Final = casts.casts("a:integer b:float c:hex d:bool")
_FORMATS: Final = tuple(
    TimeFormat(form, offset=offset, strict=strict)
    for form, offset, strict in (
        ("%Y-%m-%dT%H:%M:%S.%L%z", 0, True),
        ("%d/%b/%Y:%H:%M:%S %z", 0, False),
        ("%b %d %H:%M:%S", 3600, True),
        ("%s.%L", 0, True),
        ("%j %y %I:%M %p", -3600, False),
        ("%C%y-%m-%e %k:%M", 0, False),
        ("%H:%M", 0, True),
        ("%d %a %R", 0, True),
    )
)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _sound(parser: Parser, text: str) -> None:
    """One text: whatever comes out is the same alone and among others, and fits into a chunk."""
    alone = parser.parse(text)
    times, records = parser.parse_many([text, text])
    assert len(times) == len(records) == 2
    if alone is None:
        assert records == [None, None]
    else:
        assert repr(records) == repr([alone[1], alone[1]])
        msgpack.encode(alone[1])


@target(
    "parser.json",
    b'{"a":"1","time":"x"}',
    b' {"a":"\\ud83d\\ude00 \\ud800","b":1e999} ',
    b'{"a":' + b"[" * 600,
    b'{"a":"{\\"b\\":\\"\\\\u00e9\\"}","b":"\'x\\\\n\'"}',
    weight=30,
)
def json_text(data: bytes) -> None:
    """JSON, decoded fields, numbers of text."""
    text = _text(data)
    assert repr(json_objects([text])) == repr([json_object(text)])
    _sound(_LIBRARY.parser("json"), text)
    _sound(Parser("x", json_object, casts=_CASTS, rules=_RULES, decodes_first=True), text)
    _sound(Parser("x", json_object, casts=_CASTS, rules=_RULES, time_key="a", time_format=_FORMATS[0]), text)


@target("parser.pairs", b'a=1 b="x\\"\\u00e9" c d=', b"a:1\tb:2\t:\tc:\xff\r\n", weight=20)
def key_values(data: bytes) -> None:
    """LTSV and logfmt."""
    text = _text(data)
    for found in (pairs.ltsv(text), pairs.logfmt(text), pairs.logfmt(text, bare_keys=False)):
        if found is not None:
            msgpack.encode(found)
            casts.apply(found, _CASTS)


@target(
    "parser.regex",
    b'1.2.3.4 - u [10/Oct/2000:13:55:36 -0700] "GET /x HTTP/1.0" 200 23 "r" "a"',
    b'{"log":"x\\n","stream":"stdout","time":"2020-01-01T00:00:00.5Z"}',
    b"2020-01-01T00:00:00.123456789+00:00 stdout F text",
    b"<13>Oct 11 22:14:15 host app[1]: m",
    *[bytes([n]) + b'1.2.3.4 - u [t] "GET' + b" " * 2000 for n in range(len(_STOCK))],
    b"t I C [x]" + b" 1" * 1000,
    weight=20,
)
def stock_parsers(data: bytes) -> None:
    """Every parser that is built in."""
    steer, rest = steered(data)
    _sound(_STOCK[steer % len(_STOCK)], _text(rest))
    _sound(_STOCK[(steer + 1) % len(_STOCK)], _text(data))


@target(
    "parser.decoders",
    b"\\u00e9\\x41\\101\\ud83d\\ude00\\ud800\\U0010ffff\\",
    b"'it\\'s \\0 \\Z'",
    b'{\\"a\\":1}',
)
def escaped(data: bytes) -> None:
    """Escapes, and what fields of text are made of."""
    text = _text(data)
    for unescape in (escapes.unescape, escapes.unescape_utf8, escapes.unescape_codes, escapes.unquote_mysql):
        msgpack.encode(unescape(text))
    for cast in _CASTS.values():
        msgpack.encode(cast(text))
    record = {"a": text, "b": text}
    decoders.apply(record, _RULES)
    msgpack.encode(record)


@target(
    "time.read",
    b"\x002020-02-29T23:59:60.123456789+05:30",
    b"\x0110/Oct/2000:13:55:36 -0700",
    b"\x02Feb 29 00:00:00",
    b"\x031700000000.5",
    b"\x04366 99 12:59 pm",
    b"\x059999-12-31 23:59",
    weight=20,
    longest=96,
)
def times(data: bytes) -> None:
    """Texts that are times by a format, at any present time."""
    steer, rest = steered(data)
    form = _FORMATS[steer % 8]
    now = (-(1 << 62), 0, NOW, 951_782_399 * 10**9, (1 << 63) - 1)[steer // 8 % 5]
    found = form.read(_text(rest), now)
    assert found == form.read(_text(rest), now)
    if found is not None:
        stamps.iso(found // stamps.NANOSECONDS)


@target("time.format", b"%Y-%m-%dT%H:%M:%S.%L%z", b"%c %D %+ %E%Oy %%", b"%Q", b"+02:00", longest=96)
def formats(data: bytes) -> None:
    """Formats of times, and offsets."""
    text = _text(data)
    for strict in (True, False):
        with contextlib.suppress(ValueError):
            TimeFormat(text, strict=strict).read("2020-01-01 00:00:00", NOW)
    with contextlib.suppress(ValueError):
        assert abs(zone_offset(text)) <= 100 * 3600


@target(
    "regex.compile", b"/^(?<a>\\d+)[^\\]]*$/im", b"(?<!x)(?>a|b)*+\\h\\p{Alpha}\\k<a>", b"[[:alpha:]&&[a]]", longest=64
)
def expressions(data: bytes) -> None:
    """Expressions of a configuration; a short text for those that are some."""
    try:
        regex = Regex(_text(data))
    except ValueError:
        return
    regex.search("a1")
    regex.groups("")
    assert len(regex.names) >= 0


@target(
    "multiline.join",
    b'\x00Traceback (most recent call last):\n  File "a", line 1\nValueError: x\nnext',
    b"\x01Exception in thread\n\tat a.b.C\nCaused by: x\n",
    b"\x02panic: x\n\ngoroutine 1 [running]:\nmain.f()\n",
    b"\x032020-01-01T00:00:00.0+00:00 stdout P a\n2020-01-01T00:00:00.0+00:00 stdout F b\n",
    b'\x04{"log":"a","stream":"stdout"}\n{"log":"b\\n","stream":"stdout"}\n',
    weight=30,
)
def joined(data: bytes) -> None:
    """Lines through the built-in multiline parsers: nothing of the text is lost, and what is held is bounded."""
    steer, rest = steered(data)
    parsers = [_MULTILINE[steer % len(_MULTILINE)], _MULTILINE[steer // 16 % len(_MULTILINE)]]
    joiner = Joiner(parsers, limit=64)
    texts = _text(rest).split("\n")
    given = []
    for number, text in enumerate(texts):
        given += joiner.feed_text(number, text)
        assert joiner.size <= 2 * 64 * (64 + max(map(len, texts)))
    given += joiner.flush(len(texts) + 10**10)
    given += joiner.flush_all()
    assert joiner.size == 0
    msgpack.encode([one.record for one in given])
    if not any(parser.parser for parser in parsers):
        whole = "".join([str(one.record.get("log", "")) for one in given])
        assert whole.replace("\n", "") == "".join(texts)
