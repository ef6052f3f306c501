"""The data directory's control side: authority, hosts, tokens, users and audit, opened together.

Used by the running server and, at the same time, by the commands of ``admin``: SQLite keeps them apart.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from outrider.model.errors import UserError
from outrider.protocols.uplink import EnrolAnswer, EnrolRequest, JoinToken, Reason, Refusal, TokenAnswer, TokenRequest
from outrider.server.adapters.sqlite.audit import AuditEntry, AuditTrail
from outrider.server.adapters.sqlite.database import Database
from outrider.server.adapters.sqlite.hosts import HostTable
from outrider.server.adapters.sqlite.tokens import TokenRow, TokenTable
from outrider.server.adapters.sqlite.users import UserTable
from outrider.server.clock import Clock, moment
from outrider.server.domain.hosts import Host
from outrider.server.options import make_directory
from outrider.server.pki.authority import Authority

_TOKEN_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Control:
    """Everything that is decided rather than collected."""

    def __init__(self, data: Path, clock: Clock) -> None:
        """Open or create below ``data``. Raises ``UserError`` for the directory, ``LocalError`` for what is in it."""
        make_directory(data)
        self.clock = clock
        self.authority = Authority(data / "pki", moment(clock()))
        self.database = Database(data / "control.sqlite")
        self.hosts = HostTable(self.database)
        self.tokens = TokenTable(self.database)
        self.users = UserTable(self.database)
        self.audit = AuditTrail(self.database)

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def note(self, who: str, what: str, about: str = "", detail: str = "") -> None:
        """Add to the audit trail."""
        self.audit.add(AuditEntry(self.clock(), who, what, about, detail))

    def create_token(self, who: str, ttl_seconds: int, uses: int = 1, name_prefix: str = "") -> JoinToken:
        """A new join token; the only time that its secret is known here. Raises ``UserError``."""
        if not 1 <= uses <= 1_000_000:
            raise UserError(f"a token cannot be used {uses} times", fix="from 1 to 1,000,000")
        token = JoinToken(short_id(), secrets.token_urlsafe(24), self.authority.pin)
        now = self.clock()
        with self.database.transaction():
            row = TokenRow(token.id, now, who, now + ttl_seconds * 10**9, uses, 0, name_prefix, 0)
            self.tokens.add(row, token.secret)
            self.note(who, "token created", token.id, f"{uses} use(s), {ttl_seconds} s, names '{name_prefix}*'")
        return token

    def revoke_token(self, who: str, token_id: str) -> bool:
        """False where there is no such token or it was revoked before."""
        done = self.tokens.revoke(token_id, self.clock())
        if done:
            self.note(who, "token revoked", token_id)
        return done

    def revoke_host(self, who: str, host_id: str) -> bool:
        """False where there is no such host or it was revoked before."""
        done = self.hosts.revoke(host_id, self.clock())
        if done:
            self.note(who, "host revoked", host_id)
        return done

    def forget_host(self, who: str, host: Host) -> None:
        """Leave the host out of lists, and refuse its agent if it comes back; its records stay."""
        self.hosts.forget(host.id, self.clock())
        self.note(who, "host forgotten", host.id, host.name)

    def reset_password(self, who: str, user: str) -> str:
        """Give the user a new random password and end the user's sessions; returns it."""
        password = "-".join("".join(secrets.choice(_TOKEN_ALPHABET) for _ in range(5)) for _ in range(4))
        self.users.set_password(user, password, self.clock())
        self.note(who, "password set", user)
        return password

    def delete_user(self, who: str, user: str) -> None:
        """Forget the user; ends the user's sessions."""
        self.users.delete(user)
        self.note(who, "user deleted", user)

    def create_api_token(self, who: str, name: str) -> str:
        """A new token for programs, as the text behind ``Authorization: Bearer``. Several may have the same name."""
        secret = "orapi1." + secrets.token_urlsafe(32)
        self.users.add_api_token(short_id(), secret, name, self.clock())
        self.note(who, "api token created", name)
        return secret

    def revoke_api_tokens(self, who: str, id_or_name: str) -> int:
        """Refuse the API tokens with this id or name from now on; how many there were."""
        revoked = self.users.revoke_api_tokens(id_or_name, self.clock())
        if revoked:
            self.note(who, "api token revoked", id_or_name)
        return revoked

    def examine_token(self, request: TokenRequest, address: str) -> TokenAnswer:
        """Whether ``enrol`` would take the token now. Raises ``Refusal``, and the audit trail tells of that."""
        try:
            row = self.tokens.examine(self._own(request.token), request.name, self.clock())
        except Refusal as refusal:
            self.note(address, "token refused", request.name, f"{refusal.reason}: {refusal.message}")
            raise
        return TokenAnswer(row.uses - row.used)

    def _own(self, text: str) -> JoinToken:
        """A token of this server. Raises ``Refusal``."""
        token = JoinToken.parse(text)
        if token.pin != self.authority.pin:
            raise Refusal(Reason.TOKEN_UNKNOWN, "the join token is for another server", "check the server's address")
        return token

    def enrol(self, request: EnrolRequest, address: str, heartbeat_seconds: int, ingest_url: str) -> EnrolAnswer:
        """Give an agent its identity. Raises ``Refusal``; either way the audit trail tells of it."""
        now = self.clock()
        try:
            token = self._own(request.token)
            host_id = secrets.token_hex(16)
            with self.database.transaction():
                row = self.tokens.spend(token, request.name, now)
                certificate, serial = self.authority.sign_client(request.csr_pem, host_id, moment(now))
                host = Host(host_id, request.name, request.kind, now, request.version, address, request.labels)
                self.hosts.add(host, serial, row.id)
                self.note(
                    f"token {row.id}", "host enrolled", host_id, f"{request.kind} '{request.name}' from {address}"
                )
        except Refusal as refusal:
            self.note(address, "enrolment refused", request.name, f"{refusal.reason}: {refusal.message}")
            raise
        return EnrolAnswer(host_id, certificate, self.authority.ca_pem, heartbeat_seconds, ingest_url)


def short_id() -> str:
    """Eight characters to name a thing in lists; not a secret."""
    return "".join(secrets.choice(_TOKEN_ALPHABET) for _ in range(8))
