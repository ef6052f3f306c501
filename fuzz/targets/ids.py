"""Intrusion detection: rules, captures, packets, HTTP, DNS, TLS."""

from __future__ import annotations

import contextlib
import io
import struct
from collections import Counter
from typing import Final

from fuzz.target import pieces, steered, target
from outrider.ids.apps.dns.parser import DnsParser
from outrider.ids.apps.http.parser import HttpParser
from outrider.ids.apps.tls.parser import TlsParser
from outrider.ids.apps.transaction import Parser
from outrider.ids.capture.frame import CaptureError, Frame
from outrider.ids.capture.reader import frames
from outrider.ids.engine import Engine, Setup
from outrider.ids.expressions import probe
from outrider.ids.flows.tcp import Options
from outrider.ids.rules.buffers import BUFFERS
from outrider.ids.rules.load import load
from outrider.ids.rules.tables import Tables
from outrider.ids.rules.variables import Variables

_RULES: Final = (
    b'alert tcp any any -> [10.0.0.0/8,!10.1.0.0/16] [80,1000:,!8080] (msg:"a"; content:"|0d 0a|b"; depth:9; sid:1;)\n',
    b'alert http any any -> any any (http.uri; content:"x"; pcre:"/a+b/iR"; content:"y"; distance:1; within:9; sid:2;)',
    b"alert udp any any <> any any (byte_test:2,>,4,0,relative; byte_jump:1,0,post_offset -1; dsize:2<>9; sid:3;)\n",
    b"alert ip any any -> any any (flowbits:set,a; threshold:type both, track by_src, count 1, seconds 2; sid:4;)\n",
    b'alert tls any any => any any (ssl_version:!tls1.0; ja3.hash; content:"a"; tls.certs; bsize:>1; sid:5;)\n',
)
_LOOKING: Final = load(
    [
        (
            'alert tcp any any -> any any (content:"GET"; pcre:"/a+b/R"; sid:1;)\n'
            'alert http any any -> any any (http.uri; url_decode; content:"x"; sid:2;)\n'
            'alert http any any -> any any (file.data; content:"body"; sid:3;)\n'
            'alert dns any any -> any any (dns.query; dotprefix; content:".a"; sid:4;)\n'
            'alert tls any any -> any any (tls.sni; content:"a"; sid:5;)\n'
            "alert ip any any -> any any (byte_test:2,>,4,0; byte_extract:1,0,n; byte_jump:1,n; sid:6;)\n",
            "fuzz",
        )
    ],
    Variables(),
    Tables(),
    probe,
).signatures
_HEAD: Final = b"\xd4\xc3\xb2\xa1" + struct.pack("<HHiIII", 2, 4, 0, 0, 65_535, 1)
_IP: Final = bytes.fromhex("4500003c0001400040060000" + "0a000001" + "0a000002")
_TCP: Final = bytes.fromhex("0fa000500000000100000002" + "5018ffff00000000") + b"GET /x%20y HTTP/1.1\r\n\r\n"
_UDP: Final = bytes.fromhex("0fa000350000000000010100000100000000000001610000010001")
_FRAMES: Final = (
    bytes(12) + b"\x08\x00" + _IP + _TCP,
    bytes(12) + b"\x81\x00\x00\x05\x08\x00" + _IP[:9] + b"\x11" + _IP[10:] + _UDP,
    bytes(12) + b"\x86\xdd" + bytes.fromhex("6000000000183c40") + bytes(32) + bytes.fromhex("2c00000000000000") + _UDP,
    bytes(12) + b"\x08\x00" + _IP[:9] + b"\x2f" + _IP[10:] + bytes.fromhex("00000800") + _IP + _TCP,
    bytes(12) + b"\x08\x00" + _IP[:6] + b"\x20\x00" + _IP[8:] + _TCP,
)
_HTTP: Final = (
    b"\x05GET /a%2e/../b?c HTTP/1.1\r\nHost: a:1\r\nX: y\r\n z\r\n\r\n",
    b"\x0bHTTP/1.1 200 ok\r\nTransfer-Encoding: chunked\r\n\r\n4 ;x\r\nbody\r\n0\r\n\r\n",
    b"\x0dHTTP/1.1 200\nContent-Encoding: gzip, br\n\n\x1f\x8b\x08\0\0\0\0\0\0\x03KJ,.I\x04\0\xd4\0",
)
_TLS: Final = (
    b"\x02\x16\x03\x01\x00\x31\x01\x00\x00\x2d\x03\x03" + bytes(32) + b"\x00\x00\x02\x13\x01\x01\x00\x00\x02\x00\x00",
    b"\x03\x16\x03\x03\x00\x0d\x0b\x00\x00\x09\x00\x00\x06\x00\x00\x03\x30\x01\x00",
)


@target("ids.rules", *_RULES, weight=30)
def rules(data: bytes) -> None:
    """Each rule is used, or left out with its place and a reason."""
    found = load([(data.decode("utf-8", "surrogateescape"), "fuzz")], Variables(), Tables(), probe)
    assert all(one.reason and one.place.line for one in found.refusals)
    Engine(found.signatures, Setup())


@target("ids.capture", *[_HEAD + struct.pack("<IIII", 1, 2, len(f), len(f)) + f for f in _FRAMES], weight=20)
def capture(data: bytes) -> None:
    """A capture gives frames, and says where it is damaged."""
    with contextlib.suppress(CaptureError):
        for frame in frames(io.BytesIO(data).read):
            assert frame.number


@target("ids.packets", *[b"\x00" + frame for frame in _FRAMES], weight=40)
def packets(data: bytes) -> None:
    """Packets through the whole engine: the input as one frame, and as several."""
    steer, stream = steered(data)
    engine = Engine(_LOOKING, Setup(verify=bool(steer & 1), tcp=Options(midstream=True), fast=bool(steer & 2)))
    link = (1, 101, 113, 0)[steer >> 2 & 3]
    parts = pieces(stream, len(stream) if steer < 128 else steer)
    for number, part in enumerate(parts, 1):
        for event in engine.frame(Frame(number, number * 1000, link, part)):
            assert event["event_type"]
    for event in engine.finish():
        assert event["event_type"]


def _heard(parser: Parser, data: bytes) -> None:
    steer, stream = steered(data)
    for number, part in enumerate(pieces(stream, 1 + steer)):
        parser.feed((steer + (number if steer & 64 else 0)) & 1, part)
    parser.gap(steer & 1, 5)
    parser.end(0)
    parser.end(1)
    for transaction in parser.transactions:
        transaction.event()
        for name in BUFFERS:
            for direction in (0, 1):
                assert all(isinstance(found, bytes) for found in transaction.buffer(name, direction))


@target("ids.http", *_HTTP, weight=30)
def http(data: bytes) -> None:
    """Both directions of a connection, in pieces."""
    _heard(HttpParser(Counter()), data)


@target("ids.dns", b"\x00" + _UDP[8:], b"\x40\x00\x1b" + _UDP[8:], weight=20)
def dns(data: bytes) -> None:
    """Datagrams, or a stream of messages."""
    _heard(DnsParser(Counter(), stream=bool(data[:1]) and data[0] >= 64), data)


@target("ids.tls", *_TLS, weight=20)
def tls(data: bytes) -> None:
    """Records of both sides."""
    _heard(TlsParser(Counter()), data)
