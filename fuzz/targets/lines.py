"""Inputs of lines and JSON: tcp, udp, stdin, http, tail."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any, Final

from fuzz.target import pieces, steered, target
from fuzz.targets.syslog import NOW
from outrider.formats import compress, msgpack
from outrider.formats.split import JsonValues, Lines, TooLongError, records_of, unescape
from outrider.net.tail.gzip import GzipFile
from outrider.pipeline.config.library import Library
from outrider.plugins.inputs.http.body import BadRequestError, tag_of
from outrider.plugins.inputs.http.body import records_of as records_of_body
from outrider.plugins.inputs.stdin.records import Records
from outrider.plugins.inputs.tail import decode, lines

LIMIT: Final = 1024
_JSON: Final = (b'\x05{"a":1}{"b":[1.5,null,"\\ud800"]}\n[1]"x" 12 ', b'\x40{"\xff":"\xc3\xa9"} {"a":' + b"[" * 99)
_TYPES: Final = ("application/json", "application/x-ndjson", "application/x-www-form-urlencoded", "text/plain", "")
_ENCODINGS: Final = ("", "gzip", "deflate", "zstd", "br")


def _fed(machine: JsonValues | Lines, data: bytes, size: int) -> tuple[list[Any], int, int]:
    """The values, how many records were too large, and how many were no JSON."""
    values: list[Any] = []
    faults = garbage = 0
    for piece in pieces(data, size):
        given = piece
        while True:
            try:
                values += machine.feed(given)
                garbage += machine.garbage if isinstance(machine, JsonValues) else 0
                break
            except TooLongError as error:
                values += error.values
                garbage += machine.garbage if isinstance(machine, JsonValues) else 0
                faults += 1
                machine.skip()
                given = b""
    return values, faults, garbage


def _handed_in(values: list[Any]) -> None:
    """As an input does: what was decoded must fit into a chunk."""
    times, records = records_of(values, NOW)
    msgpack.encode([times, records, None])


def _alike(machine: Callable[[], JsonValues | Lines], data: bytes) -> None:
    size, stream = steered(data)
    whole, split = _fed(machine(), stream, len(stream)), _fed(machine(), stream, size)
    _handed_in(whole[0])
    # A value that is too large is taken where it has come at once.
    if machine is not _json_values or not (whole[1] or split[1]):
        assert repr(split) == repr(whole)


def _json_values() -> JsonValues:
    return JsonValues(LIMIT)


@target("tcp.json", *_JSON, b"\x40" + b"1" * 1200, b'\x09{"n":' + b"9" * 500 + b"}", weight=30)
def json_stream(data: bytes) -> None:
    """JSON values one after another; pieces of any size give the same values."""
    _alike(_json_values, data)


@target("tcp.digits", b"\x04" + b"[1e5,-0.0]", weight=2)
def long_numbers(data: bytes) -> None:
    """The same with long runs of what was given, as a sender may repeat itself."""
    size, stream = steered(data)
    _handed_in(_fed(JsonValues(32 * LIMIT), stream[:2] + stream[2:34] * (size * 2), 32 * LIMIT)[0])


@target("tcp.lines", b"\x05one\ntwo\r\n\xff\n", b"\x01a||b|||c", weight=10)
def line_stream(data: bytes) -> None:
    """Text between separators; pieces of any size give the same lines."""
    _alike(lambda: Lines(b"\n", 64), data)
    _alike(lambda: Lines(b"||", 64), data)


@target("tcp.separator", b"\\n", b"\\x1e", b"\\", b"\\u00e9")
def separator(data: bytes) -> None:
    """The option that names one."""
    with contextlib.suppress(ValueError):
        assert unescape(data.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode())


@target("stdin.records", *_JSON, b'\x05[1700000000.5,{"a":1}]\n[[],{}]x\n', weight=20)
def stdin(data: bytes) -> None:
    """JSON with or without times, lines for a parser; the end of the input anywhere."""
    steer, stream = steered(data)
    machine = Records(None if steer & 1 else _LIBRARY.parser("json"), LIMIT)
    for piece in pieces(stream, 1 + (steer >> 1)):
        times, records, _ = machine.feed(piece, NOW)
        assert len(times) == len(records)
        msgpack.encode([times, records, None])
    machine.end(NOW)


_LIBRARY: Final = Library()


@target(
    "http.body",
    b'\x00{"a":1}',
    b'\x00[{"a":"\\ud800"},{"b":"\xff"}]',
    b'\x01{"a":1}\n{"b":2}\n',
    b"\x02a=1&b=%ff&c=+x",
    b"\x05" + compress.gzip(b'{"a":1}'),
    b"\x0f" + compress.zstd(b'{"a":1}'),
    b'\x00{"a":' + b"[" * 960 + b"]" * 960 + b"}",
    weight=40,
)
def body(data: bytes) -> None:
    """A request's body by its headers; what it gives fits into a chunk."""
    steer, content = steered(data)
    headers = {"Content-Type": _TYPES[steer % 5], "Content-Encoding": _ENCODINGS[steer // 5 % 5]}
    try:
        records = records_of_body(headers, content, 65_536)
    except BadRequestError:
        return
    msgpack.encode([[NOW] * len(records), records, None])


@target("http.path", b"/a/b%ff?x#y")
def path(data: bytes) -> None:
    """The tag that a path gives."""
    assert "/" not in tag_of(data.decode("latin-1"))


@target("tail.lines", b"\x15one\ntwo\n\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\nx", b"\x22\0\0\0a\n\n\r\nb", weight=20)
def blocks(data: bytes) -> None:
    """Whole lines of blocks of a file, read as tail does, with lines that are too long."""
    steer, content = steered(data)
    on_long: lines.OnLong = ("cut", "skip", "stop", "cut")[steer & 3]
    longest, at, inside, taken_all = 4 + (steer >> 4), 0, False, 0
    size = longest + 2 + (steer >> 2 & 3)
    while at < len(content):
        block = content[at : at + size]
        taken = lines.take(block, longest, on_long, inside=inside)
        for run in taken.runs:
            whole = run.text or block[run.start : run.end]
            assert whole.endswith(b"\n")
            assert all(len(line) <= longest for line in whole.split(b"\n"))
            taken_all += lines.count_of(whole, skip_empty=False)
        inside, at = taken.inside, at + taken.used
        if not taken.used or taken.stopped:
            if len(block) == size and not taken.stopped:
                raise AssertionError("a full block, and nothing is done")
            break
    assert taken_all <= content.count(b"\n") + len(content) // longest + 1


@target("tail.decode", b"\x07one\r\ntwo\n\n\xff\n", b'\x1f{"a":1}\n{\n\n')
def decoded(data: bytes) -> None:
    """Lines that waited in a chunk: as many records as were counted."""
    steer, content = steered(data)
    whole = content[: content.rfind(b"\n") + 1] or b"\n"
    skip_empty, name = bool(steer & 4), "json" if steer & 8 else ""
    head = decode.Head(NOW, "log", "p" if steer & 1 else "", "/x", "o" if steer & 2 else "", 7, skip_empty, name)
    raw = decode.piece(head, whole)
    count = lines.count_of(whole, skip_empty=skip_empty)
    batch = decode.decode("tag", [raw], count, lambda parser: _LIBRARY.parser(parser))
    assert len(batch) == len(batch.times) == count
    with contextlib.suppress(msgpack.MalformedError, TypeError):
        decode.opened(content)


@target("tail.gzip", compress.gzip(b"one\ntwo\n"), compress.gzip(b"") * 9 + b"x", weight=2)
def gzip_file(data: bytes) -> None:
    """A compressed file that is none, or is cut off, or has something behind it."""
    descriptor = os.memfd_create("fuzz")
    try:
        os.write(descriptor, data)
        file = GzipFile(f"/proc/self/fd/{descriptor}", os.fstat(descriptor))
        file.descriptor = descriptor
        for _ in range(64):
            block, _ = file.read(4096)
            assert len(block) <= 4096
            if not block:
                break
            file.advance(block, len(block))
    finally:
        os.close(descriptor)
