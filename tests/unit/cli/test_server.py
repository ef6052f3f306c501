"""``outrider server`` and its commands, without starting one."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from outrider.cli import server
from outrider.model.errors import UserError
from outrider.server.clock import wall
from outrider.server.control import Control


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    server.register(app)
    return app


def run(app: typer.Typer, data: Path, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["server", *arguments, "--data", str(data)])
    if isinstance(done.exception, UserError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def test_tokens(app: typer.Typer, tmp_path: Path) -> None:
    text = run(app, tmp_path, "token", "create", "--ttl", "1h", "--uses", "2", "--host-name-prefix", "web-")
    token_id = text.split(".")[1]
    listed = run(app, tmp_path, "token", "list")
    assert token_id in listed
    assert "valid" in listed
    assert "0/2" in listed
    assert "web-*" in listed
    assert text.split(".")[2] not in listed
    run(app, tmp_path, "token", "revoke", token_id)
    assert "revoked" in run(app, tmp_path, "token", "list")
    with pytest.raises(UserError, match="no valid token"):
        run(app, tmp_path, "token", "revoke", token_id)
    assert f"token revoked {token_id}" in run(app, tmp_path, "audit")


def test_api_tokens_and_passwords(app: typer.Typer, tmp_path: Path) -> None:
    secret = run(app, tmp_path, "api-token", "create", "robot")
    assert "robot" in run(app, tmp_path, "api-token", "list")
    run(app, tmp_path, "api-token", "revoke", "robot")
    assert "robot" not in run(app, tmp_path, "api-token", "list")
    password = run(app, tmp_path, "password")
    control = Control(tmp_path, wall)
    assert control.users.api_token(secret) is None
    assert control.users.check_password("admin", password)
    control.close()


def test_what_a_token_is_good_for_is_said_beside_it(app: typer.Typer, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["server", "token", "create", "--data", str(tmp_path)])
    assert re.search(r"^for 1 agent, until \d{4}-\d\d-\d\d \d\d:\d\d UTC$", done.stderr, re.MULTILINE)
    assert "--uses 1000" in done.stderr
    assert len(done.stdout.split()) == 1
    many = CliRunner().invoke(app, ["server", "token", "create", "--uses", "2000", "--data", str(tmp_path)])
    assert "for 2,000 agents" in many.stderr
    assert "--uses" not in many.stderr


def test_users(app: typer.Typer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no user 'bob'"):
        run(app, tmp_path, "password", "--user", "bob")
    run(app, tmp_path, "password")
    with pytest.raises(UserError, match="allowed: admin; fix: --create"):
        run(app, tmp_path, "password", "--user", "bob")
    run(app, tmp_path, "password", "--user", "bob", "--create")
    run(app, tmp_path, "password", "--user", "bob")
    assert [line.split()[-1] for line in run(app, tmp_path, "user", "list").splitlines()[1:]] == ["admin", "bob"]
    with pytest.raises(UserError, match="there is no user 'rob'; did you mean 'bob'"):
        run(app, tmp_path, "user", "delete", "rob")
    run(app, tmp_path, "user", "delete", "bob")
    with pytest.raises(UserError, match="'admin' is the last user"):
        run(app, tmp_path, "user", "delete", "admin")
    assert "user deleted bob" in run(app, tmp_path, "audit")


@pytest.mark.parametrize("name", ["", " bob", "b\x1bob"])
def test_a_users_name_can_be_typed(app: typer.Typer, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be a user's name"):
        run(app, tmp_path, "password", "--user", name, "--create")


@pytest.mark.parametrize(
    ("listen", "ingest"),
    [
        ("127.0.0.1:9", "127.0.0.1:9"),
        ("localhost:9", "127.0.0.1:9"),
        ("0.0.0.0:9", "127.0.0.1:9"),
        ("[::1]:9", "[::]:9"),
    ],
)
def test_people_and_agents_have_ports_of_their_own(app: typer.Typer, tmp_path: Path, listen: str, ingest: str) -> None:
    with pytest.raises(UserError, match=r"are the same port; fix: give each its own, as in --ingest .*:10"):
        run(app, tmp_path, "run", "--listen", listen, "--ingest", ingest)


def test_a_server_without_its_parts_says_how_to_get_them(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "chdb", None)
    for command in (["run"], ["token", "list"]):
        said = r"not installed \(chdb\); fix: install outrider with its extra: pip install '\.\[server\]'"
        with pytest.raises(UserError, match=said):
            run(app, tmp_path, *command)


def test_names_of_others_do_not_steer_the_terminal(app: typer.Typer, tmp_path: Path) -> None:
    control = Control(tmp_path, wall)
    control.note("10.0.0.1", "login refused", "\x1b[2J\x9b31mroot")
    control.close()
    listed = run(app, tmp_path, "audit")
    assert "root" in listed
    assert listed.isprintable()


def test_plain_http_is_for_loopback_only(app: typer.Typer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="in the clear"):
        run(app, tmp_path, "run", "--http", "--listen", "0.0.0.0:0")
    with pytest.raises(UserError, match="--ingest 'x' is not an address"):
        run(app, tmp_path, "run", "--ingest", "x")
