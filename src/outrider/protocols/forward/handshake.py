"""HELO, PING, PONG: a shared key (and users) proved by SHA-512 digests, never sent."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from outrider.formats import msgpack


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a receiver asks of its senders. ``shared_key`` may be empty; ``users`` maps names to passwords."""

    shared_key: bytes = field(repr=False)
    hostname: str
    users: Mapping[str, str] = field(default_factory=dict, repr=False)


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return value if isinstance(value, bytes) else b""


def _digest(*parts: bytes) -> str:
    return hashlib.sha512(b"".join(parts)).hexdigest()


def key_digest(salt: bytes, hostname: str, nonce: bytes, shared_key: bytes) -> str:
    """The proof of the shared key: hex SHA-512 of salt, the prover's host name, nonce and key."""
    return _digest(salt, hostname.encode(), nonce, shared_key)


def helo(nonce: bytes, auth: bytes) -> bytes:
    """The receiver's greeting; ``auth`` is empty where no user is asked for."""
    return msgpack.encode(["HELO", {"nonce": nonce, "auth": auth, "keepalive": True}])


def check_ping(message: Any, secrets: Secrets, nonce: bytes, auth: bytes) -> tuple[bytes, str]:
    """The answer to a sender's PING, and why it is refused (empty where it is welcome).

    A wrong shared key is answered with nothing, as Fluent Bit does.
    """
    if not (isinstance(message, list) and len(message) >= 4 and message[0] == "PING"):
        return b"", "expected PING"
    client, salt, digest = (_bytes(part) for part in message[1:4])
    expected = _digest(salt, client, nonce, secrets.shared_key)
    if not hmac.compare_digest(expected.encode(), digest):
        return b"", "shared key mismatch"
    if secrets.users:
        user, proof = (_bytes(part) for part in [*message[4:6], "", ""][:2])
        password = secrets.users.get(user.decode("utf-8", "replace"), "")
        right = hmac.compare_digest(_digest(auth, user, password.encode()).encode(), proof)
        if not right or user.decode("utf-8", "replace") not in secrets.users:
            reason = "username/password mismatch"
            return msgpack.encode(["PONG", False, reason, "", ""]), reason
    proof_text = key_digest(salt, secrets.hostname, nonce, secrets.shared_key)
    return msgpack.encode(["PONG", True, "", secrets.hostname, proof_text]), ""


def ping(
    helo_message: Any, *, hostname: str, shared_key: bytes, salt: bytes, username: str = "", password: str = ""
) -> tuple[bytes, bytes]:
    """A sender's PING for the HELO that it got, and the nonce to check the PONG with. Raises ValueError."""
    if not (isinstance(helo_message, list) and len(helo_message) == 2 and helo_message[0] == "HELO"):
        raise ValueError("expected HELO")
    options = helo_message[1] if isinstance(helo_message[1], dict) else {}
    nonce, auth = _bytes(options.get("nonce")), _bytes(options.get("auth"))
    proof = _digest(auth, username.encode(), password.encode()) if auth else ""
    message = ["PING", hostname, salt, key_digest(salt, hostname, nonce, shared_key), username if auth else "", proof]
    return msgpack.encode(message), nonce


def check_pong(message: Any, *, nonce: bytes, salt: bytes, shared_key: bytes, hostname: str) -> str:
    """Why the receiver's PONG is not good; empty where it is."""
    if not (isinstance(message, list) and len(message) == 5 and message[0] == "PONG"):
        return "expected PONG"
    if message[1] is not True:
        return f"refused: {message[2]}"
    server = message[3] if isinstance(message[3], str) else ""
    if server == hostname:
        return "the peer has our own host name"
    if not hmac.compare_digest(key_digest(salt, server, nonce, shared_key).encode(), _bytes(message[4])):
        return "the peer does not know the shared key"
    return ""
