from __future__ import annotations

import gzip
import zlib
from collections import Counter

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.ids.apps.http import uri
from outrider.ids.apps.http.body import LARGEST, Inflation
from outrider.ids.apps.http.head import HEAD_LIMIT
from outrider.ids.apps.http.parser import TRANSACTIONS, HttpParser
from outrider.ids.apps.http.transaction import BODY_LIMIT, HttpTransaction
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
TEXT = b"the body of an answer, 42 bytes and no more"


def parsed(request: bytes, answer: bytes, *, size: int = 1 << 20) -> HttpParser:
    parser = HttpParser(Counter())
    for direction, data in ((TO_SERVER, request), (TO_CLIENT, answer)):
        for at in range(0, len(data), size):
            parser.feed(direction, data[at : at + size])
    parser.end(TO_SERVER)
    parser.end(TO_CLIENT)
    return parser


def body(answer: bytes, request: bytes = GET) -> bytes:
    return bytes(parsed(request, answer).transactions[0].response.body)


def seen(transaction: HttpTransaction, name: str, direction: int = TO_SERVER) -> bytes | None:
    found = transaction.buffer(name, direction)
    return found[0] if found else None


def chunks(data: bytes, size: int = 5, line: str = "{:x}\r\n") -> bytes:
    made = b"".join(
        line.format(len(part)).encode() + part + b"\r\n"
        for part in (data[at : at + size] for at in range(0, len(data), size))
    )
    return made + b"0\r\n\r\n"


REQUEST = (
    b"POST /a/./b/..//c%2fd?x=%41+1 HTTP/1.1\r\nHost: Www.Example.COM:8080\r\nUser-Agent:  me \r\n"
    b"Cookie: a=b\r\nX-Two: 1\r\nX-Two: 2\r\nContent-Length: 4\r\n\r\nbody"
)
ANSWER = b"HTTP/1.1 200 All Right\r\nServer: s\r\nSet-Cookie: c=d\r\nContent-Length: 43\r\n\r\n" + TEXT


def test_buffers_of_a_request() -> None:
    told = parsed(REQUEST, ANSWER).transactions[0]
    assert {name: seen(told, f"http.{name}") for name in ("method", "uri", "uri.raw", "host", "host.raw")} == {
        "method": b"POST",
        "uri": b"/a/c/d?x=A+1",
        "uri.raw": b"/a/./b/..//c%2fd?x=%41+1",
        "host": b"www.example.com",
        "host.raw": b"Www.Example.COM:8080",
    }
    assert seen(told, "http.user_agent") == b"me"
    assert seen(told, "http.cookie") == b"a=b"
    assert seen(told, "http.request_body") == b"body"
    assert b"X-Two: 1, 2\r\n" in (seen(told, "http.header") or b"")
    assert b"Cookie" not in (seen(told, "http.header") or b"")
    assert (seen(told, "http.header_names") or b"").startswith(b"\r\nHost\r\nUser-Agent\r\n")
    assert seen(told, "http.request_line") == b"POST /a/./b/..//c%2fd?x=%41+1 HTTP/1.1"
    assert told.number("urilen") == len(b"/a/c/d?x=A+1")


def test_buffers_of_an_answer() -> None:
    told = parsed(REQUEST, ANSWER).transactions[0]
    assert seen(told, "http.stat_code", TO_CLIENT) == b"200"
    assert seen(told, "http.stat_msg", TO_CLIENT) == b"All Right"
    assert seen(told, "http.cookie", TO_CLIENT) == b"c=d"
    assert seen(told, "file.data", TO_CLIENT) == TEXT
    assert seen(told, "http.method", TO_CLIENT) is None
    assert told.event() == {
        "hostname": "www.example.com",
        "url": "/a/./b/..//c%2fd?x=%41+1",
        "http_user_agent": "me",
        "http_method": "POST",
        "protocol": "HTTP/1.1",
        "status": 200,
        "length": len(TEXT),
    }


@given(st.integers(1, 400), st.integers(1, 60))
def test_however_it_is_cut_it_says_the_same(size: int, chunk: int) -> None:
    packed = gzip.compress(TEXT * 4)
    answer = b"HTTP/1.1 200 ok\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" + chunks(packed, chunk)
    told = parsed(REQUEST + GET, answer + ANSWER, size=size).transactions
    assert [one.method for one in told] == [b"POST", b"GET"]
    assert [bytes(one.response.body) for one in told] == [TEXT * 4, TEXT]
    assert all(one.done == [True, True] for one in told)


HEAD = b"HTTP/1.1 200 ok\r\n"
RAW = zlib.compress(TEXT)[2:-4]
ODD = [
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + TEXT,
    HEAD + b"Transfer-Encoding\t: chunked\r\nContent-Length: 7\r\n\r\n" + chunks(TEXT),
    HEAD + b"X: y\r\n\tTransfer-Encoding: chunked\r\n\r\n" + chunks(TEXT),
    HEAD + b"Transfer-Encoding:\r\n \r\n chunked\r\n\r\n" + chunks(TEXT),
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(TEXT, line="{:x} ;ext=1\r\n"),
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(TEXT, line="000{:X}\r\r\n"),
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(TEXT, line="{:x}\n"),
    HEAD + b"Content-Encoding: gzip\r\n\r\n" + TEXT,
    HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(TEXT)[:-8],
    HEAD + b"Content-Encoding: gzip\r\n\r\n" + b"\x1f\x8b\x08\x40" + gzip.compress(TEXT)[4:],
    HEAD + b"Content-Encoding: deflate\r\n\r\n" + RAW,
    HEAD + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(TEXT),
    HEAD + b"Content-Encoding\r\n :\r\n x-gzip\r\n\r\n" + gzip.compress(TEXT),
    HEAD + b"Content-Encoding:: gzip\r\nContent-Encoding: deflate\r\n\r\n" + gzip.compress(RAW),
    HEAD + b"Content-Encoding: br\r\n\r\n" + brotli.compress(TEXT),
    HEAD.replace(b"\r\n", b"\n") + b"X: y\n\n" + TEXT,
    HEAD + b"Content-Length: 43\n \n\n" + TEXT,
    b"\r\n\x00 " + HEAD + b"\r\n" + TEXT,
    b"HTTP/1.1\r 2\x0000 ok\r\nContent-Length: 43\r\n\r\n" + TEXT,
    b"HTTP/1.1 204 ok\r\nContent-Length: 43\r\n\r\n" + TEXT,
    b"HTTP/1.1 100 ok\r\nContent-Length: 43\r\n\r\n" + TEXT,
    HEAD + b"Content-Length: 7\r\n\r\n" + TEXT,
]


@pytest.mark.parametrize("number", range(len(ODD)))
def test_odd_answers_are_read_as_lenient_clients_do(number: int) -> None:
    assert TEXT in body(ODD[number])


def test_a_hundred_continue_is_no_answer() -> None:
    told = parsed(REQUEST, b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER).transactions
    assert [one.code for one in told] == [b"200"]


def test_nothing_is_read_behind_an_upgrade() -> None:
    parser = parsed(b"CONNECT h:1 HTTP/1.1\r\n\r\n\x16\x03\x01", b"HTTP/1.1 200 ok\r\n\r\n\x16\x03")
    assert len(parser.transactions) == 1


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        (b"/a/../../etc/passwd", b"/etc/passwd"),
        (b"/%2e%2e/x", b"/x"),
        (b"http://host/a?b", b"/a?b"),
        (b"/a/./", b"/a/"),
        (b"/a/..", b"/"),
        (b"*", b"*"),
    ],
)
def test_targets_in_plain_form(target: bytes, wanted: bytes) -> None:
    assert uri.plain(target) == wanted


@pytest.mark.parametrize("bomb", [gzip.compress(bytes(64 << 20), mtime=0), brotli.compress(bytes(64 << 20))])
def test_a_bomb_is_given_up(bomb: bytes) -> None:
    counters: Counter[str] = Counter()
    for size in (64, len(bomb)):
        inflation = Inflation(lambda name: counters.update([name]), frozenset({b"br"}))
        made = sum(len(inflation.feed(bomb[at : at + size])) for at in range(0, len(bomb), size))
        assert LARGEST < made < LARGEST * 2
    assert counters == {"http.compressed_too_much": 2}


def test_everything_is_bounded() -> None:
    counters: Counter[str] = Counter()
    parser = HttpParser(counters)
    parser.feed(TO_SERVER, GET * (TRANSACTIONS + 10))
    assert len(parser.transactions) == TRANSACTIONS
    parser.feed(TO_SERVER, b"GET / HTTP/1.1\r\nX: " + b"a" * (HEAD_LIMIT + 10))
    assert counters["http.head_too_long"] == 1
    long = body(HEAD + b"\r\n" + b"x" * (BODY_LIMIT * 2))
    assert len(long) == BODY_LIMIT


@given(st.lists(st.tuples(st.sampled_from([TO_SERVER, TO_CLIENT]), st.binary(max_size=200)), max_size=10))
def test_garbage_is_no_fault(told: list[tuple[int, bytes]]) -> None:
    parser = HttpParser(Counter())
    for direction, data in told:
        parser.feed(direction, data)
    parser.gap(TO_CLIENT, 10)
    parser.end(TO_SERVER)
    parser.end(TO_CLIENT)
    for transaction in parser.transactions:
        transaction.event()
        for name in ("http.uri", "http.header", "http.host", "file.data", "http.header_names", "http.start"):
            transaction.buffer(name, TO_SERVER)


@given(st.sampled_from(ODD), st.data())
def test_damaged_answers_are_no_fault(answer: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(answer) - 1))
    body(answer[:at] + draw.draw(st.binary(max_size=4)) + answer[at + 1 :])
