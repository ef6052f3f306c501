"""The join token: ``orj1.<id>.<secret>.<pin>``.

``id`` names the token in the server's list, ``secret`` proves that the bearer was given it (the server keeps only its
hash), ``pin`` is the SHA-256 of the server's CA certificate: with the token alone an agent knows whom to trust.
"""

from __future__ import annotations

import base64
import hashlib
import re

import msgspec

from outrider.protocols.uplink.reasons import Reason, Refusal

PREFIX = "orj1"
_SHAPE = re.compile(r"orj1\.([0-9a-z]{4,32})\.([A-Za-z0-9_-]{22,86})\.([A-Za-z0-9_-]{43})")
_EXAMPLE = "orj1.<id>.<secret>.<pin>"


class JoinToken(msgspec.Struct, frozen=True):
    """A parsed token. ``id``: 4 to 32 of ``0-9a-z``; ``secret``: 128 bits or more and ``pin``: 32 bytes, base64url."""

    id: str
    secret: str
    pin: str

    def __str__(self) -> str:
        """The text that an operator copies."""
        return f"{PREFIX}.{self.id}.{self.secret}.{self.pin}"

    def __repr__(self) -> str:
        """Never the secret: this is what ends up in logs."""
        return f"JoinToken({self.id})"

    @classmethod
    def parse(cls, text: str) -> JoinToken:
        """Read a token; blanks around it are ignored. Raises ``Refusal`` (``token_malformed``) without the secret."""
        text = text.strip()
        found = _SHAPE.fullmatch(text)
        if found is None:
            raise Refusal(
                Reason.TOKEN_MALFORMED,
                _fault(text),
                "copy the whole token; 'outrider server token create' makes a new one",
            )
        return cls(*found.groups())


def _fault(text: str) -> str:
    parts = text.split(".")
    if not text:
        return f"the join token is empty; expected {_EXAMPLE}"
    if parts[0] != PREFIX:
        return f"the join token does not begin with '{PREFIX}.'; expected {_EXAMPLE}"
    if len(parts) != 4:
        return f"the join token has {len(parts)} parts between dots, not 4; expected {_EXAMPLE}"
    return f"the join token has a part of the wrong length or with foreign characters; expected {_EXAMPLE}"


def certificate_pin(der: bytes) -> str:
    """The pin of a certificate in DER form: base64url of its SHA-256, without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")


def hash_secret(secret: str) -> bytes:
    """What the server keeps of a secret. The secret is random with 128 bits or more, so one SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()
