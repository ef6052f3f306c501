"""Tokens, enrolment, passwords and revocation on a data directory."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from outrider.model.errors import LocalError, UserError
from outrider.protocols.uplink import EnrolAnswer, EnrolRequest, JoinToken, Reason, Refusal, TokenRequest
from outrider.server import admin
from outrider.server.adapters.sqlite.database import Database
from outrider.server.adapters.sqlite.users import Session
from outrider.server.clock import wall
from outrider.server.control import Control
from outrider.server.pki.authority import Authority

SECOND = 10**9
DAY = datetime.timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.ns = 1_800_000_000 * SECOND

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def control(tmp_path: Path, clock: Clock) -> Iterator[Control]:
    control = Control(tmp_path, clock)
    yield control
    control.close()


def request_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def enrol(control: Control, token: object, name: str = "web", csr: str = "") -> EnrolAnswer:
    return control.enrol(EnrolRequest(str(token), csr or request_pem(), name, "task"), "10.0.0.9", 30, "https://s")


def refused(control: Control, token: object, name: str = "web", csr: str = "") -> Reason:
    with pytest.raises(Refusal) as caught:
        enrol(control, token, name, csr)
    return caught.value.reason


def test_a_token_is_for_so_many_hosts_and_so_long(control: Control, clock: Clock) -> None:
    token = control.create_token("me", 60, uses=2, name_prefix="we")
    answer = enrol(control, token)
    assert control.hosts.get(answer.host_id)
    assert refused(control, token, name="db") is Reason.NAME_NOT_ALLOWED
    clock.ns += 59 * SECOND
    enrol(control, token, name="web-2")
    assert refused(control, token) is Reason.TOKEN_USED
    late = control.create_token("me", 60)
    clock.ns += 60 * SECOND
    assert refused(control, late) is Reason.TOKEN_EXPIRED


def test_a_refused_request_does_not_use_the_token_up(control: Control) -> None:
    token = control.create_token("me", 60)
    assert refused(control, token, csr="nonsense") is Reason.REQUEST_INVALID
    big = rsa.generate_private_key(65537, 2048)
    assert refused(control, token, csr=request_pem(big)) is Reason.REQUEST_INVALID
    assert refused(control, token, csr=request_pem(ec.generate_private_key(ec.SECP384R1()))) is Reason.REQUEST_INVALID
    assert enrol(control, token).host_id
    assert [entry.what for entry in control.audit.newest(2)] == ["host enrolled", "enrolment refused"]


def test_asking_about_a_token_does_not_use_it(control: Control, clock: Clock) -> None:
    token = control.create_token("me", 60, uses=2, name_prefix="we")
    ask = TokenRequest(str(token), "web")
    assert [control.examine_token(ask, "10.0.0.1").uses_left for _ in range(3)] == [2, 2, 2]
    enrol(control, token)
    assert control.examine_token(ask, "10.0.0.1").uses_left == 1
    enrol(control, token)
    for request, reason in (
        (ask, Reason.TOKEN_USED),
        (TokenRequest(str(token)[:-1], "web"), Reason.TOKEN_MALFORMED),
        (TokenRequest(str(JoinToken(token.id, token.secret, "A" * 43)), "web"), Reason.TOKEN_UNKNOWN),
        (TokenRequest(str(JoinToken(token.id, "A" * 32, token.pin)), "web"), Reason.TOKEN_UNKNOWN),
    ):
        with pytest.raises(Refusal) as caught:
            control.examine_token(request, "10.0.0.1")
        assert caught.value.reason is reason
        assert control.audit.newest(1)[0].what == "token refused"


def test_a_wrong_secret_is_an_unknown_token(control: Control) -> None:
    token = control.create_token("me", 60)
    other = JoinToken(token.id, "A" * 32, token.pin)
    assert refused(control, other) is Reason.TOKEN_UNKNOWN
    assert refused(control, JoinToken("zzzzzzzz", token.secret, token.pin)) is Reason.TOKEN_UNKNOWN
    assert refused(control, JoinToken(token.id, token.secret, "A" * 43)) is Reason.TOKEN_UNKNOWN


def test_secrets_are_not_in_the_database(control: Control, tmp_path: Path) -> None:
    token, api = control.create_token("me", 60), control.create_api_token("me", "robot")
    password = control.reset_password("me", "admin")
    control.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = (tmp_path / "control.sqlite").read_bytes()
    for secret in (token.secret, api, api.removeprefix("orapi1."), password):
        assert secret.encode() not in stored
    assert token.id.encode() in stored


def test_the_certificate_is_for_the_agents_key_and_the_given_name(control: Control) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    answer = enrol(control, control.create_token("me", 60), csr=request_pem(key))
    certificate = x509.load_pem_x509_certificate(answer.certificate_pem.encode())
    authority = x509.load_pem_x509_certificate(answer.ca_pem.encode())
    certificate.verify_directly_issued_by(authority)
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.rfc4514_string() == f"CN={answer.host_id}"
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_passwords_sessions_and_api_tokens(control: Control, clock: Clock) -> None:
    users = control.users
    assert not users.any()
    password = control.reset_password("start", "admin")
    assert users.any()
    assert users.check_password("admin", password)
    assert not users.check_password("admin", "wrong")
    assert not users.check_password("nobody", password)
    users.start_session("cookie", Session("admin", "csrf", clock.ns + SECOND), clock.ns)
    assert users.session("cookie", clock.ns)
    assert users.session("other", clock.ns) is None
    assert users.session("cookie", clock.ns + SECOND) is None
    control.reset_password("me", "admin")
    assert users.session("cookie", clock.ns) is None
    assert users.api_token(control.create_api_token("me", "robot")) == "robot"
    assert users.api_token("orapi1.wrong") is None
    second = control.create_api_token("me", "robot")
    assert [token.name for token in users.api_tokens()] == ["robot", "robot"]
    assert control.revoke_api_tokens("me", "robot") == 2
    assert users.api_token(second) is None


def test_commands_work_beside_a_server(control: Control, clock: Clock, tmp_path: Path) -> None:
    clock.ns = wall()
    text = admin.create_token(tmp_path, uses=3)
    answer = enrol(control, text)
    ((row, state),) = admin.list_tokens(tmp_path)
    assert (row.used, row.uses, state) == (1, 3, "valid")
    admin.revoke_token(tmp_path, row.id)
    assert refused(control, text) is Reason.TOKEN_REVOKED
    with pytest.raises(UserError, match="no valid token"):
        admin.revoke_token(tmp_path, row.id)
    assert [host.id for host in admin.list_hosts(tmp_path)] == [answer.host_id]
    admin.revoke_host(tmp_path, answer.host_id)
    assert control.hosts.standing(answer.host_id)
    with pytest.raises(UserError, match="no host"):
        admin.revoke_host(tmp_path, "nope")
    assert control.users.check_password("admin", admin.reset_password(tmp_path))
    newest = [entry.what for entry in admin.list_audit(tmp_path, 3)]
    assert newest == ["password set", "host revoked", "enrolment refused"]


def test_a_directory_without_a_server_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--data DIR"):
        admin.list_tokens(tmp_path / "empty")


def test_a_database_of_a_newer_server_is_refused(control: Control, tmp_path: Path) -> None:
    control.database.connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LocalError, match="newer Outrider"):
        Database(tmp_path / "control.sqlite")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"not a database" * 100)
    with pytest.raises(LocalError, match="cannot use"):
        Database(tmp_path / "x")


def test_a_transaction_is_all_or_nothing(control: Control) -> None:
    def interrupted() -> None:
        with control.database.transaction():
            control.note("me", "tried")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert control.audit.newest() == []


def test_the_server_certificate_is_renewed_in_time_and_for_new_names(tmp_path: Path, clock: Clock) -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    authority = Authority(tmp_path, now)
    pin = authority.pin
    assert authority.ensure_server_certificate(["localhost", "127.0.0.1"], now)
    assert not authority.ensure_server_certificate(["localhost"], now + 59 * DAY)
    assert authority.ensure_server_certificate(["localhost"], now + 61 * DAY)
    assert authority.ensure_server_certificate(["localhost", "logs.example"], now + 61 * DAY)
    (tmp_path / "server.key").write_bytes(b"damaged")
    assert authority.ensure_server_certificate(["localhost"], now + 61 * DAY)
    assert Authority(tmp_path, now).pin == pin


def test_a_foreign_authority_key_is_refused(tmp_path: Path) -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    Authority(tmp_path / "a", now)
    Authority(tmp_path / "b", now)
    (tmp_path / "a" / "ca.key").write_bytes((tmp_path / "b" / "ca.key").read_bytes())
    with pytest.raises(LocalError, match="is not the key of"):
        Authority(tmp_path / "a", now)
    (tmp_path / "a" / "ca.key").unlink()
    with pytest.raises(LocalError, match="cannot use"):
        Authority(tmp_path / "a", now)
