"""Commands on a data directory, also while a server works on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from outrider.model.errors import UserError
from outrider.server.adapters.sqlite.audit import AuditEntry
from outrider.server.adapters.sqlite.tokens import TokenRow
from outrider.server.adapters.sqlite.users import ApiToken
from outrider.server.clock import wall
from outrider.server.control import Control
from outrider.server.domain.durations import parse_span
from outrider.server.domain.hosts import Host, State, judge

_WHO = "command line"
_BEAT_SECONDS = 30
"""As a server has it that was not told otherwise."""


def create_token(data: Path, *, ttl: str = "24h", uses: int = 1, host_name_prefix: str = "") -> str:
    """A new join token's text. Raises ``UserError``."""
    seconds = parse_span(ttl)
    with _control(data, create=True) as control:
        return str(control.create_token(_WHO, seconds, uses, host_name_prefix))


def list_tokens(data: Path) -> list[tuple[TokenRow, str]]:
    """Every join token with its state, newest first."""
    with _control(data) as control:
        now = control.clock()
        return [(row, row.state(now)) for row in control.tokens.all()]


def revoke_token(data: Path, token_id: str) -> None:
    """Refuse this join token from now on. Raises ``UserError`` where there is no such token."""
    with _control(data) as control:
        if not control.revoke_token(_WHO, token_id):
            known = [row.id for row in control.tokens.all() if not row.revoked_ns]
            raise UserError(f"there is no valid token '{token_id}'", found=token_id, allowed=known)


def list_hosts(data: Path) -> list[Host]:
    """Every enrolled host that was not forgotten."""
    with _control(data) as control:
        return [host for host in control.hosts.all() if not host.forgotten_ns]


def forget_host(data: Path, id_or_name: str) -> Host:
    """Leave this host out of lists; its records stay. Raises ``UserError`` if it is online or not exactly one."""
    with _control(data) as control:
        hosts = [host for host in control.hosts.all() if not host.forgotten_ns]
        found = [host for host in hosts if id_or_name in (host.id, host.name)]
        if len(found) > 1:
            ids = [host.id for host in found]
            raise UserError(f"{len(found)} hosts are called '{id_or_name}'", allowed=ids, fix="name one by its id")
        if not found:
            raise UserError(f"there is no host '{id_or_name}'", found=id_or_name, allowed=[host.name for host in hosts])
        if judge(found[0], 0, control.clock(), _BEAT_SECONDS).state is not State.OFFLINE:
            raise UserError(
                f"the host '{id_or_name}' is online; its agent would be refused",
                fix=f"stop its agent first, or revoke it: outrider server host revoke {found[0].id}",
            )
        control.forget_host(_WHO, found[0])
        return found[0]


def revoke_host(data: Path, host_id: str) -> None:
    """Refuse this host from now on. Raises ``UserError`` where there is no such host."""
    with _control(data) as control:
        if not control.revoke_host(_WHO, host_id):
            known = [host.id for host in control.hosts.all() if not host.revoked_ns]
            raise UserError(f"there is no host '{host_id}' that is not revoked", found=host_id, allowed=known)


def reset_password(data: Path, user: str = "admin", *, create: bool = False) -> str:
    """A new password for the user, whose sessions end. Raises ``UserError`` for a user who is not there.

    ``create``: a new user, who may do everything. The first one, ``admin``, needs no such word.
    """
    with _control(data, create=True) as control:
        names = [name for name, _ in control.users.names()]
        first = not names and user == "admin"
        if user not in names and not create and not first:
            raise UserError(
                f"there is no user '{user}'", found=user, allowed=names, fix="--create makes a new administrator"
            )
        if not user or not user.isprintable() or user != user.strip():
            raise UserError(f"'{user}' cannot be a user's name", fix="use printable characters without spaces around")
        return control.reset_password(_WHO, user)


def list_users(data: Path) -> list[tuple[str, int]]:
    """Every user and when the password was set, in ns."""
    with _control(data) as control:
        return control.users.names()


def delete_user(data: Path, user: str) -> None:
    """Forget the user, whose sessions end. Raises ``UserError`` for one who is not there or is the last one."""
    with _control(data) as control:
        names = [name for name, _ in control.users.names()]
        if user not in names:
            raise UserError(f"there is no user '{user}'", found=user, allowed=names)
        if names == [user]:
            raise UserError(
                f"'{user}' is the last user",
                fix="make another first: outrider server password --user NAME --create",
            )
        control.delete_user(_WHO, user)


def create_api_token(data: Path, name: str) -> str:
    """A new token for programs."""
    with _control(data, create=True) as control:
        return control.create_api_token(_WHO, name)


def list_audit(data: Path, limit: int) -> list[AuditEntry]:
    """Who did what, newest first."""
    with _control(data) as control:
        return control.audit.newest(limit)


def list_api_tokens(data: Path) -> list[ApiToken]:
    """Every API token that was not revoked, newest first."""
    with _control(data) as control:
        return control.users.api_tokens()


def revoke_api_token(data: Path, id_or_name: str) -> None:
    """Refuse the API tokens with this id or name. Raises ``UserError`` where there are none."""
    with _control(data) as control:
        if not control.revoke_api_tokens(_WHO, id_or_name):
            known = [token.id for token in control.users.api_tokens()]
            raise UserError(f"there is no API token '{id_or_name}'", found=id_or_name, allowed=known)


@contextlib.contextmanager
def _control(data: Path, *, create: bool = False) -> Iterator[Control]:
    if not create and not (data / "control.sqlite").exists():
        raise UserError(
            f"there is no server's data in {data}", fix="name the directory that the server prints at start: --data DIR"
        )
    control = Control(data, wall)
    try:
        yield control
    finally:
        control.close()
