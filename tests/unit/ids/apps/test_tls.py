from __future__ import annotations

import datetime
import struct
from collections import Counter

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ids.craft import conversation
from tests.unit.ids.test_engine import alerts

from outrider.ids.apps.tls.fingerprints import ja4
from outrider.ids.apps.tls.hello import client
from outrider.ids.apps.tls.parser import TlsParser
from outrider.ids.apps.tls.transaction import TlsTransaction
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER


def sized(data: bytes, size: int = 2) -> bytes:
    return len(data).to_bytes(size, "big") + data


def extension(kind: int, body: bytes) -> bytes:
    return struct.pack(">H", kind) + sized(body)


def hello(name: str = "www.example.com", *more: bytes) -> bytes:
    """The body of a ClientHello with a name that keeps others tolerant among ciphers and extensions."""
    ciphers = struct.pack(">HHH", 0x0A0A, 0x1301, 0xC02F)
    names = extension(0, sized(b"\0" + sized(name.encode())))
    others = extension(0x1A1A, b"") + extension(16, sized(sized(b"h2", 1))) + extension(10, sized(b"\0\x1d"))
    others += extension(13, sized(b"\4\3")) + b"".join(more)
    return b"\3\3" + bytes(range(32)) + b"\0" + sized(ciphers) + b"\1\0" + sized(names + others)


def server_hello(*more: bytes) -> bytes:
    return b"\3\3" + bytes(32) + b"\0" + b"\xc0\x2f\0" + sized(b"".join(more))


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + sized(body, 3)


def records(data: bytes, size: int = 16_000, kind: int = 22) -> bytes:
    return b"".join(bytes([kind]) + b"\3\1" + sized(data[at : at + size]) for at in range(0, len(data), size))


def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"), x509.NameAttribute(NameOID.COMMON_NAME, "a, b")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(0x97E6)
        .not_valid_before(datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2051, 1, 2, 3, 4, 5, tzinfo=datetime.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("one.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


CERTIFICATE = certificate()
CLIENT = message(1, hello())
SERVER = message(2, server_hello(extension(16, sized(sized(b"h2", 1))))) + message(11, sized(sized(CERTIFICATE, 3), 3))


def heard(size: int = 16_000, step: int = 1 << 20) -> TlsTransaction:
    parser = TlsParser(Counter())
    for direction, data in ((TO_SERVER, records(CLIENT, size)), (TO_CLIENT, records(SERVER, size))):
        for at in range(0, len(data), step):
            parser.feed(direction, data[at : at + step])
    parser.end(TO_SERVER)
    parser.end(TO_CLIENT)
    return parser.transactions[0]


def test_what_is_said_before_it_is_encrypted() -> None:
    told = heard().event()
    assert (told["sni"], told["version"]) == ("www.example.com", "TLS 1.2")
    assert (told["subject"], told["serial"]) == ("C=FR, CN=a, b", "00:97:E6")
    assert (told["notbefore"], told["notafter"]) == ("2024-01-02T03:04:05", "2051-01-02T03:04:05")
    assert told["subjectaltname"] == ["one.example"]
    assert told["ja3"]["string"] == "771,4865-49199,0-16-10-13,29,"
    assert told["ja3s"]["string"] == "771,49199,16"
    assert (told["client_alpns"], told["server_alpns"]) == (["h2"], ["h2"])


@given(st.integers(1, 900), st.integers(1, 900))
def test_however_it_is_cut_it_says_the_same(size: int, step: int) -> None:
    assert heard(size, step).event() == heard().event()


def test_the_version_of_the_extension_counts() -> None:
    offered = extension(43, sized(b"\3\4\3\3", 1))
    told = client(hello("a", offered))
    assert told.version == 0x0304
    assert ja4(told).startswith("t13d0205h2_")


def test_rules_look_into_hellos_and_certificates() -> None:
    rules = (
        'alert tls any any -> any any (tls.sni; content:"example.com"; endswith; sid:1;)\n'
        'alert tls any any -> any any (ja3.string; content:"771,"; startswith; sid:2;)\n'
        "alert tls any any -> any any (tls.version:1.2; flow:to_server; sid:3;)\n"
        'alert tls any any -> any any (tls.sni; content:"other"; sid:4;)\n'
    )
    assert sorted(alerts(rules, conversation([(0, records(CLIENT, 40))]))) == [1, 2, 3]


@given(st.lists(st.tuples(st.sampled_from([TO_SERVER, TO_CLIENT]), st.binary(max_size=120)), max_size=6))
def test_garbage_is_no_fault(told: list[tuple[int, bytes]]) -> None:
    for begin in (b"", b"\x16\3\1\0\x40\1\0\0\x3c\3\3"):
        parser = TlsParser(Counter())
        for direction, data in told:
            parser.feed(direction, begin + data)
        parser.transactions[0].event()


@given(st.sampled_from([records(CLIENT), records(SERVER)]), st.data())
def test_damaged_messages_are_no_fault(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    parser = TlsParser(Counter())
    for direction in (TO_SERVER, TO_CLIENT):
        parser.feed(direction, data[:at] + draw.draw(st.binary(max_size=3)) + data[at + 1 :])
    parser.transactions[0].event()
