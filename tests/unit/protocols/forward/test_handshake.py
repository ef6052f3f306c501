"""HELO, PING and PONG between both of our sides, and against digests computed by hand."""

from __future__ import annotations

import hashlib
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.msgpack import decode
from outrider.protocols.forward.handshake import Secrets, check_ping, check_pong, helo, ping
from outrider.protocols.forward.session import Block, ForwardSession, Refuse, Reply

NONCE, AUTH, SALT = b"n" * 16, b"a" * 16, b"s" * 16
MESSAGE: bytes = msgpack.packb(["app", 1, {"n": 1}])


def talk(
    server: Secrets, *, key: bytes, hostname: str = "client", user: str = "", password: str = ""
) -> tuple[str, list[Any]]:
    """What the client finds wrong, and the server's events."""
    session = ForwardSession(secrets=server, nonce=NONCE, auth=AUTH)
    greeting = decode(session.greeting())
    sent, nonce = ping(greeting, hostname=hostname, shared_key=key, salt=SALT, username=user, password=password)
    events: list[Any] = []
    for byte in sent:
        events += session.feed(bytes([byte]))
    answers = b"".join(event.data for event in events if isinstance(event, Reply))
    pong = decode(answers) if answers else None
    events += session.feed(MESSAGE)
    return check_pong(pong, nonce=nonce, salt=SALT, shared_key=key, hostname=hostname), events


@pytest.mark.parametrize(("users", "user", "password"), [({}, "", ""), ({"bob": "pass"}, "bob", "pass")])
def test_both_sides_agree(users: dict[str, str], user: str, password: str) -> None:
    fault, events = talk(Secrets(b"key", "server", users), key=b"key", user=user, password=password)
    assert fault == ""
    assert [type(event) for event in events] == [Reply, Block]


@pytest.mark.parametrize(
    ("arguments", "fault", "reason"),
    [
        ({"key": b"wrong"}, "expected PONG", "shared key mismatch"),
        ({"key": b"key", "user": "bob", "password": "x"}, "refused: username", "username/password mismatch"),
        ({"key": b"key", "user": "eve", "password": ""}, "refused: username", "username/password mismatch"),
        ({"key": b"key"}, "refused: username", "username/password mismatch"),
    ],
)
def test_wrong_secrets(arguments: dict[str, Any], fault: str, reason: str) -> None:
    found, events = talk(Secrets(b"key", "server", {"bob": "pass"}), **arguments)
    assert fault in found
    assert [event.reason for event in events if isinstance(event, Refuse)] == [reason]
    assert not any(isinstance(event, Block) for event in events)


def test_a_peer_that_echoes_our_proof_is_found_out() -> None:
    """The proofs of both sides are alike where their host names are: such a peer has not shown that it has the key."""
    found, _ = talk(Secrets(b"key", "same", {}), key=b"key", hostname="same")
    assert "own host name" in found


def test_digests_by_hand() -> None:
    greeting = decode(helo(NONCE, AUTH))
    assert greeting == ["HELO", {"nonce": NONCE, "auth": AUTH, "keepalive": True}]
    sent, nonce = ping(greeting, hostname="c", shared_key=b"k", salt=SALT, username="u", password="p")
    assert nonce == NONCE
    assert decode(sent) == [
        "PING",
        "c",
        SALT,
        hashlib.sha512(SALT + b"c" + NONCE + b"k").hexdigest(),
        "u",
        hashlib.sha512(AUTH + b"u" + b"p").hexdigest(),
    ]


def test_a_server_without_the_key_is_found_out() -> None:
    pong = ["PONG", True, "", "server", hashlib.sha512(SALT + b"server" + NONCE + b"guess").hexdigest()]
    assert "does not know the shared key" in check_pong(
        pong, nonce=NONCE, salt=SALT, shared_key=b"key", hostname="client"
    )


def test_secrets_do_not_print() -> None:
    assert "very secret" not in repr(Secrets(b"very secret", "server", {"bob": "very secret"}))


odd: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.binary(max_size=4), st.just("PING")),
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=8,
)


@given(odd)
def test_odd_messages_are_refused_not_raised(message: Any) -> None:
    reply, reason = check_ping(message, Secrets(b"key", "server", {"bob": "x"}), NONCE, AUTH)
    assert reason
    assert reply == b"" or decode(reply)[1] is False
    assert check_pong(message, nonce=NONCE, salt=SALT, shared_key=b"key", hostname="client")
    try:
        ping(message, hostname="c", shared_key=b"k", salt=SALT)
    except ValueError:
        return
    assert message[0] == "HELO"


@given(st.binary(max_size=30))
def test_garbage_before_the_handshake_is_refused(data: bytes) -> None:
    session = ForwardSession(secrets=Secrets(b"key", "server", {}), nonce=NONCE, auth=AUTH)
    events = [event for byte in data + MESSAGE for event in session.feed(bytes([byte]))]
    assert not any(isinstance(event, Block) for event in events)
